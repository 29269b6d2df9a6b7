#include "program/predict/detections.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "base/text_mark.h"
#include "program/prompts/prompt_set.h"
#include "records/record_document.h"

const char *detections_name(const struct detections *detections)
{
    return json_string_value(json_object_get(detections->image, "file_name"));
}

static void free_detection(struct detection *detection)
{
    free(detection->fault);
    json_decref(detection->members);
}

void detections_free(struct detections *detections)
{
    for (size_t i = 0; i < detections->count; i++)
        free_detection(&detections->items[i]);
    free(detections->items);
    json_decref(detections->image);
}

void detection_drop(struct detections *detections, size_t index)
{
    struct detection *dropped = &detections->items[index];
    free_detection(dropped);
    detections->count--;
    memmove(dropped, dropped + 1, (detections->count - index) * sizeof *dropped);
}

int detection_prefix(struct error *error, const struct detections *detections,
                     const struct detection *detection)
{
    const json_t *id = json_object_get(detection->members, "id");
    if (json_is_integer(id))
        return error_prefix(error, "%s: box %zu (id %lld)", detections->label, detection->number,
                            (long long)json_integer_value(id));
    return error_prefix(error, "%s: box %zu", detections->label, detection->number);
}

static void tell(const struct detections_visitor *visitor, const struct error *error)
{
    visitor->fault(visitor->context, error->text);
}

/* ---- boxes */

/* Adds a box, whose members and fault it takes over. Returns 0, or -1 with ERROR_MEMORY. */
static int add(struct detections *detections, struct detection *detection, struct error *error)
{
    struct prompt checked = {0};
    struct error fault;
    if (!detection->fault && prompt_set_box(&checked, detection->box, &fault))
        detection->fault = strdup(fault.text);
    if (memory_grow((void **)&detections->items, &detections->capacity, detections->count + 1,
                    sizeof *detections->items, error)) {
        free_detection(detection);
        return -1;
    }
    detections->items[detections->count++] = *detection;
    return 0;
}

/* Reads a list of four numbers; `name` is what it is called. */
static void read_four(struct detection *detection, const json_t *list, const char *name)
{
    bool good = json_array_size(list) == 4;
    for (size_t i = 0; good && i < 4; i++) {
        const json_t *value = json_array_get(list, i);
        good = json_is_number(value);
        detection->box[i] = json_number_value(value);
    }
    if (!good && asprintf(&detection->fault, "%s is not a list of four numbers", name) < 0)
        detection->fault = NULL; /* the box of zeros has another */
    if (!good)
        memset(detection->box, 0, sizeof detection->box);
}

/* ---- COCO */

/* Takes over the annotation. */
static int add_annotation(struct detections *detections, json_t *annotation, size_t number,
                          struct error *error)
{
    struct detection detection = {.number = number, .members = annotation};
    double *box = detection.box;
    read_four(&detection, json_object_get(annotation, "bbox"), "bbox");
    box[2] += box[0];
    box[3] += box[1];
    return add(detections, &detection, error);
}

/* The damaged annotation stands for a box that cannot be used. */
static int add_damaged(struct detections *detections, size_t number, const struct error *fault,
                       struct error *error)
{
    struct detection detection = {
        .number = number, .fault = strdup(fault->text), .members = json_object()};
    return add(detections, &detection, error);
}

/* All annotations of an open document. */
static int take_annotations(struct detections *detections, struct record_document *document,
                            struct error *error)
{
    json_t *annotation;
    int status = 0;
    for (size_t number = 0; status == 0; number++) {
        struct error fault;
        int found = record_document_next(document, &annotation, &fault);
        if (found == 0)
            return 0;
        if (found > 0) {
            status = add_annotation(detections, annotation, number, error);
        } else if (fault.code == ERROR_MEMORY) {
            *error = fault;
            status = -1;
        } else {
            status = add_damaged(detections, number, &fault, error);
        }
    }
    return status;
}

