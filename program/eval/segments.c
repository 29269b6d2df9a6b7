#include "program/eval/segments.h"

#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/read_file.h"
#include "records/mask_json.h"
#include "records/record.h"
#include "records/record_document.h"

/* Refuses an image of more pixels than the limit. */
static int check_pixels(const struct segments *segments, int64_t width, int64_t height,
                        struct error *error)
{
    enum { SIDE_MAX = 1 << 30 };
    uint64_t most = segments->max_pixels ? segments->max_pixels : UINT32_MAX;
    if (width < 1 || height < 1 || width > SIDE_MAX || height > SIDE_MAX ||
        width * height > UINT32_MAX)
        return error_set(error, ERROR_RECORD, "image.width and image.height are missing or wrong");
    if ((uint64_t)(width * height) > most)
        return error_set(error, ERROR_RECORD, "%lld x %lld pixels are more than --max-pixels %llu",
                         (long long)width, (long long)height, (unsigned long long)most);
    return 0;
}

static int read_image(struct segments *segments, const json_t *image, struct error *error)
{
    json_int_t width = json_integer_value(json_object_get(image, "width"));
    json_int_t height = json_integer_value(json_object_get(image, "height"));
    if (check_pixels(segments, width, height, error))
        return -1;
    segments->width = (uint32_t)width;
    segments->height = (uint32_t)height;
    return 0;
}

/* The first mask says the size if there is no image object. */
static int read_mask(struct segments *segments, struct segment *segment, const json_t *segmentation,
                     struct outline_left *left, struct error *error)
{
    struct rle *rle = &segment->rle;
    if (mask_json_read(rle, segmentation, segments->height, segments->width, left, error) ||
        check_pixels(segments, rle->width, rle->height, error))
        return -1;
    segments->height = rle->height;
    segments->width = rle->width;
    segment->area = rle_area(rle);
    segment->box = rle_box(rle);
    return 0;
}

/* COCO's members; they are passed over where they are of another kind. */
static void read_coco_members(struct segment *segment, const json_t *annotation)
{
    const json_t *category = json_object_get(annotation, "category_id");
    const json_t *crowd = json_object_get(annotation, "iscrowd");
    const double area = json_number_value(json_object_get(annotation, "area"));
    const json_int_t number = json_integer_value(category);
    segment->category = number > 0 && number <= INT32_MAX ? (int32_t)number : 0;
    segment->crowd = json_is_true(crowd) || json_number_value(crowd) > 0;
    segment->coco_area = isfinite(area) && area > 0 ? area : (double)segment->area;
}

static int read_annotation(struct segments *segments, struct segment *segment,
                           const json_t *annotation, struct outline_left *left, struct error *error)
{
    const json_t *annotator = json_object_get(annotation, "annotator");
    const json_t *score = json_object_get(annotation, "predicted_iou");
    if (annotator && (!json_is_integer(annotator) || json_integer_value(annotator) < 0))
        return error_set(error, ERROR_RECORD, "annotator is not a whole number from 0");
    if (score && (!json_is_number(score) || !isfinite(json_number_value(score))))
        return error_set(error, ERROR_RECORD, "predicted_iou is not a number");
    segment->annotator = json_integer_value(annotator);
    segment->predicted_iou = json_number_value(score);
    if (read_mask(segments, segment, json_object_get(annotation, "segmentation"), left, error))
        return -1;
    read_coco_members(segment, annotation);
    return 0;
}

int segments_add(struct segments *segments, struct segment *segment, struct error *error)
{
    if (memory_grow((void **)&segments->items, &segments->capacity, segments->count + 1,
                    sizeof *segments->items, error)) {
        rle_free(&segment->rle);
        return -1;
    }
    segments->items[segments->count++] = *segment;
    return 0;
}

/* Reads one annotation and adds it. */
static int add_annotation(struct segments *segments, const json_t *annotation,
                          struct outline_left *left, struct error *error)
{
    struct segment segment = {0};
    if (read_annotation(segments, &segment, annotation, left, error)) {
        rle_free(&segment.rle);
        return -1;
    }
    return segments_add(segments, &segment, error);
}

static int read_document(struct segments *segments, struct record_document *document,
                         struct error *error)
{
    struct outline_left left = {.record = OUTLINE_OF_RECORD};
    json_t *annotation;
    int more;
    if (document->image && read_image(segments, document->image, error))
        return -1;
    while ((more = record_document_next(document, &annotation, error))) {
        int status = more > 0 ? add_annotation(segments, annotation, &left, error) : -1;
        json_decref(annotation);
        if (status)
            return error_prefix(error, "annotation %zu", segments->count);
    }
    return 0;
}

int segments_parse(struct segments *segments, const char *text, size_t length, struct error *error)
{
    struct record_document document;
    *segments = (struct segments){.max_pixels = segments->max_pixels};
    if (record_document_open(&document, text, length, error))
        return -1;
    int result = read_document(segments, &document, error);
    record_document_close(&document);
    if (result)
        segments_free(segments);
    return result;
}

int segments_read(struct segments *segments, const struct folder *folder, const char *name,
                  struct error *error)
{
    char *text;
    size_t length;
    if (folder ? folder_read(folder, name, RECORD_FILE_MAX, &text, &length, error)
               : read_file(name, RECORD_FILE_MAX, &text, &length, error))
        return -1;
    int result = segments_parse(segments, text, length, error);
    free(text);
    return result ? error_prefix(error, "%s%s", folder ? folder->prefix : "", name) : 0;
}

/* Sorts the segments: the `kept` of the annotator, then those of others, none of them empty. */
static int put_in_front(struct segments *segments, int64_t annotator, size_t kept,
                        struct error *error)
{
    size_t all = segments->count, front = 0, behind = 0;
    struct segment *others = memory_new(all - kept, sizeof *others, "segments", error);
    if (!others)
        return -1;
    for (size_t i = 0; i < all; i++) {
        struct segment *segment = &segments->items[i];
        const bool chosen = segment->annotator == annotator;
        segments->empty += chosen && segment->area == 0;
        if (segment->area == 0)
            rle_free(&segment->rle);
        else if (chosen)
            segments->items[front++] = *segment;
        else
            others[behind++] = *segment;
    }
    if (behind)
        memcpy(segments->items + front, others, behind * sizeof *others);
    memory_free(others);
    segments->count = front;
    segments->others = behind;
    return 0;
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
    return put_in_front(segments, wanted, kept, error);
}

void segments_free(struct segments *segments)
{
    for (size_t i = 0; i < segments->count + segments->others; i++)
        rle_free(&segments->items[i].rle);
    free(segments->items);
    *segments = (struct segments){.max_pixels = segments->max_pixels};
}
