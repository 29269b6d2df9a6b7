#include "records/review_event.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "base/plain_text.h"
#include "base/utf8.h"
#include "records/record.h"
#include "records/record_reader.h"

static const char *const op_names[] = {
    [REVIEW_ACCEPT] = "accept", [REVIEW_REJECT] = "reject",   [REVIEW_REOPEN] = "reopen",
    [REVIEW_ADD] = "add",       [REVIEW_REPLACE] = "replace", [REVIEW_REMOVE] = "remove",
    [REVIEW_CLASS] = "class",   [REVIEW_IMAGE] = "image",     [REVIEW_UNDO] = "undo",
};
enum { OPS = sizeof op_names / sizeof op_names[0] };

static const char *const status_names[] = {
    [REVIEW_OPEN_IMAGE] = NULL,
    [REVIEW_DONE] = "done",
    [REVIEW_REJECTED_IMAGE] = "rejected",
};

enum { HASH_DIGITS = 16 };

void review_event_free(struct review_event *event)
{
    free(event->by);
    free(event->image);
    free(event->class_name);
    free(event->annotation);
    *event = (struct review_event){0};
}

/* ---- reading ---- */

static int no_memory(struct error *error)
{
    return error_set(error, ERROR_MEMORY, "no memory for an event");
}

/* A text of 1 to `most` bytes, copied. */
static int read_text(char **text, const json_t *object, const char *name, size_t most,
                     struct error *error)
{
    const json_t *value = json_object_get(object, name);
    const char *bytes = json_string_value(value);
    size_t length = json_string_length(value);
    if (!bytes)
        return error_set(error, ERROR_RECORD, "%s is missing or not a string", name);
    if (length == 0 || length > most || strlen(bytes) != length)
        return error_set(error, ERROR_RECORD, "%s does not have 1 to %zu bytes without NUL", name,
                         most);
    *text = strdup(bytes);
    return *text ? 0 : no_memory(error);
}

/* A text that stands in lists and is shown. */
static int read_line_text(char **text, const json_t *object, const char *name, struct error *error)
{
    if (read_text(text, object, name, REVIEW_TEXT_MAX, error))
        return -1;
    return plain_is(*text) ? 0 : error_set(error, ERROR_RECORD, "%s has a control character", name);
}

static int read_whole(int64_t *number, const json_t *object, const char *name, int64_t least,
                      struct error *error)
{
    const json_t *value = json_object_get(object, name);
    *number = json_integer_value(value);
    return json_is_integer(value) && *number >= least
               ? 0
               : error_set(error, ERROR_RECORD, "%s is missing or not a whole number from %lld on",
                           name, (long long)least);
}

static int read_op(struct review_event *event, const json_t *object, struct error *error)
{
    const char *name = json_string_value(json_object_get(object, "op"));
    for (int op = 0; name && op < OPS; op++)
        if (strcmp(name, op_names[op]) == 0) {
            event->op = (enum review_op)op;
            return 0;
        }
    return error_set(error, ERROR_RECORD,
                     "op is none of accept, reject, reopen, add, replace, remove, class, image and "
                     "undo");
}

/* Null has a meaning of its own, so the member must be there. */
static int read_class(struct review_event *event, const json_t *object, struct error *error)
{
    const json_t *value = json_object_get(object, "class");
    return json_is_null(value) ? 0 : read_line_text(&event->class_name, object, "class", error);
}

static int read_status(struct review_event *event, const json_t *object, struct error *error)
{
    const json_t *value = json_object_get(object, "status");
    const char *name = json_string_value(value);
    if (json_is_null(value))
        return 0;
    for (int status = REVIEW_DONE; name && status <= REVIEW_REJECTED_IMAGE; status++)
        if (strcmp(name, status_names[status]) == 0) {
            event->status = (enum review_status)status;
            return 0;
        }
    return error_set(error, ERROR_RECORD, "status is none of \"done\", \"rejected\" and null");
}

/* The annotation as records have it. Its id is the event's mask; of the points of several clicks, the first
 * stays. A new reference. */
