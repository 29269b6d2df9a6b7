#include "records/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/plain_text.h"
#include "base/utf8.h"
#include "rle/coco.h"
#include "rle/mask_shape.h"

void record_free(struct record *record)
{
    free(record->file_name);
    mask_list_free(&record->masks);
    free(record->ids);
    for (size_t i = 0; i < record->extra_count; i++) {
        free(record->extras[i].own);
        free(record->extras[i].more);
    }
    free(record->extras);
    for (size_t i = 0; i < record->category_count; i++)
        free(record->categories[i].name);
    free(record->categories);
    *record = (struct record){0};
}

int64_t record_image_id(const char *relative_path)
{
    return (int64_t)(hash_bytes(relative_path, strlen(relative_path)) >> 12);
}

unsigned record_absent(const struct record *record, size_t index)
{
    return record->masks.items[index].absent;
}

int64_t record_id(const struct record *record, size_t index)
{
    return record->ids ? record->ids[index] : (int64_t)index;
}

const char *record_category(const struct record *record, size_t index)
{
    return index < record->category_count ? record->categories[index].name : NULL;
}

float record_category_score(const struct record *record, size_t index)
{
    return record_category(record, index) ? record->categories[index].score : 0;
}

void record_set_category_score(struct record *record, size_t index, float score)
{
    if (record_category(record, index))
        record->categories[index].score = score;
}

/* Makes the list of categories reach mask `index`. */
static int reach_category(struct record *record, size_t index, struct error *error)
{
    size_t room = record->category_count ? 8 : 0; /* what memory_grow made it */
    while (room < record->category_count)
        room *= 2;
    if (memory_grow((void **)&record->categories, &room, index + 1, sizeof *record->categories,
                    error))
        return -1;
    while (record->category_count <= index)
        record->categories[record->category_count++] = (struct record_category){0};
    return 0;
}

int record_set_category(struct record *record, size_t index, const char *name, struct error *error)
{
    char *copy = name ? strdup(name) : NULL;
    if (name && !copy)
        return error_set(error, ERROR_MEMORY, "no memory for a category");
    if (name && index >= record->category_count && reach_category(record, index, error)) {
        free(copy);
        return -1;
    }
    if (index < record->category_count) {
        free(record->categories[index].name);
        record->categories[index] = (struct record_category){.name = copy};
    }
    return 0;
}

bool record_is_category(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length <= RECORD_CATEGORY_MAX && plain_is(name);
}

static const char *const source_names[] = {
    [MASK_SOURCE_KNOWN] = "known", [MASK_SOURCE_GRID] = "grid", [MASK_SOURCE_POINT] = "point",
    [MASK_SOURCE_BOX] = "box",     [MASK_SOURCE_MASK] = "mask", [MASK_SOURCE_TEXT] = "text",
};
enum { SOURCES = sizeof source_names / sizeof source_names[0] };

const char *record_source_name(enum mask_source source)
{
    return source_names[source];
}

bool record_source_is_person(enum mask_source source)
{
    return source == MASK_SOURCE_POINT || source == MASK_SOURCE_BOX || source == MASK_SOURCE_MASK ||
           source == MASK_SOURCE_TEXT;
}

enum mask_source record_source_of(const char *name)
{
    for (int source = MASK_SOURCE_KNOWN; name && source < SOURCES; source++)
        if (strcmp(name, source_names[source]) == 0)
            return (enum mask_source)source;
    return MASK_SOURCE_NONE;
}

static void append_four(struct json_text *text, const char *name, int64_t a, int64_t b, int64_t c,
                        int64_t d)
{
    const int64_t numbers[4] = {a, b, c, d};
    json_text_raw(text, ", \"");
    json_text_raw(text, name);
    for (size_t i = 0; i < 4; i++) {
        json_text_raw(text, i ? ", " : "\": [");
        json_text_integer(text, numbers[i]);
    }
    json_text_raw(text, "]");
}

static void append_two(struct json_text *text, const char *name, const double xy[2])
{
    json_text_raw(text, ", \"");
    json_text_raw(text, name);
    json_text_raw(text, "\": [");
    json_text_double(text, xy[0]);
    json_text_raw(text, ", ");
    json_text_double(text, xy[1]);
    json_text_raw(text, "]");
}

