/* predict_boxes.c - a detector's boxes to instance masks, image by image. */
#include <inttypes.h>
#include <limits.h>
#include <omp.h>
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
#include "program/predict/boxes_job.h"
#include "program/predict/detections_file.h"
#include "program/predict/image_names.h"
#include "program/predict/instances.h"
#include "program/predict/json_value.h"
#include "program/predict/predict.h"
#include "program/predict/predict_lanes.h"
#include "program/predict/predict_output.h"
#include "program/settings.h"
#include "records/image_path.h"
#include "records/record.h"
#include "records/record_collection.h"

/* Images that are computed before they are written: enough to keep all lanes busy. */
enum { JOBS_A_LANE = 4 };

struct boxes {
    struct predict *predict;
    struct boxes_source source;
    struct folder *images; /* owned; NULL: source.only */
    struct image_names names;
    json_t *categories; /* owned; NULL: there are none */
    struct predict_output output;
    struct instances *instances; /* owned; opened with the first image */
    enum detections_form form;
    struct progress *progress;
    struct predict_lanes lanes;
    struct boxes_job *jobs; /* owned: [job_count] of [most] */
    size_t job_count, most;
    struct error failure; /* of jobs that made room for an image that was not read */
    bool found;           /* an image that is wanted */
    uint64_t done, masks, failed, faults;
};

/* ---- faults */

/* An image that cannot be done. Returns 0 if the others can, else -1. */
static int fail(struct boxes *boxes, const char *label, struct error *error)
{
    if (error->code != ERROR_IMAGE && error->code != ERROR_RECORD && error->code != ERROR_USAGE)
        return -1;
    if (label)
        error_prefix(error, "%s", label);
    boxes->failed++;
    command_progress_say(boxes->progress, "predict", error->text);
    command_progress_record(boxes->progress, true, 0);
    return 0;
}

/* Tells of the boxes that cannot be done and takes them out of the list. */
static void drop_faults(struct boxes *boxes, struct detections *detections)
{
    for (size_t i = 0; i < detections->count;) {
        const struct detection *detection = &detections->items[i];
        struct error fault;
        if (!detection->fault) {
            i++;
            continue;
        }
        error_set(&fault, ERROR_RECORD, "%s", detection->fault);
        detection_prefix(&fault, detections, detection);
        command_progress_say(boxes->progress, "predict", fault.text);
        boxes->faults++;
        detection_drop(detections, i);
    }
}

/* ---- what is written of an image */

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