static json_t *as_in_record(const json_t *annotation)
{
    json_t *copy = json_copy((json_t *)annotation);
    json_object_del(copy, "id");
    json_t *points = json_object_get(copy, "point_coords");
    if (json_is_null(points) || (json_is_array(points) && json_array_size(points) == 0))
        json_object_del(copy, "point_coords");
    else if (json_array_size(points) > 1 &&
             json_object_set_new(copy, "point_coords",
                                 json_pack("[O]", json_array_get(points, 0)))) {
        json_decref(copy);
        return NULL;
    }
    return copy;
}

/* Checks who made the one mask of `record`, and takes it over as text. */
static int take_annotation(struct review_event *event, const struct record *record,
                           struct error *error)
{
    const struct mask *mask = &record->masks.items[0];
    if (!record_source_is_person(mask->source))
        return error_set(error, ERROR_RECORD, "source is none of point, box and mask");
    event->width = record->width;
    event->height = record->height;
    /* Whoever does not say so prompted the whole image. */
    const unsigned absent = mask->absent & ~(unsigned)RECORD_NO_CROP;
    event->annotation = record_annotation_text(mask, event->mask, absent, error);
    return event->annotation ? 0 : -1;
}

static int read_annotation(struct review_event *event, const json_t *object, struct error *error)
{
    const json_t *annotation = json_object_get(object, "annotation");
    struct record record;
    if (!json_is_object(annotation))
        return error_set(error, ERROR_RECORD, "annotation is missing or not an object");
    json_t *one = as_in_record(annotation);
    if (!one)
        return no_memory(error);
    int status = record_reader_one(&record, one, error);
    json_decref(one);
    if (status == 0) {
        status = take_annotation(event, &record, error);
        record_free(&record);
    }
    return status ? error_prefix(error, "annotation") : 0;
}

int review_event_name_mask(struct review_event *event, int64_t id, struct error *error)
{
    json_t *object = json_object();
    json_t *old = json_load_bounded(event->annotation, strlen(event->annotation), 0, NULL);
    int status = json_object_set_new(object, "annotation", old);
    free(event->annotation);
    event->annotation = NULL;
    event->mask = id;
    status = status ? no_memory(error) : read_annotation(event, object, error);
    json_decref(object);
    return status;
}

static int read_mask_id(struct review_event *event, const json_t *object, struct error *error)
{
    bool chosen = event->op == REVIEW_ADD && !json_object_get(object, "mask");
    event->mask = -1;
    if (chosen)
        return 0;
    if (read_whole(&event->mask, object, "mask", 0, error))
        return -1;
    return event->op != REVIEW_ADD || event->mask <= REVIEW_ID_MAX
               ? 0
               : error_set(error, ERROR_RECORD, "mask is above 2^53 - 1");
}

/* The members that belong to the op. */
static int read_members(struct review_event *event, const json_t *object, struct error *error)
{
    int64_t undoes = 0;
    switch (event->op) {
    case REVIEW_IMAGE:
        return read_status(event, object, error);
    case REVIEW_UNDO:
        if (read_whole(&undoes, object, "undoes", 1, error))
            return -1;
        event->undoes = (uint64_t)undoes;
        return 0;
    case REVIEW_ADD:
    case REVIEW_REPLACE:
        return read_mask_id(event, object, error) || read_annotation(event, object, error) ? -1 : 0;
    case REVIEW_CLASS:
        return read_mask_id(event, object, error) || read_class(event, object, error) ? -1 : 0;
    case REVIEW_ACCEPT:
    case REVIEW_REJECT:
    case REVIEW_REOPEN:
    case REVIEW_REMOVE:
        break;
    }
    return read_mask_id(event, object, error);
}

int review_event_request(struct review_event *event, const json_t *object, struct error *error)
{
    *event = (struct review_event){.mask = -1};
    if (!json_is_object(object))
        return error_set(error, ERROR_RECORD, "it is no JSON object");
    if (read_op(event, object, error) == 0 && read_members(event, object, error) == 0)
        return 0;
    review_event_free(event);
    return -1;
}

/* The image's name: its bytes in hexadecimal are exact. */
static int read_image(struct review_event *event, const json_t *object, struct error *error)
{
    if (!json_object_get(object, "image_hex"))
        return read_text(&event->image, object, "image", REVIEW_NAME_MAX, error);
    if (read_text(&event->image, object, "image_hex", 2 * (size_t)REVIEW_NAME_MAX, error))
        return -1;
    return hex_decode_name(event->image)
               ? 0
               : error_set(error, ERROR_RECORD, "image_hex is not a list of bytes in hexadecimal");
}

