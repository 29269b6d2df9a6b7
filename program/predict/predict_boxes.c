/* predict_boxes.c - a detector's boxes to instance masks, image by image. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/plain_text.h"
#include "base/read_file.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "jobs/items.h"
#include "jobs/progress.h"
#include "library/mm_handles.h"
#include "program/command_progress.h"
#include "program/model_load.h"
#include "program/predict/detections_file.h"
#include "program/predict/image_names.h"
#include "program/predict/instances.h"
#include "program/predict/json_value.h"
#include "program/predict/predict.h"
#include "program/predict/predict_output.h"
#include "program/predict/predict_record.h"
#include "program/prompts/prompt_predict.h"
#include "program/settings.h"
#include "records/image_path.h"
#include "records/record.h"
#include "records/record_collection.h"

struct boxes {
    struct predict *predict;
    const char *only;      /* the path of the one image that is wanted; NULL: all */
    struct folder *images; /* owned; NULL: `only` */
    struct image_names names;
    json_t *categories; /* owned; NULL: there are none */
    struct predict_output output;
    struct instances *instances; /* owned; opened with the first image */
    enum detections_form form;
    struct progress *progress;
    bool found; /* an image that is wanted */
    uint64_t done, masks, failed, faults;
};

/* ---- faults */

/* An image that was not read. */
static void tell_image(void *context, const char *text)
{
    struct boxes *boxes = context;
    boxes->failed++;
    command_progress_say(boxes->progress, "predict", text);
    command_progress_record(boxes->progress, true, 0);
}

/* An image that cannot be done. Returns 0 if the others can, else -1. */
static int fail(struct boxes *boxes, const char *label, struct error *error)
{
    if (error->code != ERROR_IMAGE && error->code != ERROR_RECORD && error->code != ERROR_USAGE)
        return -1;
    error_prefix(error, "%s", label);
    tell_image(boxes, error->text);
    return 0;
}

/* A box that cannot be done. */
static void tell_box(struct boxes *boxes, const struct detections *detections, size_t index,
                     struct error *fault)
{
    detection_prefix(fault, detections, &detections->items[index]);
    boxes->faults++;
    command_progress_say(boxes->progress, "predict", fault->text);
}

/* ---- one image */

/* The image's name in its folder; NULL with an error. */
static const char *find_name(const struct boxes *boxes, struct detections *detections,
                             struct error *error)
{
    const json_t *id = json_object_get(detections->image, "id");
    const char *name = detections_name(detections);
    if (name)
        return name;
    if (json_is_integer(id))
        name = image_names_find(&boxes->names, json_integer_value(id));
    if (!name)
        error_set(error, ERROR_RECORD,
                  boxes->predict->settings->coco
                      ? "the document of --coco does not list this image"
                      : "nothing says the image's file; --coco FILE names the document that does");
    return name;
}

static int read_image(const struct boxes *boxes, const char *name, struct image *image,
                      struct error *error)
{
    struct image_pool *pool = boxes->predict->decoder.pool;
    const struct image_input file = {boxes->only, -1};
    return boxes->only ? image_pool_read(pool, &file, image, error)
                       : image_path_read(boxes->images, name, pool, image, error);
}

/* A size that the file of boxes says must be the image's: else the boxes are about other pixels. */
static int check_size(const struct detections *detections, const struct image *image,
                      struct error *error)
{
    const json_t *width = json_object_get(detections->image, "width");
    const json_t *height = json_object_get(detections->image, "height");
    if ((!json_is_integer(width) || json_integer_value(width) == image->width) &&
        (!json_is_integer(height) || json_integer_value(height) == image->height))
        return 0;
    return error_set(error, ERROR_RECORD,
                     "the boxes are of an image of %lld x %lld pixels, the image has %d x %d",
                     (long long)json_integer_value(width), (long long)json_integer_value(height),
                     image->width, image->height);
}

/* Whether a box can be a prompt; else why not. */
static bool is_usable(const struct detection *detection, const struct prompt_frame_size *frame,
                      struct prompt *prompt, struct error *fault)
{
    if (detection->fault) {
        error_set(fault, ERROR_RECORD, "%s", detection->fault);
        return false;
    }
    return prompt_set_box(prompt, detection->box, fault) == 0 &&
           prompt_check(prompt, frame, fault) == 0;
}

