/* list_folded.h - items whose outputs an output folder takes for one, though their names differ: on
 * file systems without case, or with several ways to write one character. */
#ifndef JOBS_LIST_FOLDED_H
#define JOBS_LIST_FOLDED_H

#include <stddef.h>

struct error;
struct list;

/* How the output folder compares names. */
struct list_fold {
    /* The form that all names have which are taken for one, of `length` bytes of a path. Freed with
     * free(3). */
    char *(*fold)(unsigned how, const char *name, size_t length);
    unsigned how; /* for `fold` */
};

/* Refuses two items of a surveyed list whose outputs are one to `fold`, naming both, and items in
 * the folder of another one. Rewinds the list at the end. Needs 12 to 24 bytes of memory an item.
 * Returns 0, or -1 with ERROR_USAGE (refused), ERROR_IO or ERROR_MEMORY. */
int list_refuse_folded(struct list *list, const struct list_fold *fold, struct error *error);

#endif