static void append_real(struct json_text *text, const char *name, double number)
{
    json_text_raw(text, ", \"");
    json_text_raw(text, name);
    json_text_raw(text, "\": ");
    json_text_double(text, number);
}

static void append_text(struct json_text *text, const char *name, const char *value)
{
    json_text_raw(text, ", \"");
    json_text_raw(text, name);
    json_text_raw(text, "\": ");
    json_text_string(text, value, strlen(value));
}

static void append_counts(struct json_text *text, const struct rle *rle)
{
    for (size_t i = 0; i < rle->length; i++) {
        json_text_raw(text, i ? ", " : "[");
        json_text_integer(text, rle->counts[i]);
    }
    json_text_raw(text, "]");
}

static void append_area_fraction(struct json_text *text, const struct mask *mask)
{
    double pixels = (double)mask->rle.width * mask->rle.height;
    append_real(text, "area_fraction", (double)mask->area / pixels);
}

static void append_centroid(struct json_text *text, const struct mask *mask)
{
    double centre[2];
    mask_shape_centroid(&mask->rle, centre);
    append_two(text, "centroid", centre);
}

static void append_bbox_coco(struct json_text *text, const struct mask *mask)
{
    const struct box *box = &mask->box;
    int edge = mask->area > 0; /* an empty mask has no pixels on either edge */
    append_four(text, "bbox_coco", box->x0, box->y0, box->x1 - box->x0 + edge,
                box->y1 - box->y0 + edge);
}

static void append_runs(struct json_text *text, const struct mask *mask)
{
    json_text_raw(text, ", \"runs\": ");
    append_counts(text, &mask->rle);
}

/* Optional members beyond SA-1B's. */
static const struct field {
    const char *name;
    enum record_field bit;
    void (*append)(struct json_text *text, const struct mask *mask);
} known_fields[] = {
    {"area_fraction", RECORD_AREA_FRACTION, append_area_fraction},
    {"centroid", RECORD_CENTROID, append_centroid},
    {"bbox_coco", RECORD_BBOX_COCO, append_bbox_coco},
    {"runs", RECORD_RUNS, append_runs},
};
enum { FIELDS = sizeof known_fields / sizeof known_fields[0] };

int record_fields_parse(unsigned *fields, const char *list, struct error *error)
{
    *fields = 0;
    for (const char *at = list; *at;) {
        size_t length = strcspn(at, ",");
        size_t i = 0;
        while (i < FIELDS && (strlen(known_fields[i].name) != length ||
                              strncmp(known_fields[i].name, at, length) != 0))
            i++;
        if (i == FIELDS) {
            error_set(error, ERROR_USAGE, "unknown field \"%.*s\"; known are", (int)length, at);
            for (i = 0; i < FIELDS; i++)
                error_append(error, " %s", known_fields[i].name);
            return -1;
        }
        *fields |= known_fields[i].bit;
        at += length;
        at += *at == ',';
    }
    return 0;
}

static int append_segmentation(struct json_text *text, const struct rle *rle, unsigned fields,
                               struct error *error)
{
    json_text_raw(text, "{\"segmentation\": {\"size\": [");
    json_text_integer(text, rle->height);
    json_text_raw(text, ", ");
    json_text_integer(text, rle->width);
    json_text_raw(text, "], \"counts\": ");
    if (fields & RECORD_AS_RUNS) {
        append_counts(text, rle);
    } else {
        size_t length;
        char *counts = coco_string(rle, &length, error);
        if (!counts)
            return -1;
        json_text_string(text, counts, length);
        free(counts);
    }
    json_text_raw(text, "}");
    return 0;
}

static void append_point(struct json_text *text, const double point[2])
{
    json_text_raw(text, ", \"point_coords\": [[");
    json_text_double(text, point[0]);
    json_text_raw(text, ", ");
    json_text_double(text, point[1]);
    json_text_raw(text, "]]");
}

/* A mask with what its annotation says beside it. */
struct described {
    const struct mask *mask;
    int64_t id;
    const char *category; /* NULL: none */
    float score;          /* of the category; 0: none */
};

