/* ledger.h - the memory of a run: one line of NDJSON for each attempt at an image, append only.
 *
 * Each shard has a file of its own, RUN/.maskmill/ledger-<index>-of-<count>.ndjson, so no shard
 * waits for another. Lines:
 *
 *   {"event":"start","time":1767225600.125,"host":"n1","pid":7,
 *    "writer":"5f3a9c01.7.d41e88b2","shard":"0/4","images":2500}       ("images" where it is known)
 *   {"path":"a/b.jpg","status":"done","bytes":5120,"width":640,"height":480,"masks":31,
 *    "seconds":0.412,"worker":1,"time":1767225601.5}
 *   {"path":"a/c.jpg","status":"failed","error":"a/c.jpg: not an image","seconds":0.001,...}
 *   {"path":"b.tar","status":"read","seconds":0.000,...}
 *   {"event":"end","time":1767229200.5,"reason":"done"}
 *
 * The line of an image that lies in a tar has "tar" after its path: the key of that tar, which is
 * what decided the shard (ledger_line_name). A tar that is damaged has a "failed" line of its own;
 * "read" takes that back when it has been read to its end, and counts as no image. A name that is
 * not UTF-8 has U+FFFD in "path" for each bad byte and all its bytes in hexadecimal in "path_hex",
 * which counts; so with "tar". Every line is one write(2) with O_APPEND. A line torn by a crash or
 * a full disk is closed by a newline before the next one and ignored when read: its image is done
 * again. Of several lines for one image the one with the latest time counts.
 *
 * Order that makes a "done" line trustworthy after a power loss: the output is durable (file and
 * folder fsynced) before ledger_append is called. The ledger itself need not be: a lost line only
 * costs the work again.
 */
#ifndef JOBS_LEDGER_H
#define JOBS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct ledger;
struct ndjson;
struct shard;

#define LEDGER_FOLDER ".maskmill" /* below the run's folder; list.h never walks into it */

enum ledger_status {
    LEDGER_NONE,   /* never tried; of a line: "read", a tar without fault */
    LEDGER_DONE,   /* output written; check that it is there with this size */
    LEDGER_FAILED, /* tried, and the image (not the machine) is at fault */
    LEDGER_EVENT   /* reading only: the line is a start or an end */
};

struct ledger_line {
    enum ledger_status status;
    const char *key; /* bytes; NULL for events */
    const char *tar; /* key of the tar that the image lies in; NULL for none */
    uint64_t bytes;  /* of the output, as it must be found again; 0 where failed */
    uint32_t width;  /* pixels of the image, 0: not known */
    uint32_t height;
    uint32_t masks;
    double seconds; /* of work on this image */
    uint32_t worker;
    const char *error; /* one line; NULL unless failed */
    double time;       /* seconds since 1970 (UTC); 0 when appending: now */
    /* events only */
    const char *event;  /* "start" or "end" */
    const char *reason; /* of an end: "done", "failures", "stopped", "error" */
    const char *shard;  /* of a start: "0/4" */
    const char *host;   /* of a start */
    const char *writer; /* of a start: whose temporary files it makes (atomic_name.h) */
    uint64_t pid;
    uint64_t images; /* of a start: images of this shard, or IMAGES_UNKNOWN (unknown.h) */
};

/* Opens (creates) the ledger of a shard for appending; makes RUN/.maskmill where it is missing.
 * The caller sees to it that only one process writes a shard's ledger (lock.h).
 * Returns NULL with ERROR_IO or ERROR_MEMORY. */
struct ledger *ledger_open(const char *run, const struct shard *shard, struct error *error);

/* Appends one image's line. Any thread may call it; lines are never mixed. Returns 0, or -1 with
 * ERROR_IO: the line does not count then, and a later call may succeed. */
int ledger_append(struct ledger *ledger, const struct ledger_line *line, struct error *error);

/* The name that decides which shard an image's line belongs to, by shard_has: its key, or that of
 * the tar that it lies in, since a tar is read as a whole by one shard. */
const char *ledger_line_name(const struct ledger_line *line);

/* Puts an image's or a tar's members into a line that was begun (ndjson.h), all but its time. */
void ledger_format_image(struct ndjson *line, const struct ledger_line *image);

/* Appends the event lines; host, pid and shard are filled in. 0 or -1 (ERROR_IO). */
int ledger_append_start(struct ledger *ledger, uint64_t images, struct error *error);
int ledger_append_end(struct ledger *ledger, const char *reason, struct error *error);

/* fsync of the ledger file. */
int ledger_sync(struct ledger *ledger, struct error *error);

/* NULL is allowed. */
void ledger_close(struct ledger *ledger);

/* Called for each good line, in the file's order; strings are valid during the call.
 * A return other than 0 ends the reading with that value. */
typedef int ledger_visit(void *context, const struct ledger_line *line);

struct ledger_reading {
    uint64_t lines; /* good ones */
    uint64_t bad;   /* torn or foreign ones, left out */
};

/* Streams one ledger file. Memory: the longest line (cut at 1 MiB: longer ones are bad).
 * Returns 0, -1 with ERROR_IO, or what `visit` returned. */
int ledger_read(const char *path, ledger_visit *visit, void *context,
                struct ledger_reading *reading, struct error *error);

/* The ledger files of a run, sorted by name: an array of *count strings, one block, to be freed
 * with free(3). With a shard, only those that can hold its images: its own, and those of other
 * numbers of shards. A run without any gives 0 of them and *paths NULL. Returns 0, or -1 with
 * ERROR_IO or ERROR_MEMORY. */
int ledger_files(const char *run, const struct shard *shard, char ***paths, size_t *count,
                 struct error *error);

#endif
