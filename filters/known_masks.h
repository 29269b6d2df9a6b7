/* known_masks.h - the masks that were there before an image is searched, against those that are found: a
 * known mask stays as it is, and what is found makes room for it. */
#ifndef FILTERS_KNOWN_MASKS_H
#define FILTERS_KNOWN_MASKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/geometry.h"
#include "rle/cover.h"

struct error;
struct mask;
struct mask_list;

/* All of one image's, in several lists. */
struct known_masks {
    const struct mask **items; /* [count]: the array is owned, the masks are borrowed */
    size_t count, capacity;
    struct size image;
    struct cover cover; /* owned: the pixels of any of them */
};

/* Begins without masks, for an image of this size. 0 or -1 (ERROR_MEMORY); freed by known_masks_free in
 * either case. */
int known_masks_begin(struct known_masks *known, struct size image, struct error *error);
void known_masks_free(struct known_masks *known);

/* Adds all masks of a list, which must stay as it is. 0, or -1 with ERROR_IMAGE (a mask has not the image's
 * size) or ERROR_MEMORY. */
int known_masks_add(struct known_masks *known, const struct mask_list *list, struct error *error);

/* Whether the pixel that a point lies in is a known mask's; x and y in pixels, within the image. */
bool known_masks_have(const struct known_masks *known, double x, double y);

/* How much a found mask may overlap a known one: it is dropped if one of these is above the limit. */
struct known_limits {
    double box_iou;     /* of the boxes, as in nms.h, and as COCO's tools measure them */
    double mask_iou;    /* of the pixels */
    double containment; /* the part of the smaller one that lies in the other; 1: any */
};

/* Drops the masks of the list that overlap any known one too much. Runs are of the image's size. */
void known_masks_drop(const struct known_masks *known, const struct known_limits *limits,
                      struct mask_list *list);

/* Takes the known masks' pixels from all masks of the list, and drops those of which nothing is left. 0 or
 * -1 (ERROR_MEMORY). */
int known_masks_cut(const struct known_masks *known, struct mask_list *list, struct error *error);

#endif
