/* prompt_worker.h - one decoding thread: a batch of point prompts to the masks that pass the
 * filters.
 *
 *   points -> predicted IoU -> filter -> low-resolution logits -> stability, runs, box -> filter
 *   -> drop what the crop's border has cut, and what covers the image where that is asked for
 */
#ifndef PIPELINE_PROMPT_WORKER_H
#define PIPELINE_PROMPT_WORKER_H

#include <stdbool.h>

#include "base/geometry.h"

struct error;
struct generator_options;
struct mask_list;
struct prompt_frame;
struct sam;
struct sam_image;
struct scan_geometry;

/* Scratch memory of one thread. */
struct prompt_worker;

/* One crop in work: everything that its batches share, read-only. All borrowed. */
struct crop_task {
    struct rect rect; /* image pixels */
    int32_t image_width, image_height;
    const struct prompt_frame *frame;
    const struct sam_image *embedding;
    const struct scan_geometry *geometry;
    const double *points; /* [count][2] in 0..1 of the crop; NULL: the prompts are boxes */
    const double *boxes;  /* [count][4]: x0, y0, x1, y1 in pixels of the crop */
    int count;
    bool keep_cut; /* keep masks that the crop's border has cut */
};

/* Where a worker's time goes, summed up since it was made; seconds of its own thread. */
struct prompt_worker_times {
    double decode;                   /* prompts to predicted IoU */
    double logits;                   /* upscaling to low-resolution logits */
    double scan;                     /* stability, runs, boxes, filters */
    long prompts, upscaled, scanned; /* how many prompts, prompts with a good mask, and masks */
};

/* `sam` and `options` must outlive the worker. NULL with ERROR_MEMORY. */
struct prompt_worker *prompt_worker_new(const struct sam *sam,
                                        const struct generator_options *options,
                                        struct error *error);
void prompt_worker_free(struct prompt_worker *worker);

/* Decodes points first .. first + count - 1 (count at most SAM_BATCH) of the task and adds the
 * masks that are kept to `found`, in the order of the points and of the model's outputs. Masks,
 * boxes and runs are in the crop's frame. Of a box the single mask is added, whatever its scores; it may be
 * empty, and has no point. Returns 0 or -1 (ERROR_MEMORY). */
int prompt_worker_run(struct prompt_worker *worker, const struct crop_task *task, int first,
                      int count, struct mask_list *found, struct error *error);

const struct prompt_worker_times *prompt_worker_times(const struct prompt_worker *worker);

#endif