/* The hash of a record, if the event tells it. */
static int read_record(struct review_event *event, const json_t *object, struct error *error)
{
    static const char digits[] = "0123456789abcdef";
    const json_t *value = json_object_get(object, "record");
    const char *text = json_string_value(value);
    event->of_record = value;
    if (!value)
        return 0;
    if (json_string_length(value) != HASH_DIGITS || strspn(text, digits) != HASH_DIGITS)
        return error_set(error, ERROR_RECORD, "record is not %d hexadecimal digits", HASH_DIGITS);
    event->record = strtoull(text, NULL, 16);
    return 0;
}

/* The members that the log adds to a request. */
static int read_log_members(struct review_event *event, const json_t *object, struct error *error)
{
    const json_t *time = json_object_get(object, "time");
    int64_t number;
    if (read_whole(&number, object, "event", 1, error))
        return -1;
    event->number = (uint64_t)number;
    event->time = json_number_value(time);
    if (!json_is_number(time) || event->time < 0)
        return error_set(error, ERROR_RECORD, "time is missing or not seconds since 1970");
    if (event->op == REVIEW_ADD && event->mask < 0)
        return error_set(error, ERROR_RECORD, "mask is missing");
    return read_line_text(&event->by, object, "by", error) || read_image(event, object, error) ||
                   read_record(event, object, error)
               ? -1
               : 0;
}

int review_event_line(struct review_event *event, const char *line, size_t length,
                      struct error *error)
{
    json_error_t reason;
    *event = (struct review_event){0};
    if (length == 0)
        return error_set(error, ERROR_RECORD, "the line is empty");
    json_t *object = json_load_bounded(line, length, JSON_REJECT_DUPLICATES, &reason);
    if (!object && json_error_code(&reason) == json_error_out_of_memory)
        return no_memory(error);
    if (!object)
        return error_set(error, ERROR_RECORD, "JSON: %s", reason.text);
    int status = review_event_request(event, object, error);
    if (status == 0 && read_log_members(event, object, error)) {
        review_event_free(event);
        status = -1;
    }
    json_decref(object);
    return status;
}

/* ---- writing ---- */

static void put_text(struct json_text *text, const char *name, const char *value)
{
    json_text_raw(text, name);
    if (value)
        json_text_string(text, value, strlen(value));
    else
        json_text_raw(text, "null");
}

static void put_integer(struct json_text *text, const char *name, int64_t value)
{
    json_text_raw(text, name);
    json_text_integer(text, value);
}

static void put_image(struct json_text *text, const struct review_event *event)
{
    size_t length = strlen(event->image);
    char digits[HASH_DIGITS + 1];
    put_text(text, ", \"image\": ", event->image);
    if (!utf8_valid(event->image, length)) {
        json_text_raw(text, ", \"image_hex\": ");
        json_text_hexadecimal(text, event->image, length);
    }
    if (!event->of_record)
        return;
    snprintf(digits, sizeof digits, "%016llx", (unsigned long long)event->record);
    put_text(text, ", \"record\": ", digits);
}

static void put_members(struct json_text *text, const struct review_event *event)
{
    if (event->op == REVIEW_UNDO)
        put_integer(text, ", \"undoes\": ", (int64_t)event->undoes);
    else if (event->op == REVIEW_IMAGE)
        put_text(text, ", \"status\": ", status_names[event->status]);
    else
        put_integer(text, ", \"mask\": ", event->mask);
    if (event->op == REVIEW_CLASS)
        put_text(text, ", \"class\": ", event->class_name);
    if (event->op == REVIEW_ADD || event->op == REVIEW_REPLACE) {
        json_text_raw(text, ", \"annotation\": ");
        json_text_raw(text, event->annotation);
    }
}

char *review_event_text(const struct review_event *event, size_t *length, struct error *error)
{
    struct json_text text = {0};
    put_integer(&text, "{\"event\": ", (int64_t)event->number);
    json_text_raw(&text, ", \"time\": ");
    json_text_double(&text, round(event->time * 1000) / 1000);
    put_text(&text, ", \"by\": ", event->by);
    put_image(&text, event);
    put_text(&text, ", \"op\": ", op_names[event->op]);
    put_members(&text, event);
    json_text_raw(&text, "}\n");
    return json_text_take(&text, length, error);
}
