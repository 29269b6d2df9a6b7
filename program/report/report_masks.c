#include "program/report/report_masks.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "program/report/report_json.h"
#include "program/report/report_photo.h"
#include "records/record.h"
#include "records/stats.h"
#include "rle/coco.h"
#include "rle/cover.h"

typedef void put_number(struct json_text *text, const struct record *record, size_t index);

/* A column of the masks; null if no mask has it. */
static void put_column(struct json_text *text, const char *name, const struct record *record,
                       unsigned absent, put_number *put)
{
    bool all_absent = absent != 0;
    for (size_t i = 0; all_absent && i < record->masks.count; i++)
        all_absent = (record_absent(record, i) & absent) != 0;
    report_json_next(text, name);
    if (all_absent) {
        json_text_raw(text, "null");
        return;
    }
    json_text_raw(text, "[");
    for (size_t i = 0; i < record->masks.count; i++) {
        if (record_absent(record, i) & absent)
            report_json_number(text, NULL, NAN);
        else
            put(text, record, i);
    }
    json_text_raw(text, "]");
}

static void put_area(struct json_text *text, const struct record *record, size_t index)
{
    report_json_integer(text, NULL, (int64_t)record->masks.items[index].area);
}

static void put_iou(struct json_text *text, const struct record *record, size_t index)
{
    report_json_number(text, NULL, (double)record->masks.items[index].predicted_iou);
}

static void put_stability(struct json_text *text, const struct record *record, size_t index)
{
    report_json_number(text, NULL, (double)record->masks.items[index].stability_score);
}

static void put_point(struct json_text *text, const struct record *record, size_t index)
{
    const double *point = record->masks.items[index].point;
    report_json_next(text, NULL);
    json_text_raw(text, "[");
    report_json_rounded(text, NULL, point[0], 2);
    report_json_rounded(text, NULL, point[1], 2);
    json_text_raw(text, "]");
}

static void put_crop(struct json_text *text, const struct record *record, size_t index)
{
    const struct rect *crop = &record->masks.items[index].crop;
    report_json_next(text, NULL);
    json_text_raw(text, "[");
    report_json_integer(text, NULL, crop->x);
    report_json_integer(text, NULL, crop->y);
    report_json_integer(text, NULL, crop->width);
    report_json_integer(text, NULL, crop->height);
    json_text_raw(text, "]");
}

static void put_id(struct json_text *text, const struct record *record, size_t index)
{
    report_json_integer(text, NULL, record->ids[index]);
}

/* Whether all masks were found in the whole image. */
static bool is_uncropped(const struct record *record)
{
    const struct rect whole = {0, 0, (int32_t)record->width, (int32_t)record->height};
    for (size_t i = 0; i < record->masks.count; i++)
        if (!(record_absent(record, i) & RECORD_NO_CROP) &&
            !rect_equal(record->masks.items[i].crop, whole))
            return false;
    return true;
}

/* Whether ids are 0, 1, 2, ... */
static bool is_counted(const struct record *record)
{
    for (size_t i = 0; record->ids && i < record->masks.count; i++)
        if (record->ids[i] != (int64_t)i)
            return false;
    return true;
}

/* A column of texts, text_of(record, index) or null; null if no mask has one. */
static void put_texts(struct json_text *text, const char *name, const struct record *record,
                      const char *(*text_of)(const struct record *, size_t))
{
    bool any = false;
    for (size_t i = 0; !any && i < record->masks.count; i++)
        any = text_of(record, i) != NULL;
    report_json_next(text, name);
    json_text_raw(text, any ? "[" : "null");
    for (size_t i = 0; any && i < record->masks.count; i++) {
        const char *value = text_of(record, i);
        report_json_next(text, NULL);
        if (value)
            json_text_string(text, value, strlen(value));
        else
            json_text_raw(text, "null");
    }
    json_text_raw(text, any ? "]" : "");
}

/* Who made a mask; NULL where the record does not say so. */
static const char *source_of(const struct record *record, size_t index)
{
    return record_source_name(record->masks.items[index].source);
}

static int put_counts(struct json_text *text, const struct record *record, struct error *error)
{
    report_json_next(text, "counts");
    json_text_raw(text, "[");
    for (size_t i = 0; i < record->masks.count; i++) {
        size_t length;
        char *counts = coco_string(&record->masks.items[i].rle, &length, error);
        if (!counts)
            return -1;
        report_json_next(text, NULL);
        json_text_string(text, counts, length);
        free(counts);
    }
    json_text_raw(text, "]");
    return 0;
}

