/* category.h - the numbers of classes in formats that number them (COCO, YOLO).
 *
 * Number 0 is "object", the class of every mask without a name for its own. The others have the next
 * numbers in the order in which they were put there: those that are known beforehand, then those that
 * records bring, in the order of the records. So the same records give the same numbers. */
#ifndef RECORDS_CATEGORY_H
#define RECORDS_CATEGORY_H

#include <stddef.h>

#include "base/name_index.h"

struct error;
struct record;
struct review;

/* Begins an empty index with "object". 0 or -1 (ERROR_MEMORY). */
int category_begin(struct name_index *categories, struct error *error);

/* The number of a mask's class, which is put there if it is new. `categories` NULL: 0 for every mask. 0 or -1
 * (ERROR_MEMORY). */
int category_of(struct name_index *categories, const struct record *record, size_t mask,
                size_t *number, struct error *error);

/* Puts there the names of all classes of a review, sorted by their bytes. 0 or -1 (ERROR_MEMORY). */
int category_put_reviewed(struct name_index *categories, const struct review *review,
                          struct error *error);

#endif