static int write_image(struct boxes *boxes, struct boxes_job *job, struct error *error)
{
    char *stem = strndup(job->name, path_stem_length(job->name));
    if (!stem)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    int status = describe(boxes, &job->detections, &job->record, error);
    if (status == 0)
        status =
            predict_output_write(&boxes->output, &job->record, stem, &job->image.pixels, error);
    if (status == 0)
        status = instances_add(boxes->instances, &job->detections, &job->record, error);
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

/* ---- jobs: computed several at once, then written in their order */

static int open_instances(struct boxes *boxes, struct error *error)
{
    if (!boxes->instances)
        boxes->instances = instances_open(boxes->output.folder, boxes->form, boxes->categories,
                                          boxes->predict->settings->overwrite, error);
    return boxes->instances ? 0 : -1;
}

static int finish_job(struct boxes *boxes, struct boxes_job *job, struct error *error)
{
    *error = job->error;
    if (!error->code) {
        drop_faults(boxes, &job->detections);
        if (open_instances(boxes, error) == 0 && write_image(boxes, job, error) == 0) {
            boxes->done++;
            boxes->masks += job->record.masks.count;
            command_progress_record(boxes->progress, false, job->record.masks.count);
            return 0;
        }
    }
    return fail(boxes, job->detections.label, error);
}

/* Computes all jobs: one with all threads, several with a thread each. */
static void compute(struct boxes *boxes)
{
    struct predict *predict = boxes->predict;
    const struct predict_lanes *lanes = &boxes->lanes;
    if (boxes->job_count == 1) {
        boxes_job_compute(&boxes->jobs[0], &boxes->source, predict->segmenter);
        return;
    }
#pragma omp parallel for schedule(dynamic) num_threads(lanes->count)
    for (size_t i = 0; i < boxes->job_count; i++)
        boxes_job_compute(&boxes->jobs[i], &boxes->source, lanes->segmenters[omp_get_thread_num()]);
}

/* Does all jobs and empties the list. 0 or -1. */
static int flush(struct boxes *boxes, struct error *error)
{
    compute(boxes);
    int status = model_load_check(boxes->predict->model, error);
    for (size_t i = 0; i < boxes->job_count; i++) {
        if (status == 0)
            status = finish_job(boxes, &boxes->jobs[i], error);
        boxes_job_free(&boxes->jobs[i]);
    }
    boxes->job_count = 0;
    return status;
}

/* Makes room for a job. NULL with an error. */
static struct boxes_job *next_job(struct boxes *boxes, struct error *error)
{
    if (boxes->job_count == boxes->most && flush(boxes, error))
        return NULL;
    return &boxes->jobs[boxes->job_count];
}

/* ---- what is read */

/* The image's name in its folder; NULL with an error. */
static const char *find_name(const struct boxes *boxes, const struct detections *detections,
                             struct error *error)
{
    const json_t *id = json_object_get(detections->image, "id");
    const char *name = detections_name(detections);
    if (name)
        return name;
    if (json_is_integer(id))
        name = image_names_find(&boxes->names, json_integer_value(id));
    if (!name)
        error_set(error, ERROR_RECORD, "%s",
                  boxes->form == DETECTIONS_COCO ? "it has no file_name"
                  : boxes->predict->settings->coco
                      ? "the document of --coco does not list this image"
                      : "nothing says the image's file; --coco FILE names the document that does");
    return name;
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
    const char *only = boxes->source.only;
    return !only || (name && (ends_with(only, name) || ends_with(name, only)));
}

/* Images that were not read go through the jobs as well, so that messages come in the order of the
 * file. */
static void tell_image(void *context, const char *text)
{
    struct boxes *boxes = context;
    struct error error;
    struct boxes_job *job = boxes->failure.code ? NULL : next_job(boxes, &error);
    if (job) {
        *job = (struct boxes_job){0};
        error_set(&job->error, ERROR_RECORD, "%s", text);
        boxes->job_count++;
    } else if (!boxes->failure.code) {
        boxes->failure = error;
    }
}

static int visit(void *context, struct detections *detections, struct error *error)
{
    struct boxes *boxes = context;
    struct error fault = {0};
    const char *name = find_name(boxes, detections, &fault);
    if (!is_wanted(boxes, name))
        return 0;
    if (boxes->failure.code) {
        *error = boxes->failure;
        return -1;
    }
    struct boxes_job *job = next_job(boxes, error);
    if (!job)
        return -1;
    boxes->found = boxes->found || name;
    boxes->job_count++;
    if (boxes_job_take(job, detections,
                       !name                ? ""
                       : boxes->source.only ? path_base(name)
                                            : name,
                       error))
        return -1;
    job->error = fault;
    if (name && claim(boxes, job->name, &fault))
        job->error = fault;
    return 0;
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

static int open_jobs(struct boxes *boxes, struct error *error)
{
    struct predict *predict = boxes->predict;
    if (predict_lanes_open(&boxes->lanes, predict, boxes->source.only ? 1 : INT_MAX, error))
        return -1;
    boxes->source.keeps_pixels = predict->settings->overlay;
    size_t lanes = (size_t)boxes->lanes.count;
    boxes->most = lanes > 1 && !boxes->source.keeps_pixels ? JOBS_A_LANE * lanes : lanes;
    boxes->jobs = memory_new(boxes->most, sizeof *boxes->jobs, "images in hand", error);
    boxes->source.pool = predict->decoder.pool;
    boxes->source.images = boxes->images;
    boxes->source.low_size = mm_model_low_size(predict->model);
    return boxes->jobs ? 0 : -1;
}

static int do_all(struct boxes *boxes, struct error *error)
{
    const struct settings *settings = boxes->predict->settings;
    const struct detections_visitor visitor = {visit, tell_image, boxes};
    boxes->progress = command_progress_new();
    command_progress_expect(boxes->progress, ITEMS_UNKNOWN);
    int status = detections_read(settings->boxes, &visitor, &boxes->form, error);
    if (status == 0 && boxes->failure.code) {
        *error = boxes->failure;
        status = -1;
    }
    if (status == 0)
        status = flush(boxes, error);
    progress_free(boxes->progress);
    boxes->progress = NULL;
    if (status == 0 && !boxes->found && (boxes->source.only || !boxes->failed))
        status = error_set(error, ERROR_USAGE, "%s: has no image%s%s", settings->boxes,
                           boxes->source.only ? " called " : "",
                           boxes->source.only ? path_base(boxes->source.only) : "");
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
    struct boxes boxes = {.predict = predict, .source.only = path};
    int status = -1;
    if (open_inputs(&boxes, error) == 0 && predict_start(predict, PREDICT_BOXES, error) == 0 &&
        open_jobs(&boxes, error) == 0 &&
        predict_output_open(&boxes.output, predict->settings, true, error) == 0)
        status = do_all(&boxes, error);
    for (size_t i = 0; i < boxes.job_count; i++)
        boxes_job_free(&boxes.jobs[i]);
    memory_free(boxes.jobs);
    predict_lanes_close(&boxes.lanes);
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