static int put_jpeg(struct json_text *text, const char *name, const struct report_jpeg *jpeg,
                    struct error *error)
{
    report_json_next(text, name);
    if (!jpeg->bytes) {
        json_text_raw(text, "null");
        return 0;
    }
    size_t length = base64_length(jpeg->size);
    char *base64 = memory_new(length, 1, "base64 of a photograph", error);
    if (!base64)
        return -1;
    base64_encode(base64, jpeg->bytes, jpeg->size);
    json_text_raw(text, "\"");
    json_text_bytes(text, base64, length);
    json_text_raw(text, "\"");
    memory_free(base64);
    return 0;
}

static int put_masks(struct json_text *text, const struct record *record,
                     const struct report_photo *photo, struct error *error)
{
    json_text_raw(text, "{");
    if (put_jpeg(text, "thumb", &photo->thumb, error) || put_counts(text, record, error))
        return -1;
    put_column(text, "area", record, 0, put_area);
    put_column(text, "iou", record, RECORD_NO_IOU, put_iou);
    put_column(text, "stability", record, RECORD_NO_STABILITY, put_stability);
    put_column(text, "point", record, RECORD_NO_POINT, put_point);
    if (is_uncropped(record))
        json_text_raw(text, ",\"crop\":null");
    else
        put_column(text, "crop", record, RECORD_NO_CROP, put_crop);
    if (is_counted(record))
        json_text_raw(text, ",\"id\":null");
    else
        put_column(text, "id", record, 0, put_id);
    put_texts(text, "source", record, source_of);
    put_texts(text, "category", record, record_category);
    json_text_raw(text, "}");
    return 0;
}

int report_masks_put_copy(const struct report_jpeg *copy, struct json_text *text,
                          struct error *error)
{
    json_text_raw(text, "{");
    if (put_jpeg(text, "jpeg", copy, error))
        return -1;
    report_json_integer(text, "width", copy->width);
    report_json_integer(text, "height", copy->height);
    json_text_raw(text, "}");
    return 0;
}

/* The part of the image that lies in a mask, 0..1. */
static int measure_cover(const struct record *record, double *covered, struct error *error)
{
    const double pixels = (double)record->width * record->height;
    struct cover cover;
    if (cover_begin(&cover, record->height, record->width, error))
        return -1;
    for (size_t i = 0; i < record->masks.count; i++)
        cover_add(&cover, &record->masks.items[i].rle);
    *covered = pixels > 0 ? (double)cover_area(&cover) / pixels : 0;
    cover_free(&cover);
    return 0;
}

/* The mean of a score over the masks that have it; NaN if none has. */
static double mean(const struct record *record, unsigned absent, bool stability)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < record->masks.count; i++) {
        const struct mask *mask = &record->masks.items[i];
        if (record_absent(record, i) & absent)
            continue;
        sum += (double)(stability ? mask->stability_score : mask->predicted_iou);
        count++;
    }
    return count ? sum / (double)count : NAN;
}

/* The entry, its measures and both texts in one block. */
static struct report_entry *join(size_t masks, const struct stats_measure *measures,
                                 const struct json_text *entry, const struct json_text *copy,
                                 struct error *error)
{
    size_t measured = masks * sizeof *measures;
    struct report_entry *block = malloc(sizeof *block + measured + entry->used + copy->used);
    if (!block) {
        error_set(error, ERROR_MEMORY, "no memory for %zu masks", masks);
        return NULL;
    }
    *block = (struct report_entry){.masks_length = entry->used, .photo_length = copy->used};
    block->measures = (struct stats_measure *)(block + 1);
    char *text = (char *)block->measures + measured;
    if (measured)
        memcpy(block->measures, measures, measured);
    block->masks = memcpy(text, entry->bytes, entry->used);
    if (copy->used)
        block->photo = memcpy(text + entry->used, copy->bytes, copy->used);
    return block;
}

struct report_entry *report_masks_entry(const struct record *record,
                                        const struct report_photo *photo, struct error *error)
{
    struct json_text text = {0}, copy = {0};
    struct report_entry *entry = NULL;
    double covered;
    struct stats_measure *measures = stats_measure(record, error);
    if (measures && measure_cover(record, &covered, error) == 0 &&
        put_masks(&text, record, photo, error) == 0 &&
        (!photo->copy.bytes || report_masks_put_copy(&photo->copy, &copy, error) == 0)) {
        if (text.no_memory || copy.no_memory)
            error_set(error, ERROR_MEMORY, "no memory for %zu masks", record->masks.count);
        else
            entry = join(record->masks.count, measures, &text, &copy, error);
    }
    if (entry) {
        entry->covered = covered;
        entry->iou = mean(record, RECORD_NO_IOU, false);
        entry->stability = mean(record, RECORD_NO_STABILITY, true);
        entry->missing = photo->missing;
    }
    json_text_free(&text);
    json_text_free(&copy);
    free(measures);
    return entry;
}
