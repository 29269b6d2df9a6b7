/* passed_over.h - what a run finds but does not take, counted by reason, so that nothing is left
 * out silently: "5 passed over: 3 .bmp, 1 hidden, 1 repeated". */
#ifndef JOBS_PASSED_OVER_H
#define JOBS_PASSED_OVER_H

#include <stddef.h>
#include <stdint.h>

struct ndjson;

enum passed_reason {
    PASSED_ENDING,   /* its ending is not taken: passed_over_name counts these, by ending */
    PASSED_HIDDEN,   /* a name that begins with '.' */
    PASSED_SYSTEM,   /* what systems put beside photographs: @eaDir, lost+found, Thumbs.db */
    PASSED_EXCLUDED, /* --exclude */
    PASSED_OUTPUT,   /* this program's own output: overlays, folders of formats */
    PASSED_LINK,     /* a link to a folder or to a special file */
    PASSED_SPECIAL,  /* a socket, a pipe, a device */
    PASSED_DANGLING, /* a link in a tar that leads to no earlier member */
    PASSED_REPEATED, /* a line of a list, or a member of a tar, that was there before */
    PASSED_REASONS,
    PASSED_NOT = PASSED_REASONS /* the answer for a name that is taken */
};

/* Endings with a count of their own; others share one. */
enum { PASSED_ENDINGS = 32, PASSED_ENDING_SIZE = 16 };

struct passed_ending {
    char text[PASSED_ENDING_SIZE]; /* ".bmp", in lower case; "": without ending */
    uint64_t count;
};

/* All zeros is a valid empty one. A folder that is not entered counts once. */
struct passed_over {
    uint64_t counts[PASSED_REASONS];
    struct passed_ending endings[PASSED_ENDINGS]; /* [ending_count] */
    size_t ending_count;
};

/* Counts one name for any reason but PASSED_ENDING. */
void passed_over_add(struct passed_over *passed, enum passed_reason reason);

/* Counts a name whose ending is not taken. Only the last component matters. An ending of digits
 * alone (of a DICOM identifier, a frame) is none. */
void passed_over_name(struct passed_over *passed, const char *name);

/* Adds the counts of `more`. */
void passed_over_sum(struct passed_over *passed, const struct passed_over *more);

/* All that was passed over. */
uint64_t passed_over_total(const struct passed_over *passed);

enum { PASSED_TEXT_SIZE = 640 };

/* Writes "5 passed over: 3 .bmp, 1 hidden, 1 repeated", the most frequent endings first, or ""
 * if nothing was. */
void passed_over_text(const struct passed_over *passed, char text[PASSED_TEXT_SIZE]);

/* Appends the array `name` of {"reason":"ending","ending":".bmp","count":3} and
 * {"reason":"hidden","count":1}. The ending is "" for names without one, and missing for those
 * without a count of their own. */
void passed_over_json(const struct passed_over *passed, struct ndjson *line, const char *name);

/* Appends the members "passed_over", the total, and "passed_over_reasons", that array. */
void passed_over_members(const struct passed_over *passed, struct ndjson *line);

/* Reads an element of that array back: adds it to `passed`. `ending` may be NULL. An unknown reason
 * is ignored. */
void passed_over_read(struct passed_over *passed, const char *reason, const char *ending,
                      uint64_t count);

#endif
