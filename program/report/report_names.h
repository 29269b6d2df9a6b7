/* report_names.h - the images of a run by name: those of which there are masks. */
#ifndef PROGRAM_REPORT_REPORT_NAMES_H
#define PROGRAM_REPORT_REPORT_NAMES_H

#include <stddef.h>

struct error;
struct report_row;
struct report_rows;

/* All zeros has no names. */
struct report_names {
    const struct report_rows *rows; /* borrowed, and not changed meanwhile */
    const struct report_row **list; /* [rows->count] owned: by rising name, then by rising row */
};

/* 0 or -1 (ERROR_MEMORY). Freed by report_names_free in either case. */
int report_names_make(struct report_names *names, const struct report_rows *rows,
                      struct error *error);

/* The first row, from row `from` on, of an image of that name of which there are masks. NULL: none. */
const struct report_row *report_names_find(const struct report_names *names, const char *name,
                                           size_t from);

void report_names_free(struct report_names *names);

#endif
