/* class_names.h - the names of a data set's classes, by number. */
#ifndef PROGRAM_EVAL_CLASS_NAMES_H
#define PROGRAM_EVAL_CLASS_NAMES_H

#include <stddef.h>
#include <stdint.h>

struct error;

struct class_name {
    int32_t number;
    char *name; /* owned */
};

/* All zeros is a valid empty one. Sorted by number. */
struct class_names {
    struct class_name *items; /* [count], owned */
    size_t count, capacity;
};

/* Names a class; a later name replaces an earlier one. 0 or -1 (ERROR_MEMORY). */
int class_names_put(struct class_names *classes, int32_t number, const char *name,
                    struct error *error);

/* The name of a class, or NULL. */
const char *class_names_find(const struct class_names *classes, int32_t number);

/* Reads a file with a class in each line: its number, blanks, ':' or ',', its name. Empty lines and
 * those that begin with '#' are passed over. Returns 0, or -1 with ERROR_USAGE or ERROR_MEMORY. */
int class_names_read(struct class_names *classes, const char *path, struct error *error);

void class_names_free(struct class_names *classes);

#endif
