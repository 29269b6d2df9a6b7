#include "program/predict/instances.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "program/predict/json_value.h"
#include "records/record.h"
#include "rle/coco.h"

struct instances {
    enum detections_form form;
    struct atomic_file file;
    FILE *images; /* temporary: the list "images", which follows the annotations; NULL of results */
    json_t *categories; /* owned: a list */
    uint64_t image_count, annotation_count;
};

/* ---- opening */

static int start(struct instances *instances, const struct folder *folder, struct error *error)
{
    bool results = instances->form == DETECTIONS_RESULTS;
    const char *head = results ? "["
                               : "{\"info\": {\"description\": \"masks by maskmill\"}, "
                                 "\"licenses\": [],\n\"annotations\": [";
    if (atomic_open(&instances->file, folder,
                    results ? "@coco-results/results.json" : "@coco/instances.json", error))
        return -1;
    if (!results && !(instances->images = tmpfile()))
        return error_set_system(error, ERROR_IO, errno, "%s: a temporary file cannot be made",
                                folder->path);
    return atomic_append(&instances->file, head, strlen(head), error);
}

struct instances *instances_open(const struct folder *folder, enum detections_form form,
                                 json_t *categories, bool overwrite, struct error *error)
{
    const char *name =
        form == DETECTIONS_RESULTS ? "@coco-results/results.json" : "@coco/instances.json";
    if (!overwrite && folder_has(folder, name)) {
        error_set(error, ERROR_USAGE, "%s%s: is there already; --overwrite replaces it",
                  folder->prefix, name);
        return NULL;
    }
    struct instances *instances = memory_new(1, sizeof *instances, "instances", error);
    if (!instances)
        return NULL;
    instances->form = form;
    instances->categories = json_is_array(categories) ? json_incref(categories) : json_array();
    if (start(instances, folder, error) == 0)
        return instances;
    instances_abandon(instances);
    return NULL;
}

/* ---- categories */

/* The category whose member has that value, or NULL. */
static json_t *find_category(const struct instances *instances, const char *member,
                             const json_t *value)
{
    for (size_t i = 0; value && i < json_array_size(instances->categories); i++) {
        json_t *category = json_array_get(instances->categories, i);
        if (json_equal(json_object_get(category, member), value))
            return category;
    }
    return NULL;
}

const char *instances_category(const struct instances *instances, const struct detection *detection)
{
    const json_t *own = json_object_get(detection->members, "category");
    const json_t *id = json_object_get(detection->members, "category_id");
    if (instances->form == DETECTIONS_NDJSON || !id)
        return json_string_value(own); /* numbers have no names */
    return json_string_value(json_object_get(find_category(instances, "id", id), "name"));
}

/* A category's number that none has. */
static json_int_t free_id(const struct instances *instances)
{
    json_int_t most = 0;
    for (size_t i = 0; i < json_array_size(instances->categories); i++) {
        const json_t *category = json_array_get(instances->categories, i);
        json_int_t id = json_integer_value(json_object_get(category, "id"));
        most = id > most ? id : most;
    }
    return most + 1;
}

static int add_category(struct instances *instances, json_int_t id, const char *name,
                        struct error *error)
{
    json_t *category = json_pack("{s:I, s:s, s:s}", "id", id, "name", name, "supercategory", name);
    if (!category || json_array_append_new(instances->categories, category))
        return error_set(error, ERROR_MEMORY, "no memory for a category");
    return 0;
}

/* The number of the category of a box without "category_id", which is added to the list if it is new. One
 * without any category has "object". */
static int number_category(struct instances *instances, const json_t *members, json_int_t *number,
                           struct error *error)
{
    const char *name = json_string_value(json_object_get(members, "category"));
    json_t *wanted = json_string(name ? name : "object");
    const json_t *known = find_category(instances, "name", wanted);
    int status = 0;
    *number = known ? json_integer_value(json_object_get(known, "id")) : free_id(instances);
    if (!known)
        status = add_category(instances, *number, name ? name : "object", error);
    json_decref(wanted);
    return status;
}

/* Lists the categories of NDJSON that are numbers, called by their number. */
static int list_numbers(struct instances *instances, const struct detections *detections,
                        struct error *error)
{
    for (size_t i = 0; i < detections->count; i++) {
        const json_t *id = json_object_get(detections->items[i].members, "category_id");
        char name[32];
        if (!id || find_category(instances, "id", id))
            continue;
        snprintf(name, sizeof name, "%lld", (long long)json_integer_value(id));
        if (add_category(instances, json_integer_value(id), name, error))
            return -1;
    }
    return 0;
}