/* A prompt for each box. What is no prompt is told of and dropped. */
static int make_prompts(struct boxes *boxes, struct detections *detections,
                        const struct prompt_frame_size *frame, struct prompt_set *set,
                        struct error *error)
{
    for (size_t i = 0; i < detections->count;) {
        struct prompt prompt = {0};
        struct error fault;
        if (!is_usable(&detections->items[i], frame, &prompt, &fault)) {
            tell_box(boxes, detections, i, &fault);
            detection_drop(detections, i);
            continue;
        }
        if (prompt_set_add(set, &prompt, error))
            return -1;
        i++;
    }
    return 0;
}

/* Notes a box's score as a further member of its annotation. */
static int note_score(struct record_extra *extra, const struct detection *detection,
                      struct error *error)
{
    const json_t *score = json_object_get(detection->members, "score");
    struct json_text text = {0};
    if (!json_is_number(score))
        return 0;
    json_value_member(&text, "score", score);
    extra->more = json_text_take(&text, NULL, error);
    return extra->more ? 0 : -1;
}

/* What the record says of each box: its category and its score. */
static int describe(const struct boxes *boxes, const struct detections *detections,
                    struct record *record, struct error *error)
{
    record->extras = calloc(detections->count + 1, sizeof *record->extras);
    if (!record->extras)
        return error_set(error, ERROR_MEMORY, "no memory for a record");
    record->extra_count = detections->count;
    for (size_t i = 0; i < detections->count; i++) {
        const struct detection *detection = &detections->items[i];
        const char *category = instances_category(boxes->instances, detection);
        if (category && record_is_category(category) &&
            record_set_category(record, i, category, error))
            return -1;
        if (note_score(&record->extras[i], detection, error))
            return -1;
    }
    return 0;
}

/* The masks of the boxes, or none of none, as a record. */
static int make_record(struct boxes *boxes, struct detections *detections, const char *name,
                       const struct mm_image *image, struct record *record, struct error *error)
{
    struct predict *predict = boxes->predict;
    struct prompt_target target = {
        predict->segmenter, predict_frame(predict, image->pixels.width, image->pixels.height)};
    struct prompt_set set = {0};
    struct mm_masks none = {.width = image->pixels.width, .height = image->pixels.height};
    struct mm_masks *masks = NULL;
    int status = make_prompts(boxes, detections, &target.frame, &set, error);
    if (status == 0 && set.count)
        status = predict_set_image(predict, image, error);
    if (status == 0 && set.count)
        status = prompt_predict(&target, &set, NULL, &masks, error);
    if (status == 0)
        status = model_load_check(predict->model, error);
    if (status == 0)
        status = predict_record_make(record, name, masks ? masks : &none, error);
    mm_masks_free(masks);
    prompt_set_free(&set);
    return status;
}

static int write_image(struct boxes *boxes, const struct detections *detections, const char *name,
                       struct record *record, const struct image *image, struct error *error)
{
    char *stem = strndup(name, path_stem_length(name));
    if (!stem)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    int status = describe(boxes, detections, record, error);
    if (status == 0)
        status = predict_output_write(&boxes->output, record, stem, image, error);
    if (status == 0)
        status = instances_add(boxes->instances, detections, record, error);
    free(stem);
    return status;
}

static int claim(struct boxes *boxes, const char *name, struct error *error)
{
    char *stem = strndup(name, path_stem_length(name));
    if (!stem)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    int status = image_path_check(name, error);
    if (status == 0)
        status = predict_output_claim(&boxes->output, stem, error);
    free(stem);
    return status;
}

static int do_image(struct boxes *boxes, struct detections *detections, const char *name,
                    struct error *error)
{
    struct mm_image image = {{0}};
    struct record record = {0};
    int status = claim(boxes, name, error);
    if (status == 0)
        status = read_image(boxes, name, &image.pixels, error);
    if (status == 0)
        status = check_size(detections, &image.pixels, error);
    if (status == 0)
        status = make_record(boxes, detections, name, &image, &record, error);
    if (status == 0)
        status = write_image(boxes, detections, name, &record, &image.pixels, error);
    if (status == 0) {
        boxes->done++;
        boxes->masks += record.masks.count;
        command_progress_record(boxes->progress, false, record.masks.count);
    }
    record_free(&record);
    image_free(&image.pixels);
    return status;
}

/* ---- all images */

