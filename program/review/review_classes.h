/* review_classes.h - the names that masks can get: a file with one a line. */
#ifndef PROGRAM_REVIEW_REVIEW_CLASSES_H
#define PROGRAM_REVIEW_REVIEW_CLASSES_H

#include <stddef.h>

struct error;

enum { REVIEW_CLASSES_MAX = 10000 };

/* Begins with all zeros. */
struct review_classes {
    char *text;         /* owned */
    const char **names; /* [count] owned; in `text` */
    size_t count, capacity;
};

/* Reads a file; empty lines are passed over, spaces at the ends of a name are cut off. Returns 0, or -1 with
 * ERROR_USAGE ("FILE, line 3: not UTF-8") or ERROR_MEMORY. Freed by review_classes_free in either case. */
int review_classes_read(struct review_classes *classes, const char *path, struct error *error);
void review_classes_free(struct review_classes *classes);

#endif
