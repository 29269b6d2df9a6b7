#include "records/mask_json.h"

#include <math.h>

#include "base/error.h"
#include "base/memory.h"
#include "rle/coco.h"
#include "rle/combine.h"
#include "rle/polygon_fill.h"
#include "rle/rle.h"

/* A side in pixels, written as 12 or as 12.0. 0: it is none. */
static uint32_t side(const json_t *value)
{
    double number = json_number_value(value);
    return number >= 1 && number <= INT32_MAX && number == floor(number) ? (uint32_t)number : 0;
}

/* Takes the mask's size from "size", which must agree with the image's if that is known. */
static int read_size(struct rle *rle, const json_t *size, uint32_t height, uint32_t width,
                     struct error *error)
{
    if (!size)
        return error_set(error, ERROR_RECORD, "size is missing");
    uint32_t own_height = side(json_array_get(size, 0)), own_width = side(json_array_get(size, 1));
    if (json_array_size(size) != 2 || own_height == 0 || own_width == 0)
        return error_set(error, ERROR_RECORD, "size is not a list of 2 sides in pixels");
    if (height && (own_height != height || own_width != width))
        return error_set(error, ERROR_RECORD, "size is [%u, %u], the image's is [%u, %u]",
                         own_height, own_width, height, width);
    if ((uint64_t)own_height * own_width > UINT32_MAX)
        return error_set(error, ERROR_RECORD, "%u x %u pixels are more than 2^32 - 1", own_width,
                         own_height);
    rle_begin(rle, own_height, own_width);
    return 0;
}

/* Other tools also write runs of no pixels; they are dropped. */
static int read_runs(struct rle *rle, const json_t *counts, struct error *error)
{
    const uint64_t pixels = (uint64_t)rle->height * rle->width;
    uint64_t end = 0;
    for (size_t i = 0; i < json_array_size(counts); i++) {
        const json_t *value = json_array_get(counts, i);
        json_int_t length = json_integer_value(value);
        if (!json_is_integer(value) || length < 0 || (uint64_t)length > pixels - end)
            return error_set(error, ERROR_RECORD, "counts[%zu] is not a run of pixels", i);
        if (i % 2 && length && rle_add(rle, (uint32_t)end, (uint32_t)(end + length), error))
            return -1;
        end += (uint64_t)length;
    }
    if (end != pixels)
        return error_set(error, ERROR_RECORD, "the runs sum to %llu pixels, the image has %llu",
                         (unsigned long long)end, (unsigned long long)pixels);
    return rle_end(rle, error);
}

/* Reads a polygon's corners into xy[count]. */
static int read_corners(const json_t *list, double *xy, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        xy[i] = json_number_value(value);
        if (!json_is_number(value))
            return error_set(error, ERROR_RECORD, "a polygon's corner is not a number");
    }
    return 0;
}

/* Takes the length of the outline from what may still be walked: few corners may cross the image a
 * million times. */
static int take_outline(const double *xy, size_t count, struct outline_left *left,
                        struct error *error)
{
    double length = 0;
    for (size_t i = 0; i < count; i += 2) {
        const double *next = &xy[(i + 2) % count];
        length += fmax(fabs(next[0] - xy[i]), fabs(next[1] - xy[i + 1]));
    }
    left->mask -= length;
    left->record -= length;
    return left->mask >= 0 && left->record >= 0
               ? 0
               : error_set(error, ERROR_RECORD,
                           "the outlines of its polygons are longer than %d million pixels",
                           (left->mask < 0 ? OUTLINE_OF_MASK : OUTLINE_OF_RECORD) / 1000000);
}

static int fill_polygon(struct rle *rle, const json_t *list, struct outline_left *left,
                        struct error *error)
{
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count < 6 || count % 2)
        return error_set(error, ERROR_RECORD, "a polygon is not a list of three corners or more");
    double *xy = memory_new(count, sizeof *xy, "a polygon", error);
    int status = xy ? read_corners(list, xy, count, error) : -1;
    if (status == 0)
        status = take_outline(xy, count, left, error);
    if (status == 0)
        status = polygon_fill(rle, xy, count / 2, error);
    memory_free(xy);
    return status;
}

static void swap(struct rle *a, struct rle *b)
{
    struct rle last = *a;
    *a = *b;
    *b = last;
}

/* Unions of 1, 2, 4, ... polygons: uniting each with all before it would take quadratic time. */
enum { LEVELS = 32 };

struct unions {
    struct rle levels[LEVELS]; /* owned */
    struct rle spare;          /* owned */
    uint32_t used;             /* a bit for each level: as a number, how many polygons there are */
};

/* Replaces `one` by its union with a level. */
static int unite(struct unions *unions, struct rle *one, int level, struct error *error)
{
    if (rle_combine(&unions->spare, &unions->levels[level], one, RLE_UNION, error))
        return -1;
    swap(&unions->spare, one);
    return 0;
}

static int add_polygon(struct unions *unions, struct rle *one, struct error *error)
{
    int level = 0;
    for (; unions->used >> level & 1; level++)
        if (unite(unions, one, level, error))
            return -1;
    swap(one, &unions->levels[level]);
    unions->used++;
    return 0;
}

static int read_polygons(struct rle *rle, const json_t *polygons, struct outline_left *left,
                         struct error *error)
{
    struct unions unions = {0};
    struct rle one = {0};
    int status = rle_end(rle, error);
    left->mask = OUTLINE_OF_MASK;
    for (size_t i = 0; status == 0 && i < json_array_size(polygons); i++) {
        one.height = rle->height;
        one.width = rle->width;
        status = fill_polygon(&one, json_array_get(polygons, i), left, error);
        if (status == 0)
            status = add_polygon(&unions, &one, error);
    }
    for (int level = 0; status == 0 && level < LEVELS; level++)
        if (unions.used >> level & 1)
            status = unite(&unions, rle, level, error);
    for (int level = 0; level < LEVELS; level++)
        rle_free(&unions.levels[level]);
    rle_free(&unions.spare);
    rle_free(&one);
    return status;
}

int mask_json_read(struct rle *rle, const json_t *segmentation, uint32_t height, uint32_t width,
                   struct outline_left *left, struct error *error)
{
    const json_t *counts = json_object_get(segmentation, "counts");
    if (json_is_array(segmentation)) {
        if (height == 0)
            return error_set(error, ERROR_RECORD,
                             "segmentation is a polygon, but nothing says the image's size");
        rle_begin(rle, height, width);
        return read_polygons(rle, segmentation, left, error);
    }
    if (!json_is_object(segmentation))
        return error_set(error, ERROR_RECORD, "segmentation is missing or not an object");
    if (read_size(rle, json_object_get(segmentation, "size"), height, width, error))
        return -1;
    if (json_is_array(counts))
        return read_runs(rle, counts, error);
    if (!json_is_string(counts))
        return error_set(error, ERROR_RECORD, "counts are neither a string nor a list");
    return coco_parse(rle, json_string_value(counts), json_string_length(counts), rle->height,
                      rle->width, error);
}
