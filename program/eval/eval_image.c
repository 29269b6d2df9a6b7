#include "program/eval/eval_image.h"

#include <math.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"

static const double overlap_least = 0.5;

bool eval_range_has(enum eval_range range, double area)
{
    static const double bounds[RANGES][2] = {
        [RANGE_ALL] = {0, 1e5 * 1e5},
        [RANGE_SMALL] = {0, 32 * 32},
        [RANGE_MEDIUM] = {32 * 32, 96 * 96},
        [RANGE_LARGE] = {96 * 96, 1e5 * 1e5},
    };
    return area >= bounds[range][0] && area <= bounds[range][1];
}

/* Appends a member that is a list of numbers. */
static void add_list(struct json_text *text, const char *before, const double *numbers, int count)
{
    json_text_raw(text, before);
    for (int i = 0; i < count; i++) {
        json_text_raw(text, i ? ", " : "[");
        json_text_double(text, numbers[i]);
    }
    json_text_raw(text, count ? "]" : "[]");
}

static void add_segment(struct json_text *text, const struct eval_image *image, size_t s)
{
    const struct eval_segment *segment = &image->segments[s];
    json_text_raw(text, s ? ", {\"area\": " : "{\"area\": ");
    json_text_double(text, segment->area);
    if (segment->category) {
        json_text_raw(text, ", \"category\": ");
        json_text_integer(text, segment->category);
    }
    if (segment->crowd)
        json_text_raw(text, ", \"crowd\": true");
    if (segment->choices) {
        add_list(text, ", \"predicted\": ", segment->predicted, segment->choices);
        add_list(text, ", \"iou\": ", segment->iou, segment->choices);
        add_list(text, ", \"later\": ", segment->later, image->clicks - 1);
    }
    if (image->boxes && !segment->crowd) {
        json_text_raw(text, ", \"box\": ");
        json_text_double(text, segment->box);
    }
    json_text_raw(text, "}");
}

void eval_image_write(const struct eval_image *image, struct json_text *text)
{
    json_text_raw(text, ", \"clicks\": ");
    json_text_integer(text, image->clicks);
    json_text_raw(text, image->boxes ? ", \"boxes\": true" : ", \"boxes\": false");
    json_text_raw(text, ", \"empty_segments\": ");
    json_text_integer(text, (int64_t)image->empty_segments);
    json_text_raw(text, ", \"segments\": [");
    for (size_t s = 0; s < image->segment_count; s++)
        add_segment(text, image, s);
    json_text_raw(text, "], \"masks\": [");
    for (size_t m = 0; m < image->mask_count; m++) {
        const struct eval_mask *mask = &image->masks[m];
        const double numbers[] = {mask->score, mask->area, mask->best, mask->crowded};
        add_list(text, m ? ", " : "", numbers, 4);
    }
    json_text_raw(text, "], \"overlaps\": [");
    for (size_t i = 0; i < image->overlap_count; i++) {
        const struct eval_overlap *overlap = &image->overlaps[i];
        json_text_raw(text, i ? ", [" : "[");
        json_text_integer(text, overlap->mask);
        json_text_raw(text, ", ");
        json_text_integer(text, overlap->segment);
        json_text_raw(text, ", ");
        json_text_double(text, overlap->iou);
        json_text_raw(text, "]");
    }
    json_text_raw(text, "]");
}

/* What a number may be: least..most. */
struct range {
    double least, most;
};

static const struct range SHARE = {0, 1}, ANY = {-HUGE_VAL, HUGE_VAL};

static int read_number(double *number, const json_t *value, const char *name, struct range range,
                       struct error *error)
{
    *number = json_number_value(value);
    if (json_is_number(value) && *number >= range.least && *number <= range.most)
        return 0;
    return error_set(error, ERROR_RECORD, "%s is not a number in its range", name);
}

static int read_list(double *numbers, const json_t *list, const char *name, size_t count,
                     struct range range, struct error *error)
{
    if (json_array_size(list) != count)
        return error_set(error, ERROR_RECORD, "%s is not a list of %zu numbers", name, count);
    for (size_t i = 0; i < count; i++)
        if (read_number(&numbers[i], json_array_get(list, i), name, range, error))
            return -1;
    return 0;
}

static int read_prompts(const struct eval_image *image, struct eval_segment *segment,
                        const json_t *object, struct error *error)
{
    const json_t *iou = json_object_get(object, "iou");
    const size_t choices = json_array_size(iou);
    if (choices > EVAL_CHOICES || (choices && image->clicks == 0))
        return error_set(error, ERROR_RECORD, "iou has %zu numbers", choices);
    segment->choices = (int)choices;
    if (image->boxes && !segment->crowd &&
        read_number(&segment->box, json_object_get(object, "box"), "box", SHARE, error))
        return -1;
    if (choices == 0)
        return 0;
    if (read_list(segment->iou, iou, "iou", choices, SHARE, error) ||
        read_list(segment->predicted, json_object_get(object, "predicted"), "predicted", choices,
                  ANY, error) ||
        read_list(segment->later, json_object_get(object, "later"), "later",
                  (size_t)image->clicks - 1, SHARE, error))
        return -1;
    return 0;
}

