/* eval_lines.h - files of results (eval_results.h) read back: their data sets, and the outcomes of each in
 * the order of the images' names, whatever file or shard they are in.
 *
 * Lines are untrusted. Memory is some 100 bytes a line, and one line. */
#ifndef PROGRAM_EVAL_EVAL_LINES_H
#define PROGRAM_EVAL_EVAL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program/eval/eval_header.h"

struct error;
struct eval_image;

/* What stands at the beginning of a line. */
struct eval_line {
    char *key;   /* owned, freed by free(3) */
    bool failed; /* the image could not be evaluated */
    bool again;  /* it failed, and a later start tries it again: no result */
};

/* Reads it, without building the rest. False, with nothing to free, if the line is no whole line of
 * results. */
bool eval_line_read(struct eval_line *line, const char *text, size_t length);

/* Where the line of an image is. */
struct eval_place {
    char *key; /* owned */
    size_t set, file;
    uint64_t offset, length;
    bool failed, again;
};

struct eval_file {
    char *path; /* owned */
    int fd;     /* owned */
};

/* Zeroed at first. */
struct eval_lines {
    struct eval_file *files; /* [file_count], owned */
    size_t file_count, file_capacity;
    struct eval_header *sets; /* [set_count], owned: of the first file of each */
    size_t set_count, set_capacity;
    struct eval_place *places; /* [place_count], owned; sorted by set and key by eval_lines_sort */
    size_t place_count, place_capacity;
    uint64_t damaged; /* lines that are no results, passed over */
};

/* Adds a file that is open as `fd`, which it takes over in any case. A set without a name is called by
 * the file's. Returns 0, or -1 with ERROR_RECORD (no file of results), ERROR_USAGE (other options than
 * those of another file of the same set), ERROR_IO or ERROR_MEMORY. */
int eval_lines_add(struct eval_lines *lines, int fd, const char *path, struct error *error);

/* Sorts the lines, and drops all but the last of each image, and that as well if it is no result. */
void eval_lines_sort(struct eval_lines *lines);

/* Called with the outcome of each image of a set; NULL: it failed. Returns 0, or -1 with an error. */
typedef int eval_lines_visit(void *context, const struct eval_image *outcome, struct error *error);

/* Visits the images of a set in order. Returns 0, or -1: what `visit` returned, ERROR_RECORD (a line is
 * damaged), ERROR_IO or ERROR_MEMORY. */
int eval_lines_each(const struct eval_lines *lines, size_t set, eval_lines_visit *visit,
                    void *context, struct error *error);

void eval_lines_free(struct eval_lines *lines);

#endif
