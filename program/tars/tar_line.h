/* tar_line.h - a line of OUT/NAME.ndjson: what became of one image of a tar, and where its members lie in
 * OUT/NAME.tar. docs/formats.md describes the members for users. Every line has all of them, with the same
 * types, so that tables can be made of them. The last four are the place, which alone changes when a sample
 * is copied to another tar. */
#ifndef PROGRAM_TARS_TAR_LINE_H
#define PROGRAM_TARS_TAR_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct json_text;
struct mask_list;

struct tar_place {
    uint64_t offset, bytes;               /* of all members of the sample, with their headers */
    uint64_t record_offset, record_bytes; /* of the record alone, or of the error */
};

struct tar_line {
    const char *key;       /* of the sample's members */
    const char *file_name; /* the record's, any bytes */
    bool failed;
    const char *error; /* "" unless failed */
    uint32_t width, height;
    uint64_t masks;
    double seconds;
    struct tar_place place;
};

/* Appends a line without its place; `masks` (NULL: none) give the scores. What is short shows when the
 * text is taken. */
void tar_line_begin(struct json_text *text, const struct tar_line *line,
                    const struct mask_list *masks);

/* Appends the place, and the newline. */
void tar_line_end(struct json_text *text, const struct tar_place *place);

/* Reads a line of `length` bytes, without its newline. Its strings belong to *owner, which is freed with
 * tar_line_free. Returns 1; 0 if it is no such line, or one that another
 * program has written anew; or -1 with ERROR_MEMORY. */
struct tar_line_owner;
int tar_line_parse(const char *text, size_t length, struct tar_line *line,
                   struct tar_line_owner **owner, struct error *error);
void tar_line_free(struct tar_line_owner *owner);

/* The length of the part of such a line that tar_line_begin has written. */
size_t tar_line_without_place(const char *text, size_t length);

#endif
