/* boxes_job.h - the boxes of one image on their way to a record of masks. */
#ifndef PROGRAM_PREDICT_BOXES_JOB_H
#define PROGRAM_PREDICT_BOXES_JOB_H

#include <stdbool.h>

#include "base/error.h"
#include "library/mm_handles.h"
#include "program/predict/detections.h"
#include "records/record.h"

struct folder;
struct image_pool;
struct mm_segmenter;

/* Where images are. All borrowed. */
struct boxes_source {
    struct image_pool *pool;
    const struct folder *images; /* NULL: the image is `only` */
    const char *only;            /* path of the one image that is wanted; NULL: all */
    int low_size;                /* mm_model_low_size */
    bool keeps_pixels;           /* the photograph is wanted afterwards */
};

/* Begins with all zeros. */
struct boxes_job {
    struct detections detections; /* owned, with its label */
    char *name;                   /* owned: the image's, with its extension */
    struct error error;           /* why the image cannot be done; code ERROR_NONE: nothing yet */
    struct mm_image image;        /* owned: the photograph, once it was read, if it is kept */
    struct record record;         /* owned: a mask for each box that has no fault, in their order */
};

/* Takes over an image's boxes, which are empty afterwards, and copies its name (path_tidy). Returns 0,
 * or -1 with ERROR_MEMORY. boxes_job_free in either case. */
int boxes_job_take(struct boxes_job *job, struct detections *detections, const char *name,
                   struct error *error);

/* Reads the image and predicts, if there is no error yet. Boxes that are no prompts on this image get
 * their fault; whatever else is wrong becomes job->error. Any thread may call it with a segmenter of its
 * own. */
void boxes_job_compute(struct boxes_job *job, const struct boxes_source *source,
                       struct mm_segmenter *segmenter);

void boxes_job_free(struct boxes_job *job);

#endif
