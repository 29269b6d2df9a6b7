#include "records/record_known.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_cursor.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "records/record_document.h"
#include "records/record_reader.h"

static const int64_t ID_MOST = INT64_C(1) << 53; /* what a double holds exactly */

void record_known_free(struct record_known *known)
{
    record_free(&known->record);
    for (size_t i = 0; i < known->box_count; i++) {
        free(known->boxes[i].more);
        free(known->boxes[i].category);
    }
    free(known->boxes);
    *known = (struct record_known){0};
}

/* Takes the text over, or notes that there was no memory for it. */
static int take_text(struct record_reader *reader, struct json_text *text, char **to)
{
    struct error error;
    *to = json_text_take(text, NULL, &error);
    return *to ? 0 : reader_no_memory(reader);
}

/* The id, or -1 if the annotation has none. */
static int read_id(struct record_reader *reader, const json_t *annotation, int64_t *id)
{
    const int64_t range[2] = {0, ID_MOST};
    *id = -1;
    if (json_is_null(json_object_get(annotation, "id")))
        return 0;
    return reader_integer(reader, annotation, "id", range, id) < 0 ? -1 : 0;
}

/* ---- boxes ---- */

static bool is_box(const json_t *annotation)
{
    const json_t *segmentation = json_object_get(annotation, "segmentation");
    bool none = !segmentation || json_is_null(segmentation) ||
                (json_is_array(segmentation) && json_array_size(segmentation) == 0);
    return none && json_object_get(annotation, "bbox");
}

/* Reads [x, y, width, height] and cuts it to the image. */
static int read_corners(struct record_reader *reader, const json_t *annotation, double corners[4])
{
    const json_t *list = json_object_get(annotation, "bbox");
    const double sides[2] = {reader->record->width, reader->record->height};
    double bbox[4];
    for (size_t i = 0; i < 4; i++) {
        const json_t *value = json_array_get(list, i);
        bbox[i] = json_number_value(value);
        if (json_array_size(list) != 4 || !json_is_number(value) || !isfinite(bbox[i]))
            return reader_fault(reader, "bbox is not a list of 4 numbers");
    }
    for (size_t axis = 0; axis < 2; axis++) {
        corners[axis] = fmax(bbox[axis], 0);
        corners[axis + 2] = fmin(bbox[axis] + bbox[axis + 2], sides[axis]);
        if (!(corners[axis] < corners[axis + 2]))
            return reader_fault(reader, "bbox [%g, %g, %g, %g] has no part in the image", bbox[0],
                                bbox[1], bbox[2], bbox[3]);
    }
    return 0;
}

/* Whether a mask's annotation says that of its own. */
static bool is_of_mask(const char *key)
{
    static const char *const own[] = {
        "segmentation", "area", "predicted_iou", "point_coords",  "stability_score",
        "crop_box",     "id",   "source",        "area_fraction", "centroid",
        "bbox_coco",    "runs", "box",
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(key, own[i]) == 0)
            return true;
    return false;
}

/* The name of its class, if it has one. */
static int copy_category(struct record_reader *reader, const json_t *annotation,
                         struct known_box *box)
{
    const char *name = json_string_value(json_object_get(annotation, "category"));
    if (!name || !record_is_category(name))
        return 0;
    box->category = strdup(name);
    return box->category ? 0 : reader_no_memory(reader);
}

/* The annotation's other members as they were written; `annotation` has the same ones in the same order. */
static int copy_members(struct record_reader *reader, const struct record_document *document,
                        json_t *annotation, struct known_box *box)
{
    struct json_text text = {0};
    struct json_cursor cursor;
    struct json_piece value;
    char ignored[JSON_KEY]; /* has not all names */
    const char *behind = document->annotation;
    json_cursor_text(&cursor, document->annotation, document->annotation_length);
    json_cursor_enter(&cursor, '{');
    for (void *member = json_object_iter(annotation); member;
         member = json_object_iter_next(annotation, member)) {
        const char *key = json_object_iter_key(member);
        if (json_cursor_next(&cursor, ignored) <= 0 || json_cursor_skip(&cursor, &value))
            break;
        const char *from = strchr(behind, '"'); /* its name */
        behind = document->annotation + value.offset + value.length;
        if (is_of_mask(key) || (box->category && strcmp(key, "category") == 0))
            continue;
        bool is_bbox = strcmp(key, "bbox") == 0;
        from = is_bbox ? document->annotation + value.offset : from;
        json_text_raw(&text, is_bbox ? ", \"box\": " : ", ");
        json_text_bytes(&text, from, (size_t)(behind - from));
    }
    return take_text(reader, &text, &box->more);
}

static int take_box(struct record_reader *reader, const struct record_document *document,
                    const json_t *annotation)
{
    struct record_known *known = reader->known;
    struct known_box box = {.id = -1};
    if (read_corners(reader, annotation, box.corners) || read_id(reader, annotation, &box.id))
        return -1;
    if (memory_grow((void **)&known->boxes, &known->box_capacity, known->box_count + 1,
                    sizeof *known->boxes, reader->error))
        return reader_no_memory(reader);
    int status = copy_category(reader, annotation, &box);
    if (status == 0)
        status = copy_members(reader, document, (json_t *)annotation, &box);
    known->boxes[known->box_count++] = box; /* which owns its texts */
    return status;
}

/* ---- masks ---- */

/* The annotation's text, with "source": "known" unless it says one. */
static int copy_own(struct record_reader *reader, const struct record_document *document,
                    const json_t *annotation, char **own)
{
    struct json_text text = {0};
    size_t length = document->annotation_length - 1; /* without the brace */
    json_text_bytes(&text, document->annotation, length);
    if (!json_object_get(annotation, "source"))
        json_text_raw(&text, ", \"source\": \"known\"");
    json_text_raw(&text, "}");
    return take_text(reader, &text, own);
}