static int open_instances(struct boxes *boxes, struct error *error)
{
    if (!boxes->instances)
        boxes->instances = instances_open(boxes->output.folder, boxes->form, boxes->categories,
                                          boxes->predict->settings->overwrite, error);
    return boxes->instances ? 0 : -1;
}

/* Whether a path ends with the components of the other. */
static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), own = strlen(end);
    return own <= length && strcmp(path + length - own, end) == 0 &&
           (own == length || path[length - own - 1] == '/');
}

/* Whether the image of that name, or of none, is the one of the command line, or all are wanted. */
static bool is_wanted(const struct boxes *boxes, const char *name)
{
    return !boxes->only || (name && (ends_with(boxes->only, name) || ends_with(name, boxes->only)));
}

static int visit(void *context, struct detections *detections, struct error *error)
{
    struct boxes *boxes = context;
    const char *name = find_name(boxes, detections, error);
    if (!is_wanted(boxes, name))
        return 0;
    if (!name)
        return fail(boxes, detections->label, error);
    boxes->found = true;
    if (open_instances(boxes, error))
        return -1;
    if (do_image(boxes, detections, boxes->only ? path_base(name) : name, error) == 0)
        return 0;
    return fail(boxes, detections->label, error);
}

/* The categories of the boxes' own document, or else of that which lists their images. */
static int read_categories(struct boxes *boxes, struct error *error)
{
    const struct settings *settings = boxes->predict->settings;
    if (record_collection_is_ndjson(settings->boxes))
        return 0;
    int status = detections_categories(settings->boxes, &boxes->categories, error);
    if (status == 0 && !boxes->categories && settings->coco)
        status = detections_categories(settings->coco, &boxes->categories, error);
    return status;
}

/* What the command line names, before the model is loaded. */
static int open_inputs(struct boxes *boxes, struct error *error)
{
    const struct settings *settings = boxes->predict->settings;
    int file = read_file_open(settings->boxes, error);
    if (file < 0) {
        error->code = ERROR_USAGE;
        return error_prefix(error, "--boxes");
    }
    close(file);
    if (settings->images &&
        !(boxes->images = folder_open(settings->images, settings->trust_folder, error))) {
        error->code = ERROR_USAGE;
        return error_prefix(error, "--images");
    }
    if (settings->coco && image_names_read(&boxes->names, settings->coco, error))
        return error_prefix(error, "--coco");
    return read_categories(boxes, error);
}

static int do_all(struct boxes *boxes, struct error *error)
{
    const struct settings *settings = boxes->predict->settings;
    const struct detections_visitor visitor = {visit, tell_image, boxes};
    boxes->progress = command_progress_new();
    command_progress_expect(boxes->progress, ITEMS_UNKNOWN);
    int status = detections_read(settings->boxes, &visitor, &boxes->form, error);
    progress_free(boxes->progress);
    boxes->progress = NULL;
    if (status == 0 && !boxes->found && (boxes->only || !boxes->failed))
        status =
            error_set(error, ERROR_USAGE, "%s: has no image%s%s", settings->boxes,
                      boxes->only ? " called " : "", boxes->only ? path_base(boxes->only) : "");
    if (status)
        return -1;
    if (predict_output_finish(&boxes->output, error))
        return -1;
    struct instances *instances = boxes->instances;
    boxes->instances = NULL;
    return instances ? instances_close(instances, error) : 0;
}

static void print_summary(const struct boxes *boxes)
{
    printf("%" PRIu64 " images, %" PRIu64 " masks", boxes->done, boxes->masks);
    if (boxes->failed + boxes->faults)
        printf("; failed: %" PRIu64 " images, %" PRIu64 " boxes", boxes->failed, boxes->faults);
    printf("\n");
}

int predict_boxes(struct predict *predict, const char *path, struct error *error)
{
    struct boxes boxes = {.predict = predict, .only = path};
    int status = -1;
    if (open_inputs(&boxes, error) == 0 && predict_start(predict, false, error) == 0 &&
        predict_output_open(&boxes.output, predict->settings, true, error) == 0)
        status = do_all(&boxes, error);
    instances_abandon(boxes.instances);
    predict_output_close(&boxes.output);
    image_names_free(&boxes.names);
    json_decref(boxes.categories);
    folder_close(boxes.images);
    if (status)
        return -1;
    print_summary(&boxes);
    return boxes.failed + boxes.faults ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
