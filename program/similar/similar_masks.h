/* similar_masks.h - from rows of an index to masks: the records that say which they are. */
#ifndef PROGRAM_SIMILAR_SIMILAR_MASKS_H
#define PROGRAM_SIMILAR_SIMILAR_MASKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"

struct error;
struct image_pool;
struct record;
struct similar_run;

/* What is kept of a record. */
struct similar_image {
    const char *name;  /* the record's, of the index */
    char *file_name;   /* owned */
    int64_t *ids;      /* owned: [count] */
    struct box *boxes; /* owned: [count] */
    size_t count;
};

/* The records that were read last. Owned by one thread. */
struct similar_masks;

/* The run and the pool must outlive it. NULL with ERROR_MEMORY. */
struct similar_masks *similar_masks_new(const struct similar_run *run, struct image_pool *pool,
                                        struct error *error);
void similar_masks_free(struct similar_masks *masks);

/* The image at a place of the index, valid until the next call; NULL if its record cannot be read or has another
 * number of masks than embeddings, which is said once, or (ERROR_MEMORY) memory is short: error->code tells. */
const struct similar_image *similar_masks_get(struct similar_masks *masks, uint64_t place,
                                              struct error *error);

/* How many times a record could not be used. */
uint64_t similar_masks_refused(const struct similar_masks *masks);

/* Reads the record at a place; freed with record_free. 0 or -1 (ERROR_RECORD, ERROR_IO, ERROR_MEMORY). */
int similar_masks_read(const struct similar_masks *masks, uint64_t place, struct record *record,
                       struct error *error);

/* A row of the index as a mask: the image and the mask's place in its record. */
struct similar_mask {
    const struct similar_image *image;
    size_t at;
};

/* The mask of a row, as similar_masks_get. 0, or -1 with the image NULL. */
int similar_masks_row(struct similar_masks *masks, uint64_t row, struct similar_mask *mask,
                      struct error *error);

/* Finds the row of "IMAGE:ID". IMAGE is the record's name, or the image's as the record has it. 0 or -1 (ERROR_USAGE: it is
 * not there, or its image's record cannot be used, which has been said; ERROR_MEMORY). */
int similar_masks_find(struct similar_masks *masks, const char *text, uint64_t *row,
                       struct error *error);

#endif
