/* mask.h - one mask on its way through the filters, and the list of those of one image. */
#ifndef FILTERS_MASK_H
#define FILTERS_MASK_H

#include <stddef.h>

#include "rle/rle.h"

struct error;

struct mask {
    struct rle rle;        /* owned; of the crop's size until uncropped, then the image's */
    struct box box;        /* inclusive pixel ranges, same frame as rle */
    struct rect crop;      /* the crop it was found in, image pixels */
    double point[2];       /* x, y of the prompt, image pixels (not rounded) */
    float predicted_iou;   /* the model's own estimate; not bounded */
    float stability_score; /* 0..1 */
    uint64_t area;         /* foreground pixels */
};

struct mask_list {
    struct mask *items; /* owned */
    size_t count;
    size_t capacity;
};

/* Moves *mask (its runs included) to the end of the list and zeroes it. 0 or -1 (ERROR_MEMORY). */
int mask_list_add(struct mask_list *list, struct mask *mask, struct error *error);

/* Moves every mask of `from` to the end of `to`; `from` ends up empty. 0 or -1 (ERROR_MEMORY). */
int mask_list_append(struct mask_list *to, struct mask_list *from, struct error *error);

/* Keeps items[order[0..count)], in that order, and frees the others. `order` has no repeats.
 * Returns 0 or -1 (ERROR_MEMORY). */
int mask_list_select(struct mask_list *list, const size_t *order, size_t count,
                     struct error *error);

/* Frees every mask and the array; leaves an empty list. */
void mask_list_free(struct mask_list *list);

#endif