static int take_mask(struct record_reader *reader, const struct record_document *document,
                     const json_t *annotation)
{
    struct record *record = reader->record;
    struct record_extra extra = {0};
    int64_t id;
    if (json_is_null(json_object_get(annotation, "id"))) /* its text would have two */
        return reader_fault(reader, "id is null; give it a number, or leave it out");
    if (read_id(reader, annotation, &id) || reader_annotation(reader, annotation) ||
        copy_own(reader, document, annotation, &extra.own))
        return -1;
    size_t capacity = record->extra_count;
    if ((capacity & (capacity - 1)) == 0) { /* full: it grows by powers of two */
        size_t room = capacity ? 2 * capacity : 1;
        struct record_extra *grown = reallocarray(record->extras, room, sizeof *grown);
        if (!grown) {
            free(extra.own);
            return reader_no_memory(reader);
        }
        record->extras = grown;
    }
    record->extras[record->extra_count++] = extra;
    record->ids[record->masks.count - 1] = id;
    return 0;
}

int record_known_take(struct record_reader *reader, const struct record_document *document,
                      const json_t *annotation)
{
    reader->found = 0;
    if (document->annotation_has_nan)
        return reader_fault(reader, "it has NaN, which JSON has not");
    return is_box(annotation) ? take_box(reader, document, annotation)
                              : take_mask(reader, document, annotation);
}

/* ---- ids ---- */

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Copies the ids that there are, and refuses one that is there twice. */
static int check_ids(struct record_reader *reader)
{
    struct record_known *known = reader->known;
    size_t masks = known->record.masks.count, count = 0;
    int64_t *ids = reallocarray(NULL, masks + known->box_count + 1, sizeof *ids);
    if (!ids)
        return reader_no_memory(reader);
    for (size_t i = 0; i < masks; i++)
        if (known->record.ids[i] >= 0)
            ids[count++] = known->record.ids[i];
    for (size_t i = 0; i < known->box_count; i++)
        if (known->boxes[i].id >= 0)
            ids[count++] = known->boxes[i].id;
    qsort(ids, count, sizeof *ids, compare);
    int status = 0;
    for (size_t i = 1; status == 0 && i < count; i++)
        if (ids[i] == ids[i - 1])
            status = reader_fault(reader, "id %lld stands in more than one annotation",
                                  (long long)ids[i]);
    known->next_id = count ? ids[count - 1] + 1 : 0;
    free(ids);
    return status;
}

/* Writes an id into an annotation's text. */
static int add_id(struct record_reader *reader, char **own, int64_t id)
{
    struct json_text text = {0};
    json_text_bytes(&text, *own, strlen(*own) - 1);
    json_text_raw(&text, ", \"id\": ");
    json_text_integer(&text, id);
    json_text_raw(&text, "}");
    free(*own);
    return take_text(reader, &text, own);
}

int record_known_end(struct record_reader *reader)
{
    struct record_known *known = reader->known;
    struct record *record = &known->record;
    if (check_ids(reader))
        return -1;
    for (size_t i = 0; i < record->masks.count; i++)
        if (record->ids[i] < 0) {
            record->ids[i] = known->next_id++;
            if (add_id(reader, &record->extras[i].own, record->ids[i]))
                return -1;
        }
    for (size_t i = 0; i < known->box_count; i++)
        if (known->boxes[i].id < 0)
            known->boxes[i].id = known->next_id++;
    return 0;
}

int record_known_parse(struct record_known *known, const struct record_source *text,
                       struct size image, struct error *error)
{
    struct record_reader reader = {.record = &known->record,
                                   .known = known,
                                   .annotation = -1,
                                   .outline = {.record = OUTLINE_OF_RECORD},
                                   .error = error};
    *known = (struct record_known){
        .record = {.width = (uint32_t)image.width, .height = (uint32_t)image.height}};
    int status = reader_record(&reader, text);
    if (status)
        record_known_free(known);
    return status;
}

/* Makes room for `count` ids, and for what the known masks and the boxes say. */
static int make_room(struct record_known *known, size_t count, struct error *error)
{
    struct record *record = &known->record;
    size_t extras = record->extra_count + known->box_count;
    int64_t *ids = reallocarray(record->ids, count + 1, sizeof *ids);
    if (ids)
        record->ids = ids;
    struct record_extra *grown = reallocarray(record->extras, extras + 1, sizeof *grown);
    if (grown)
        record->extras = grown;
    return ids && grown ? 0 : error_set(error, ERROR_MEMORY, "no memory for %zu masks", count);
}

int record_known_join(struct record_known *known, struct record *record, struct error *error)
{
    struct record *first = &known->record;
    size_t masks = first->masks.count, boxes = known->box_count;
    size_t count = masks + record->masks.count;
    if (make_room(known, count, error))
        return -1;
    for (size_t i = 0; i < boxes; i++) {
        record->masks.items[i].absent |= RECORD_NO_POINT;
        first->ids[masks + i] = known->boxes[i].id;
        first->extras[first->extra_count++] = (struct record_extra){.more = known->boxes[i].more};
        known->boxes[i].more = NULL;
        if (record_set_category(first, masks + i, known->boxes[i].category, error))
            return -1;
    }
    for (size_t i = masks + boxes; i < count; i++)
        first->ids[i] = known->next_id++;
    if (mask_list_append(&first->masks, &record->masks, error))
        return -1;
    record->masks = first->masks;
    record->ids = first->ids;
    record->extras = first->extras;
    record->extra_count = first->extra_count;
    record->categories = first->categories;
    record->category_count = first->category_count;
    *first = (struct record){0};
    return 0;
}
