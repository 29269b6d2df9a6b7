/* mask.h - a mask with its scores, and the list of an image's masks. */
#ifndef FILTERS_MASK_H
#define FILTERS_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "rle/rle.h"

struct error;

/* Who made a mask; "source" in its record. */
enum mask_source {
    MASK_SOURCE_NONE,  /* its record does not say */
    MASK_SOURCE_KNOWN, /* it was there before the run (run --known) */
    MASK_SOURCE_GRID,  /* a point of the grid */
    MASK_SOURCE_POINT, /* points that a person set */
    MASK_SOURCE_BOX,   /* a box */
    MASK_SOURCE_MASK,  /* an earlier mask */
    MASK_SOURCE_TEXT   /* a text alone */
};

struct mask {
    struct rle rle;        /* owned; of the crop's size at first, later of the image's */
    struct box box;        /* inclusive pixel ranges, same frame as rle */
    struct rect crop;      /* the crop it was found in, image pixels */
    double point[2];       /* x, y of the prompt, image pixels (not rounded) */
    float predicted_iou;   /* the model's estimate, not bounded to 0..1 */
    float stability_score; /* 0..1 */
    uint64_t area;         /* foreground pixels */
    unsigned absent;       /* what its record did not say: RECORD_NO_... bits of records/record.h */
    enum mask_source source;
    size_t place; /* where it stood among the masks of the record that it was read from */
};

/* Whether a predicted IoU is above the threshold, as a float; NaN is not. 0 or less passes all. */
bool mask_iou_passes(float predicted_iou, double threshold);

/* Whether a stability score reaches the threshold, as a float. 0 or less passes all. */
bool mask_stability_passes(float stability_score, double threshold);

struct mask_list {
    struct mask *items; /* owned */
    size_t count;
    size_t capacity;
};

/* Moves *mask with its runs to the end of the list and zeroes it. 0 or -1 (ERROR_MEMORY). */
int mask_list_add(struct mask_list *list, struct mask *mask, struct error *error);

/* Moves all masks of `from` to the end of `to` and empties `from`. 0 or -1 (ERROR_MEMORY). */
int mask_list_append(struct mask_list *to, struct mask_list *from, struct error *error);

/* Keeps items[order[0..count)], in that order, and frees the others. `order` has no repeats.
 * Returns 0 or -1 (ERROR_MEMORY). */
int mask_list_select(struct mask_list *list, const size_t *order, size_t count,
                     struct error *error);

/* Whether a mask stays in its list. */
typedef bool mask_stays(const void *context, const struct mask *mask);

/* Keeps the masks that stay, in their order, and frees the others. */
void mask_list_keep(struct mask_list *list, mask_stays *stays, const void *context);

/* Frees the masks and the array. Leaves an empty list. */
void mask_list_free(struct mask_list *list);

#endif
