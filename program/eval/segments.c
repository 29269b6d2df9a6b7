#include "program/eval/segments.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/read_file.h"
#include "base/text_mark.h"
#include "records/record.h"
#include "rle/coco.h"

static int read_image(struct segments *segments, const json_t *image, struct error *error)
{
    json_int_t width = json_integer_value(json_object_get(image, "width"));
    json_int_t height = json_integer_value(json_object_get(image, "height"));
    enum { SIDE_MAX = 1 << 30 };
    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX ||
        width * height > UINT32_MAX)
        return error_set(error, ERROR_RECORD, "image.width and image.height are missing or wrong");
    segments->width = (uint32_t)width;
    segments->height = (uint32_t)height;
    return 0;
}

/* Run lengths as a list of numbers. */
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
        return error_set(error, ERROR_RECORD, "the runs do not fill the image");
    return rle_end(rle, error);
}

static int read_mask(const struct segments *segments, struct segment *segment,
                     const json_t *segmentation, struct error *error)
{
    const json_t *size = json_object_get(segmentation, "size");
    const json_t *counts = json_object_get(segmentation, "counts");
    if (json_integer_value(json_array_get(size, 0)) != segments->height ||
        json_integer_value(json_array_get(size, 1)) != segments->width)
        return error_set(error, ERROR_RECORD, "size is not the image's");
    if (json_is_string(counts)) {
        if (coco_parse(&segment->rle, json_string_value(counts), json_string_length(counts),
                       segments->height, segments->width, error) ||
            rle_check(&segment->rle, error))
            return -1;
    } else if (json_is_array(counts)) {
        rle_begin(&segment->rle, segments->height, segments->width);
        if (read_runs(&segment->rle, counts, error))
            return -1;
    } else {
        return error_set(error, ERROR_RECORD, "there are no run lengths");
    }
    segment->area = rle_area(&segment->rle);
    segment->box = rle_box(&segment->rle);
    return segment->area ? 0 : error_set(error, ERROR_RECORD, "the mask is empty");
}

static int read_annotation(const struct segments *segments, struct segment *segment,
                           const json_t *annotation, struct error *error)
{
    const json_t *annotator = json_object_get(annotation, "annotator");
    const json_t *score = json_object_get(annotation, "predicted_iou");
    if (annotator && (!json_is_integer(annotator) || json_integer_value(annotator) < 0))
        return error_set(error, ERROR_RECORD, "annotator is not a whole number from 0");
    if (score && (!json_is_number(score) || !isfinite(json_number_value(score))))
        return error_set(error, ERROR_RECORD, "predicted_iou is not a number");
    segment->annotator = json_integer_value(annotator);
    segment->predicted_iou = json_number_value(score);
    return read_mask(segments, segment, json_object_get(annotation, "segmentation"), error);
}

static int read_document(struct segments *segments, const json_t *root, struct error *error)
{
    const json_t *annotations = json_object_get(root, "annotations");
    if (read_image(segments, json_object_get(root, "image"), error))
        return -1;
    if (!json_is_array(annotations))
        return error_set(error, ERROR_RECORD, "there is no list of annotations");
    for (size_t i = 0; i < json_array_size(annotations); i++) {
        struct segment segment = {0};
        if (read_annotation(segments, &segment, json_array_get(annotations, i), error) ||
            memory_grow((void **)&segments->items, &segments->capacity, segments->count + 1,
                        sizeof *segments->items, error)) {
            rle_free(&segment.rle);
            return error_prefix(error, "annotation %zu", i);
        }
        segments->items[segments->count++] = segment;
    }
    return 0;
}

int segments_parse(struct segments *segments, const char *text, size_t length, struct error *error)
{
    json_error_t syntax;
    const char *wide = text_wide(text, length);
    size_t mark = text_mark(text, length);
    *segments = (struct segments){0};
    if (wide)
        return error_set(error, ERROR_RECORD, "this is %s text; save it as UTF-8", wide);
    json_t *root = json_loadb(text + mark, length - mark, JSON_REJECT_DUPLICATES, &syntax);
    if (!root)
        return error_set(error, ERROR_RECORD, "JSON, line %d: %s", syntax.line, syntax.text);
    int result = read_document(segments, root, error);
    json_decref(root);
    if (result)
        segments_free(segments);
    return result;
}

int segments_read(struct segments *segments, const char *path, struct error *error)
{
    char *text;
    size_t length;
    *segments = (struct segments){0};
    if (read_file(path, RECORD_FILE_MAX, &text, &length, error))
        return -1;
    int result = segments_parse(segments, text, length, error);
    free(text);
    return result ? error_prefix(error, "%s", path) : 0;
}

int segments_choose(struct segments *segments, int64_t annotator, struct error *error)
{
    int64_t wanted = annotator;
    size_t kept = 0;
    if (annotator == SEGMENTS_FIRST_ANNOTATOR)
        for (size_t i = 0; i < segments->count; i++)
            if (i == 0 || segments->items[i].annotator < wanted)
                wanted = segments->items[i].annotator;
    for (size_t i = 0; i < segments->count; i++)
        kept += segments->items[i].annotator == wanted;
    if (segments->count && kept == 0)
        return error_set(error, ERROR_RECORD, "there is no segment of annotator %lld",
                         (long long)annotator);
    kept = 0;
    for (size_t i = 0; i < segments->count; i++) {
        if (segments->items[i].annotator == wanted)
            segments->items[kept++] = segments->items[i];
        else
            rle_free(&segments->items[i].rle);
    }
    segments->count = kept;
    return 0;
}

void segments_free(struct segments *segments)
{
    for (size_t i = 0; i < segments->count; i++)
        rle_free(&segments->items[i].rle);
    free(segments->items);
    *segments = (struct segments){0};
}
