#include "filters/known_masks.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "filters/nms.h"

int known_masks_begin(struct known_masks *known, struct size image, struct error *error)
{
    *known = (struct known_masks){.image = image};
    return cover_begin(&known->cover, (uint32_t)image.height, (uint32_t)image.width, error);
}

void known_masks_free(struct known_masks *known)
{
    free((void *)known->items);
    cover_free(&known->cover);
    *known = (struct known_masks){0};
}

int known_masks_add(struct known_masks *known, const struct mask_list *list, struct error *error)
{
    const struct size *image = &known->image;
    for (size_t i = 0; i < list->count; i++) {
        const struct rle *rle = &list->items[i].rle;
        if (rle->width != (uint32_t)image->width || rle->height != (uint32_t)image->height)
            return error_set(error, ERROR_IMAGE,
                             "a known mask is %u x %u pixels large, the image is %d x %d",
                             rle->width, rle->height, image->width, image->height);
        if (memory_grow((void **)&known->items, &known->capacity, known->count + 1,
                        sizeof *known->items, error))
            return -1;
        known->items[known->count++] = &list->items[i];
        cover_add(&known->cover, rle);
    }
    return 0;
}

static int32_t pixel_of(double place, int32_t side)
{
    int32_t pixel = (int32_t)place;
    return pixel < side ? pixel : side - 1;
}

bool known_masks_have(const struct known_masks *known, double x, double y)
{
    const struct size *image = &known->image;
    uint32_t column = (uint32_t)pixel_of(x, image->width);
    uint32_t row = (uint32_t)pixel_of(y, image->height);
    return cover_has(&known->cover, column * (uint32_t)image->height + row);
}

struct comparison {
    const struct known_masks *known;
    const struct known_limits *limits;
};

/* The box with its last column and row, as COCO counts. */
static struct box whole_box(struct box box)
{
    return (struct box){box.x0, box.y0, box.x1 + 1, box.y1 + 1};
}

static bool boxes_overlap(struct box one, struct box other, double limit)
{
    return nms_boxes_similar(one, other, limit) ||
           nms_boxes_similar(whole_box(one), whole_box(other), limit);
}

static bool is_apart(const void *context, const struct mask *mask)
{
    const struct comparison *comparison = context;
    const struct known_limits *limits = comparison->limits;
    for (size_t i = 0; i < comparison->known->count; i++) {
        const struct mask *known = comparison->known->items[i];
        if (box_meets(known->box, mask->box) &&
            (boxes_overlap(known->box, mask->box, limits->box_iou) ||
             nms_masks_similar(known, mask, limits->mask_iou) ||
             (limits->containment < 1 && nms_mask_within(known, mask, limits->containment))))
            return false;
    }
    return true;
}

void known_masks_drop(const struct known_masks *known, const struct known_limits *limits,
                      struct mask_list *list)
{
    const struct comparison comparison = {known, limits};
    mask_list_keep(list, is_apart, &comparison);
}

static bool has_pixels(const void *context, const struct mask *mask)
{
    (void)context;
    return mask->area > 0;
}

int known_masks_cut(const struct known_masks *known, struct mask_list *list, struct error *error)
{
    for (size_t i = 0; i < list->count; i++) {
        struct mask *mask = &list->items[i];
        struct rle left = {0};
        if (cover_left(&known->cover, &mask->rle, &left, error)) {
            rle_free(&left);
            return -1;
        }
        rle_free(&mask->rle);
        mask->rle = left;
        mask->box = rle_box(&mask->rle);
        mask->area = rle_area(&mask->rle);
    }
    mask_list_keep(list, has_pixels, NULL);
    return 0;
}
