#include "program/predict/boxes_job.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "images/image_pool.h"
#include "program/predict/predict_record.h"
#include "program/prompts/prompt_predict.h"
#include "program/segmenter.h"
#include "records/image_path.h"

int boxes_job_take(struct boxes_job *job, struct detections *detections, const char *name,
                   struct error *error)
{
    *job = (struct boxes_job){.name = strdup(name)};
    char *label = strdup(detections->label);
    job->detections = *detections;
    job->detections.label = label;
    if (job->name)
        path_tidy(job->name);
    *detections = (struct detections){0};
    return job->name && label ? 0
                              : error_set(error, ERROR_MEMORY, "no memory for an image's boxes");
}

void boxes_job_free(struct boxes_job *job)
{
    char *label = (char *)job->detections.label; /* strdup's */
    detections_free(&job->detections);
    free(label);
    free(job->name);
    image_free(&job->image.pixels);
    record_free(&job->record);
    *job = (struct boxes_job){0};
}

/* A side of the image as the file of boxes says it; `own` if it says none. */
static long long said_side(const struct boxes_job *job, const char *name, int32_t own)
{
    const json_t *side = json_object_get(job->detections.image, name);
    return json_is_integer(side) ? json_integer_value(side) : own;
}

/* A size that the file of boxes says must be the image's: else the boxes are about other pixels. */
static int check_size(const struct boxes_job *job, struct error *error)
{
    const struct image *image = &job->image.pixels;
    long long width = said_side(job, "width", image->width);
    long long height = said_side(job, "height", image->height);
    if (width == image->width && height == image->height)
        return 0;
    return error_set(error, ERROR_RECORD,
                     "the boxes are of an image of %lld x %lld pixels, the image has %d x %d",
                     width, height, image->width, image->height);
}

static int read_image(struct boxes_job *job, const struct boxes_source *source, struct error *error)
{
    const struct image_input file = {source->only, -1};
    struct image *pixels = &job->image.pixels;
    int status = source->images
                     ? image_path_read(source->images, job->name, source->pool, pixels, error)
                     : image_pool_read(source->pool, &file, pixels, error);
    return status ? -1 : check_size(job, error);
}

/* Adds a box to the prompts, or notes why it cannot be one. */
static int add_box(struct detection *detection, const struct prompt_frame_size *frame,
                   struct prompt_set *set, struct error *error)
{
    struct prompt prompt = {0};
    struct error fault;
    if (detection->fault)
        return 0;
    if (prompt_set_box(&prompt, detection->box, &fault) == 0 &&
        prompt_check(&prompt, frame, &fault) == 0)
        return prompt_set_add(set, &prompt, error);
    detection->fault = strdup(fault.text);
    return detection->fault ? 0 : error_set(error, ERROR_MEMORY, "no memory for a message");
}

/* The masks of the boxes, or none of none, as a record. */
static int predict_all(struct boxes_job *job, const struct prompt_target *target,
                       struct error *error)
{
    const struct image *image = &job->image.pixels;
    struct prompt_set set = {0};
    struct mm_masks none = {.width = image->width, .height = image->height};
    struct mm_masks *masks = NULL;
    int status = 0;
    for (size_t i = 0; status == 0 && i < job->detections.count; i++)
        status = add_box(&job->detections.items[i], &target->frame, &set, error);
    if (status == 0 && set.count)
        status = segmenter_set_image(target->segmenter, &job->image, error);
    if (status == 0 && set.count)
        status = prompt_predict(target, &set, NULL, &masks, error);
    if (status == 0)
        status = predict_record_make(&job->record, job->name, masks ? masks : &none, error);
    mm_masks_free(masks);
    prompt_set_free(&set);
    return status;
}

void boxes_job_compute(struct boxes_job *job, const struct boxes_source *source,
                       struct mm_segmenter *segmenter)
{
    struct error error = {0};
    if (job->error.code)
        return;
    int status = read_image(job, source, &error);
    const struct image *image = &job->image.pixels;
    const struct prompt_target target = {segmenter,
                                         {image->width, image->height, source->low_size}};
    if (status == 0)
        status = predict_all(job, &target, &error);
    if (status)
        job->error = error;
    if (!source->keeps_pixels)
        image_free(&job->image.pixels);
}
