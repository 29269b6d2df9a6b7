/* Formats made of pixels: a folder of PNG files as the reference's scripts/amg.py writes it
 * ("png"), and a label map for each image ("labels"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "images/image_write.h"
#include "records/format.h"
#include "records/record.h"
#include "rle/strips.h"

static int write_plane(struct writer *writer, const char *name, const char *ending,
                       const struct image_plane *plane, struct error *error)
{
    uint8_t *bytes = NULL;
    size_t size;
    char *whole = format_name(name, ending, error);
    int result = -1;
    if (whole && image_write_plane(plane, &bytes, &size, error) == 0)
        result = atomic_write(writer->out, whole, bytes, size, writer->options.batch, error);
    memory_free(bytes);
    free(whole);
    return result;
}

static void append_reals(struct json_text *text, const double *numbers, size_t count, bool absent)
{
    for (size_t i = 0; i < count; i++) {
        if (!absent)
            json_text_double(text, numbers[i]);
        json_text_raw(text, ",");
    }
}

static void append_crop(struct json_text *text, const struct rect *rect, bool absent)
{
    const int64_t crop[] = {rect->x, rect->y, rect->width, rect->height};
    for (size_t i = 0; i < 4; i++) {
        if (!absent)
            json_text_integer(text, crop[i]);
        if (i < 3)
            json_text_raw(text, ",");
    }
}

/* One line of metadata.csv: the columns of amg.py, numbers printed as Python prints them; nothing
 * where a member is absent. */
static void append_line(struct json_text *text, const struct mask *mask, size_t id, unsigned absent)
{
    const struct box *box = &mask->box;
    const int64_t whole[] = {(int64_t)id, (int64_t)mask->area, box->x0,
                             box->y0,     box->x1 - box->x0,   box->y1 - box->y0};
    const double predicted_iou = (double)mask->predicted_iou;
    const double stability_score = (double)mask->stability_score;
    json_text_raw(text, "\n");
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++) {
        json_text_integer(text, whole[i]);
        json_text_raw(text, ",");
    }
    append_reals(text, mask->point, 2, absent & RECORD_NO_POINT);
    append_reals(text, &predicted_iou, 1, absent & RECORD_NO_IOU);
    append_reals(text, &stability_score, 1, absent & RECORD_NO_STABILITY);
    append_crop(text, &mask->crop, absent & RECORD_NO_CROP);
}

static int write_metadata(struct writer *writer, const struct writer_item *item,
                          struct error *error)
{
    const struct mask_list *masks = &item->record->masks;
    struct json_text text = {0};
    size_t length;
    json_text_raw(&text, "id,area,bbox_x0,bbox_y0,bbox_w,bbox_h,point_input_x,point_input_y,"
                         "predicted_iou,stability_score,crop_box_x0,crop_box_y0,crop_box_w,"
                         "crop_box_h");
    for (size_t i = 0; i < masks->count; i++)
        append_line(&text, &masks->items[i], i, record_absent(item->record, i));
    char *lines = json_text_take(&text, &length, error);
    return format_write(writer, item->name, "/metadata.csv", lines, length, error);
}

static int write_mask(struct writer *writer, const struct writer_item *item, size_t index,
                      uint8_t *pixels, struct error *error)
{
    const struct record *record = item->record;
    struct rle_strips strips = {.rle = &record->masks.items[index].rle};
    struct rle_strip strip;
    char ending[32];
    memset(pixels, 0, (size_t)record->width * record->height);
    while (rle_strips_next(&strips, &strip))
        for (uint32_t y = strip.y; y < strip.y + strip.length; y++)
            pixels[(size_t)y * record->width + strip.x] = 255;
    snprintf(ending, sizeof ending, "/%zu.png", index);
    const struct image_plane plane = {pixels, record->width, record->height, IMAGE_PLANE_8};
    return write_plane(writer, item->name, ending, &plane, error);
}

/* metadata.csv comes last: if it exists, all masks do. */
static int add_png(struct writer *writer, const struct writer_item *item, struct error *error)
{
    const struct record *record = item->record;
    uint8_t *pixels = memory_new(record->width, record->height, "a mask's pixels", error);
    int result = pixels ? 0 : -1;
    for (size_t i = 0; result == 0 && i < record->masks.count; i++)
        result = write_mask(writer, item, i, pixels, error);
    memory_free(pixels);
    return result ? -1 : write_metadata(writer, item, error);
}

const struct format format_png = {
    .name = "png",
    .kind = WRITER_EACH,
    .summary = "a folder an image as amg.py writes it: NAME/0.png, ..., NAME/metadata.csv",
    .add = add_png,
};

struct rank {
    uint64_t area;
    size_t index;
};

/* Larger masks first, then the record's order. */
static int compare_ranks(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    if (x->area != y->area)
        return x->area < y->area ? 1 : -1;
    return (x->index > y->index) - (x->index < y->index);
}

static void paint(const struct rle *rle, void *pixels, enum image_plane_kind kind, uint32_t label)
{
    struct rle_strips strips = {.rle = rle};
    struct rle_strip strip;
    while (rle_strips_next(&strips, &strip)) {
        size_t at = (size_t)strip.y * rle->width + strip.x;
        for (uint32_t i = 0; i < strip.length; i++, at += rle->width) {
            if (kind == IMAGE_PLANE_16)
                ((uint16_t *)pixels)[at] = (uint16_t)label;
            else
                ((uint32_t *)pixels)[at] = label;
        }
    }
}

static int paint_all(const struct mask_list *masks, void *pixels, enum image_plane_kind kind,
                     struct error *error)
{
    struct rank *ranks = memory_new(masks->count, sizeof *ranks, "the order of masks", error);
    if (!ranks)
        return -1;
    for (size_t i = 0; i < masks->count; i++)
        ranks[i] = (struct rank){masks->items[i].area, i};
    qsort(ranks, masks->count, sizeof *ranks, compare_ranks);
    for (size_t i = 0; i < masks->count; i++)
        paint(&masks->items[ranks[i].index].rle, pixels, kind, (uint32_t)ranks[i].index + 1);
    memory_free(ranks);
    return 0;
}

/* A pixel is 0 outside all masks, else mask index + 1. Where masks overlap, the smaller one wins.
 */
static int add_labels(struct writer *writer, const struct writer_item *item, struct error *error)
{
    const struct record *record = item->record;
    bool wide = record->masks.count > UINT16_MAX;
    enum image_plane_kind kind = wide ? IMAGE_PLANE_32 : IMAGE_PLANE_16;
    size_t pixel_count = (size_t)record->width * record->height;
    void *pixels = memory_new(pixel_count, wide ? 4 : 2, "a label map", error);
    if (!pixels)
        return -1;
    int result = paint_all(&record->masks, pixels, kind, error);
    const struct image_plane plane = {pixels, record->width, record->height, kind};
    if (result == 0)
        result = write_plane(writer, item->name, wide ? ".tif" : ".png", &plane, error);
    memory_free(pixels);
    return result;
}

const struct format format_labels = {
    .name = "labels",
    .kind = WRITER_EACH,
    .summary = "NAME.png, 16 bits: mask number + 1, smaller masks on top (.tif, 32 bits, if many)",
    .add = add_labels,
};
