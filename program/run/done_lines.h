/* done_lines.h - lines of the ledger that wait until what they tell of is on the disk. */
#ifndef PROGRAM_RUN_DONE_LINES_H
#define PROGRAM_RUN_DONE_LINES_H

#include <stddef.h>

struct error;
struct item;
struct ledger_line;
struct run;

/* Zeroed at first. */
struct done_lines {
    struct ledger_line *lines; /* owned: [count]; their names too */
    size_t count, capacity;
};

/* Adds the line of an image that is done, whose names it takes over, and counts the image. 0, or -1 with
 * ERROR_MEMORY. */
int done_lines_add(struct done_lines *waiting, struct run *run, struct item *item,
                   struct error *error);

/* Before anything is called done: whether the output folder is still on its file system, and the model's file
 * unchanged. 0 or -1. */
int done_lines_check(const struct run *run, struct error *error);

/* Writes them to the ledger, and leaves none. 0, or -1: the others are dropped. */
int done_lines_write(struct done_lines *waiting, const struct run *run, struct error *error);

/* Forgets them. */
void done_lines_drop(struct done_lines *waiting);

/* Frees what it owns. */
void done_lines_free(struct done_lines *waiting);

#endif