/* Appends an annotation without its last brace. */
static int append_annotation(struct json_text *text, const struct described *described,
                             unsigned fields, struct error *error)
{
    const struct mask *mask = described->mask;
    const struct box *box = &mask->box;
    const struct rect *crop = &mask->crop;
    if (append_segmentation(text, &mask->rle, fields, error))
        return -1;
    json_text_raw(text, ", \"area\": ");
    json_text_integer(text, (int64_t)mask->area);
    append_four(text, "bbox", box->x0, box->y0, box->x1 - box->x0, box->y1 - box->y0);
    if (!(fields & RECORD_NO_IOU))
        append_real(text, "predicted_iou", (double)mask->predicted_iou);
    if (!(fields & RECORD_NO_POINT))
        append_point(text, mask->point);
    if (!(fields & RECORD_NO_STABILITY))
        append_real(text, "stability_score", (double)mask->stability_score);
    if (!(fields & RECORD_NO_CROP))
        append_four(text, "crop_box", crop->x, crop->y, crop->width, crop->height);
    json_text_raw(text, ", \"id\": ");
    json_text_integer(text, described->id);
    if (mask->source)
        append_text(text, "source", record_source_name(mask->source));
    if (described->category)
        append_text(text, "category", described->category);
    if (described->score > 0)
        append_real(text, "category_score", (double)described->score);
    for (size_t i = 0; i < FIELDS; i++)
        if (fields & known_fields[i].bit)
            known_fields[i].append(text, mask);
    return 0;
}

static void append_file_name(struct json_text *text, const char *file_name)
{
    size_t length = strlen(file_name);
    json_text_raw(text, ", \"file_name\": ");
    json_text_string(text, file_name, length);
    if (!utf8_valid(file_name, length)) {
        json_text_raw(text, ", \"file_name_hex\": ");
        json_text_hexadecimal(text, file_name, length);
    }
}

static void append_image(struct json_text *text, const struct record *record)
{
    json_text_raw(text, "{\"image\": {\"image_id\": ");
    json_text_integer(text, record->image_id);
    json_text_raw(text, ", \"width\": ");
    json_text_integer(text, record->width);
    json_text_raw(text, ", \"height\": ");
    json_text_integer(text, record->height);
    append_file_name(text, record->file_name);
    json_text_raw(text, "}, \"annotations\": [");
}

/* Appends annotation `index` of a record. */
static int append_member(struct json_text *text, const struct record *record, size_t index,
                         unsigned fields, struct error *error)
{
    const struct record_extra none = {0};
    const struct record_extra *extra = index < record->extra_count ? &record->extras[index] : &none;
    const struct described described = {.mask = &record->masks.items[index],
                                        .id = record_id(record, index),
                                        .category = record_category(record, index),
                                        .score = record_category_score(record, index)};
    if (extra->own && !(fields & RECORD_AS_RUNS)) {
        json_text_raw(text, extra->own);
        return 0;
    }
    if (append_annotation(text, &described, fields | record_absent(record, index), error))
        return -1;
    json_text_raw(text, extra->more ? extra->more : "");
    json_text_raw(text, "}");
    return 0;
}

char *record_text(const struct record *record, unsigned fields, size_t *length, struct error *error)
{
    struct json_text text = {0};
    append_image(&text, record);
    for (size_t i = 0; i < record->masks.count; i++) {
        if (i)
            json_text_raw(&text, ", ");
        if (append_member(&text, record, i, fields, error)) {
            json_text_free(&text);
            return NULL;
        }
    }
    json_text_raw(&text, "]}");
    return json_text_take(&text, length, error);
}

char *record_error_text(const char *file_name, const char *reason, size_t *length,
                        struct error *error)
{
    struct json_text text = {0};
    json_text_raw(&text, "{\"image\": {\"image_id\": ");
    json_text_integer(&text, record_image_id(file_name));
    append_file_name(&text, file_name);
    json_text_raw(&text, "}, \"error\": ");
    json_text_string(&text, reason, strlen(reason));
    json_text_raw(&text, "}");
    return json_text_take(&text, length, error);
}

char *record_annotation_text(const struct mask *mask, int64_t id, unsigned fields,
                             struct error *error)
{
    const struct described described = {.mask = mask, .id = id};
    struct json_text text = {0};
    if (append_annotation(&text, &described, fields, error)) {
        json_text_free(&text);
        return NULL;
    }
    json_text_raw(&text, "}");
    return json_text_take(&text, NULL, error);
}