int detections_read_document(const char *text, size_t length, const char *label,
                             const struct detections_visitor *visitor, struct error *error)
{
    struct record_document document;
    struct error fault;
    if (record_document_open(&document, text, length, &fault)) {
        if (fault.code == ERROR_MEMORY) {
            *error = fault;
            return -1;
        }
        error_prefix(&fault, "%s", label);
        tell(visitor, &fault);
        return 0;
    }
    struct detections detections = {.label = label, .image = json_incref(document.image)};
    int status = take_annotations(&detections, &document, error);
    if (status == 0)
        status = visitor->visit(visitor->context, &detections, error);
    detections_free(&detections);
    record_document_close(&document);
    return status;
}

/* ---- NDJSON */

/* A list that is missing, or has a value for each box. */
static bool is_for_each(const json_t *list, size_t boxes)
{
    return !list || (json_is_array(list) && json_array_size(list) == boxes);
}

/* What is wrong with a line as a whole; NULL if nothing is. */
static const char *line_fault(const json_t *line)
{
    const json_t *boxes = json_object_get(line, "boxes");
    if (!json_is_string(json_object_get(line, "image")))
        return "\"image\" must be the name of a file";
    if (!json_is_array(boxes))
        return "\"boxes\" must be a list of [x0, y0, x1, y1]";
    if (!is_for_each(json_object_get(line, "categories"), json_array_size(boxes)))
        return "\"categories\" must have one for each box";
    if (!is_for_each(json_object_get(line, "scores"), json_array_size(boxes)))
        return "\"scores\" must have one for each box";
    return NULL;
}

/* What the line says of its box `i`: an object, or NULL without memory. */
static json_t *line_members(const json_t *line, size_t i)
{
    json_t *category = json_array_get(json_object_get(line, "categories"), i);
    json_t *score = json_array_get(json_object_get(line, "scores"), i);
    json_t *members = json_object();
    if (members && json_is_integer(category))
        json_object_set(members, "category_id", category);
    if (members && json_is_string(category))
        json_object_set(members, "category", category);
    if (members && json_is_number(score))
        json_object_set(members, "score", score);
    return members;
}

static int take_line(const json_t *line, const char *label,
                     const struct detections_visitor *visitor, struct error *error)
{
    const json_t *boxes = json_object_get(line, "boxes");
    struct detections detections = {
        .label = label, .image = json_pack("{s:O}", "file_name", json_object_get(line, "image"))};
    int status = detections.image ? 0 : error_set(error, ERROR_MEMORY, "no memory for boxes");
    for (size_t i = 0; status == 0 && i < json_array_size(boxes); i++) {
        struct detection detection = {.number = i, .members = line_members(line, i)};
        read_four(&detection, json_array_get(boxes, i), "it");
        status = add(&detections, &detection, error);
    }
    if (status == 0)
        status = visitor->visit(visitor->context, &detections, error);
    detections_free(&detections);
    return status;
}

int detections_read_line(const char *text, size_t length, const char *label,
                         const struct detections_visitor *visitor, struct error *error)
{
    json_error_t reason;
    struct error fault = {0};
    size_t mark = text_mark(text, length);
    json_t *line = json_load_bounded(text + mark, length - mark, JSON_REJECT_DUPLICATES, &reason);
    const char *wrong = line ? line_fault(line) : NULL;
    int status = 0;
    if (!line && json_error_code(&reason) == json_error_out_of_memory)
        return error_set(error, ERROR_MEMORY, "no memory for boxes");
    if (!line)
        error_set(&fault, ERROR_RECORD, "%s: not valid JSON: %s", label, reason.text);
    else if (wrong)
        error_set(&fault, ERROR_RECORD, "%s: %s", label, wrong);
    if (fault.code)
        tell(visitor, &fault);
    else
        status = take_line(line, label, visitor, error);
    json_decref(line);
    return status;
}
