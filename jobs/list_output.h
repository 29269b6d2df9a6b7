/* list_output.h - what an item of a list writes: one record, or a folder with the records of many.
 * No two items may write the same. A part of list_survey.c and list_repeats.c. */
#ifndef JOBS_LIST_OUTPUT_H
#define JOBS_LIST_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct list_item;

struct list_output {
    const char *name; /* [length] a part of the item's key; no '/' at the end of a folder */
    size_t length;
    bool folder;
};

/* Valid as long as the item's key. */
struct list_output list_output_of(const struct list_item *item);

bool list_output_same(struct list_output a, struct list_output b);

/* Equal outputs have equal hashes. A record and a folder of the same name are two outputs. */
uint64_t list_output_hash(struct list_output output);

/* Sets ERROR_USAGE: both items would write `output`. `one` stands before `other`. Names both, with
 * their lines in a text list. Returns -1. */
int list_output_refuse(const struct list_item *one, const struct list_item *other,
                       struct list_output output, struct error *error);

#endif
