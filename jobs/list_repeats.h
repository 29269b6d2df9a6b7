/* list_repeats.h - items that name a file again: a list with a line twice, a folder and a file in
 * it. The first counts, the others are skipped. A part of list.c and list_survey.c.
 *
 * Holds the items whose output is named more than once, so it is empty for most runs. */
#ifndef JOBS_LIST_REPEATS_H
#define JOBS_LIST_REPEATS_H

#include <stdbool.h>

struct error;
struct list_item;
struct list_repeats;

/* `files`: the items are files, which may have several names; else names of objects, of which each is
 * another object. Returns NULL with ERROR_MEMORY; freed with list_repeats_free. */
struct list_repeats *list_repeats_new(bool files, struct error *error);

/* Notes an item. Returns 0 if no item before it has its output, 1 if it names the same file with the
 * same key as one before, or -1: ERROR_USAGE if another file would write the same output, naming
 * both, or ERROR_MEMORY. */
int list_repeats_note(struct list_repeats *repeats, const struct list_item *item,
                      struct error *error);

/* Whether an item with this key has been asked for since the last rewind, and was noted. */
bool list_repeats_skip(struct list_repeats *repeats, const struct list_item *item);

/* The list begins again: every key is new once more. */
void list_repeats_rewind(struct list_repeats *repeats);

/* NULL is allowed. */
void list_repeats_free(struct list_repeats *repeats);

/* Hands the repeats to the list, which owns them from now on and skips them from its next rewind on.
 * NULL: none. In list.c. */
struct list;
void list_skip_repeats(struct list *list, struct list_repeats *repeats);

/* Whether the list names objects, not files. In list.c. */
bool list_has_objects(const struct list *list);

#endif