/* ---- annotations */

/* Members that the mask has in place of the box's own; of NDJSON, "category" became a number. */
static bool is_replaced(const struct instances *instances, const char *name)
{
    static const char *const names[] = {"segmentation", "area",          "bbox",
                                        "iscrowd",      "predicted_iou", "stability_score",
                                        "prompt_box"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return instances->form == DETECTIONS_NDJSON && strcmp(name, "category") == 0;
}

static void append_integer(struct json_text *text, const char *before, int64_t number)
{
    json_text_raw(text, before);
    json_text_integer(text, number);
}

static int append_segmentation(struct json_text *text, const struct rle *rle, struct error *error)
{
    size_t length;
    char *counts = coco_string(rle, &length, error);
    if (!counts)
        return -1;
    append_integer(text, ", \"segmentation\": {\"size\": [", rle->height);
    append_integer(text, ", ", rle->width);
    json_text_raw(text, "], \"counts\": ");
    json_text_string(text, counts, length);
    json_text_raw(text, "}");
    free(counts);
    return 0;
}

/* What COCO's tools find out for themselves in a result: if it has a bbox, they take that for its area. */
static void append_extent(struct json_text *text, const struct mask *mask)
{
    const struct box *box = &mask->box;
    int edge = mask->area > 0; /* an empty mask has no last column */
    append_integer(text, ", \"area\": ", (int64_t)mask->area);
    append_integer(text, ", \"bbox\": [", box->x0);
    append_integer(text, ", ", box->y0);
    append_integer(text, ", ", box->x1 - box->x0 + edge);
    append_integer(text, ", ", box->y1 - box->y0 + edge);
    json_text_raw(text, "], \"iscrowd\": 0");
}

static void append_scores(struct json_text *text, const struct mask *mask)
{
    json_text_raw(text, ", \"predicted_iou\": ");
    json_text_double(text, (double)mask->predicted_iou);
    json_text_raw(text, ", \"stability_score\": ");
    json_text_double(text, (double)mask->stability_score);
}

static void append_box(struct json_text *text, const struct detection *detection)
{
    const json_t *own = json_object_get(detection->members, "bbox");
    const double *box = detection->box;
    if (own) {
        json_value_member(text, "prompt_box", own);
        return;
    }
    for (int i = 0; i < 4; i++) {
        json_text_raw(text, i ? ", " : ", \"prompt_box\": [");
        json_text_double(text, i < 2 ? box[i] : box[i] - box[i - 2]);
    }
    json_text_raw(text, "]");
}

/* Appends a member's name, behind a comma unless it is the object's first. */
static void append_name(struct json_text *text, const char *name, bool *first)
{
    json_text_raw(text, *first ? "" : ", ");
    json_text_string(text, name, strlen(name));
    json_text_raw(text, ": ");
    *first = false;
}

static void append_number(struct json_text *text, const char *name, int64_t number, bool *first)
{
    append_name(text, name, first);
    json_text_integer(text, number);
}

/* The members that the box came with, behind the ids that it came without. */
static int append_own(struct json_text *text, struct instances *instances,
                      const struct detection *detection, const struct record *record, size_t number,
                      struct error *error)
{
    const char *name;
    json_t *value;
    json_t *members = detection->members;
    json_int_t category;
    bool first = true;
    json_text_raw(text, "{");
    if (instances->form != DETECTIONS_RESULTS && !json_object_get(members, "id"))
        append_number(text, "id", (int64_t)(instances->annotation_count + number + 1), &first);
    if (!json_object_get(members, "image_id"))
        append_number(text, "image_id", record->image_id, &first);
    if (!json_object_get(members, "category_id")) {
        if (number_category(instances, members, &category, error))
            return -1;
        append_number(text, "category_id", category, &first);
    }
    json_object_foreach(members, name, value)
    {
        if (is_replaced(instances, name))
            continue;
        append_name(text, name, &first);
        json_value_append(text, value);
    }
    return 0;
}

static int append_annotation(struct json_text *text, struct instances *instances,
                             const struct detections *detections, const struct record *record,
                             size_t number, struct error *error)
{
    const struct detection *detection = &detections->items[number];
    const struct mask *mask = &record->masks.items[number];
    json_text_raw(text, instances->annotation_count + number ? ",\n" : "\n");
    if (append_own(text, instances, detection, record, number, error) ||
        append_segmentation(text, &mask->rle, error))
        return -1;
    if (instances->form != DETECTIONS_RESULTS)
        append_extent(text, mask);
    append_scores(text, mask);
    append_box(text, detection);
    json_text_raw(text, "}");
    return 0;
}

/* ---- images */

/* The image's object, with the size and the id that it may lack. */
static void append_image(struct json_text *text, const json_t *image, const struct record *record)
{
    const char *name;
    json_t *value;
    bool first = true;
    json_text_raw(text, "{");
    if (!json_object_get(image, "id"))
        append_number(text, "id", record->image_id, &first);
    json_object_foreach((json_t *)image, name, value)
    {
        if (strcmp(name, "width") == 0 || strcmp(name, "height") == 0)
            continue;
        append_name(text, name, &first);
        json_value_append(text, value);
    }
    append_integer(text, ", \"width\": ", record->width);
    append_integer(text, ", \"height\": ", record->height);
    json_text_raw(text, "}");
}

static int add_image(struct instances *instances, const json_t *image, const struct record *record,
                     struct error *error)
{
    struct json_text text = {0};
    size_t length;
    if (!instances->images)
        return 0;
    json_text_raw(&text, instances->image_count ? ",\n" : "\n");
    append_image(&text, image, record);
    char *line = json_text_take(&text, &length, error);
    if (!line)
        return -1;
    size_t written = fwrite(line, 1, length, instances->images);
    free(line);
    return written == length
               ? 0
               : error_set_system(error, ERROR_IO, errno,
                                  "%s: its list of images cannot be written", instances->file.path);
}

int instances_add(struct instances *instances, const struct detections *detections,
                  const struct record *record, struct error *error)
{
    struct json_text text = {0};
    size_t length;
    if (instances->form == DETECTIONS_NDJSON && list_numbers(instances, detections, error))
        return -1;
    for (size_t i = 0; i < detections->count; i++)
        if (append_annotation(&text, instances, detections, record, i, error)) {
            json_text_free(&text);
            return -1;
        }
    char *lines = json_text_take(&text, &length, error);
    int status = lines ? add_image(instances, detections->image, record, error) : -1;
    if (status == 0)
        status = atomic_append(&instances->file, lines, length, error);
    free(lines);
    if (status == 0) {
        instances->annotation_count += detections->count;
        instances->image_count++;
    }
    return status;
}

/* ---- closing */

/* Appends the images' lines from the temporary file. */
static int append_images(struct instances *instances, struct error *error)
{
    char block[8192];
    size_t got;
    if (fflush(instances->images) || fseek(instances->images, 0, SEEK_SET))
        return error_set_system(error, ERROR_IO, errno,
                                "%s: its list of images cannot be read again",
                                instances->file.path);
    while ((got = fread(block, 1, sizeof block, instances->images)) > 0)
        if (atomic_append(&instances->file, block, got, error))
            return -1;
    return ferror(instances->images)
               ? error_set_system(error, ERROR_IO, errno,
                                  "%s: its list of images cannot be read again",
                                  instances->file.path)
               : 0;
}

static int append_categories(struct instances *instances, struct error *error)
{
    struct json_text text = {0};
    size_t length;
    json_text_raw(&text, "\n],\n\"categories\": ");
    json_value_append(&text, instances->categories);
    json_text_raw(&text, "}\n");
    char *end = json_text_take(&text, &length, error);
    int status = end ? atomic_append(&instances->file, end, length, error) : -1;
    free(end);
    return status;
}

static int finish(struct instances *instances, struct error *error)
{
    static const char images[] = "\n],\n\"images\": [";
    if (instances->form == DETECTIONS_RESULTS)
        return atomic_append(&instances->file, "\n]\n", 3, error);
    if (atomic_append(&instances->file, images, sizeof images - 1, error) ||
        append_images(instances, error))
        return -1;
    return append_categories(instances, error);
}

static void free_instances(struct instances *instances)
{
    if (instances->images)
        fclose(instances->images);
    json_decref(instances->categories);
    memory_free(instances);
}

int instances_close(struct instances *instances, struct error *error)
{
    int status = finish(instances, error);
    if (status == 0)
        status = atomic_commit(&instances->file, NULL, error);
    else
        atomic_abandon(&instances->file);
    free_instances(instances);
    return status;
}

void instances_abandon(struct instances *instances)
{
    if (!instances)
        return;
    atomic_abandon(&instances->file);
    free_instances(instances);
}