static int read_segment(struct eval_image *image, size_t s, const json_t *object,
                        struct error *error)
{
    struct eval_segment *segment = &image->segments[s];
    const json_t *category = json_object_get(object, "category");
    const json_int_t number = json_integer_value(category);
    if ((category && !json_is_integer(category)) || number < 0 || number > INT32_MAX)
        return error_set(error, ERROR_RECORD, "category is not a whole number");
    segment->category = (int32_t)number;
    segment->crowd = json_is_true(json_object_get(object, "crowd"));
    if (read_number(&segment->area, json_object_get(object, "area"), "area",
                    (struct range){0, HUGE_VAL}, error))
        return -1;
    return read_prompts(image, segment, object, error);
}

static int read_mask(struct eval_image *image, size_t m, const json_t *list, struct error *error)
{
    struct eval_mask *mask = &image->masks[m];
    double numbers[4];
    if (read_list(numbers, list, "a mask", 4, ANY, error))
        return -1;
    *mask = (struct eval_mask){numbers[0], numbers[1], numbers[2], numbers[3]};
    if (mask->area < 0 || mask->best < 0 || mask->best > 1 || mask->crowded < 0 ||
        mask->crowded > 1)
        return error_set(error, ERROR_RECORD, "a number is not in its range");
    if (m > 0 && mask->score > image->masks[m - 1].score)
        return error_set(error, ERROR_RECORD, "its score is higher than that of the one before");
    return 0;
}

static int read_overlap(struct eval_image *image, size_t i, const json_t *list, struct error *error)
{
    const json_t *mask = json_array_get(list, 0), *segment = json_array_get(list, 1);
    const json_int_t m = json_integer_value(mask), s = json_integer_value(segment);
    struct eval_overlap *overlap = &image->overlaps[i];
    if (json_array_size(list) != 3 || !json_is_integer(mask) || !json_is_integer(segment) ||
        m < 0 || s < 0 || (uint64_t)m >= image->mask_count || (uint64_t)s >= image->segment_count)
        return error_set(error, ERROR_RECORD, "it is not of a mask and a segment");
    overlap->mask = (uint32_t)m;
    overlap->segment = (uint32_t)s;
    return read_number(&overlap->iou, json_array_get(list, 2), "its IoU",
                       (struct range){overlap_least, 1}, error);
}

typedef int read_item(struct eval_image *image, size_t i, const json_t *item, struct error *error);

/* Reads each item of the member `name`; `what` is one of them. */
static int read_items(struct eval_image *image, const json_t *items, const char *what,
                      read_item *read, struct error *error)
{
    for (size_t i = 0; i < json_array_size(items); i++)
        if (read(image, i, json_array_get(items, i), error))
            return error_prefix(error, "%s %zu", what, i);
    return 0;
}

static int read_head(struct eval_image *image, const json_t *object, struct error *error)
{
    const json_t *clicks = json_object_get(object, "clicks");
    const json_t *empty = json_object_get(object, "empty_segments");
    const json_int_t number = json_integer_value(clicks);
    if (!json_is_integer(clicks) || number < 0 || number > EVAL_CLICKS_MAX)
        return error_set(error, ERROR_RECORD, "clicks is not a number from 0 to %d",
                         EVAL_CLICKS_MAX);
    if (!json_is_integer(empty) || json_integer_value(empty) < 0)
        return error_set(error, ERROR_RECORD, "empty_segments is not a whole number");
    image->clicks = (int)number;
    image->boxes = json_is_true(json_object_get(object, "boxes"));
    image->empty_segments = (uint64_t)json_integer_value(empty);
    return 0;
}

static int read_all(struct eval_image *image, const json_t *object, struct error *error)
{
    const json_t *segments = json_object_get(object, "segments");
    const json_t *masks = json_object_get(object, "masks");
    const json_t *overlaps = json_object_get(object, "overlaps");
    if (!json_is_array(segments) || !json_is_array(masks) || !json_is_array(overlaps) ||
        json_array_size(segments) > UINT32_MAX || json_array_size(masks) > UINT32_MAX)
        return error_set(error, ERROR_RECORD, "segments, masks or overlaps is not a list");
    image->segment_count = json_array_size(segments);
    image->mask_count = json_array_size(masks);
    image->overlap_count = json_array_size(overlaps);
    if (read_head(image, object, error) ||
        !(image->segments =
              memory_new(image->segment_count, sizeof *image->segments, "segments", error)) ||
        !(image->masks = memory_new(image->mask_count, sizeof *image->masks, "masks", error)) ||
        !(image->overlaps =
              memory_new(image->overlap_count, sizeof *image->overlaps, "overlaps", error)))
        return -1;
    return read_items(image, segments, "segment", read_segment, error) ||
                   read_items(image, masks, "mask", read_mask, error) ||
                   read_items(image, overlaps, "overlap", read_overlap, error)
               ? -1
               : 0;
}

int eval_image_read(struct eval_image *image, const json_t *object, struct error *error)
{
    int status = read_all(image, object, error);
    if (status)
        eval_image_free(image);
    return status;
}

void eval_image_free(struct eval_image *image)
{
    memory_free(image->segments);
    memory_free(image->masks);
    memory_free(image->overlaps);
    *image = (struct eval_image){0};
}
