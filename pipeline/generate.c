/* generate.c - the life of an image, between its pixels and its masks:
 *
 *   for each crop:   region -> resized, normalised tensor -> embedding
 *       for each batch of grid points, one thread a batch:
 *           prompts -> predicted IoU -> filter -> low-resolution logits -> stability, runs, box
 *           -> filter -> drop what the crop's border has cut
 *       box NMS, into the image's frame
 *   NMS across crops
 *
 * Batches are independent and their masks are put together in the order of the grid, so the result
 * does not depend on the number of threads.
 */
#include "pipeline/generate.h"

#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/crop.h"
#include "filters/grid.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/scan.h"
#include "model/sam.h"
#include "pipeline/image.h"
#include "pipeline/resize.h"
#include "pipeline/settings.h"

/* What one thread needs to turn prompts into masks. */
struct lane {
    struct sam_decoder *decoder;
    struct scan_scratch *scan;
    float *logits; /* [SAM_MASKS][L][L] */
};

struct generator {
    const struct sam *sam;
    const struct generation *options;
    int threads;
    struct resize *resize;
    float *tensor; /* [3][S][S] */
    struct sam_encoder *encoder;
    struct sam_image *embedding;
    struct lane *lanes; /* [threads] */
};

/* One crop in work: everything that its batches share, read-only. */
struct crop_task {
    struct rect rect;
    int32_t image_width, image_height;
    int32_t input_width, input_height; /* of the model's input, without padding */
    struct scan_geometry *geometry;
    double *points; /* [count][2] in 0..1 */
    int count;
};

static int lane_init(struct lane *lane, const struct sam *sam, struct error *error)
{
    size_t low = (size_t)sam_info(sam)->low_size;
    lane->decoder = sam_decoder_new(sam, error);
    lane->scan = lane->decoder ? scan_scratch_new(error) : NULL;
    lane->logits =
        lane->scan ? memory_new(SAM_MASKS * low, low * sizeof(float), "logits", error) : NULL;
    return lane->logits ? 0 : -1;
}

static void lane_free(struct lane *lane)
{
    sam_decoder_free(lane->decoder);
    scan_scratch_free(lane->scan);
    memory_free(lane->logits);
}

static int generator_init(struct generator *generator, struct error *error)
{
    const struct sam *sam = generator->sam;
    size_t size = (size_t)sam_info(sam)->image_size;
    if (!(generator->lanes = memory_new((size_t)generator->threads, sizeof *generator->lanes,
                                        "decoding threads", error)) ||
        !(generator->tensor = memory_new(3 * size, size * sizeof(float), "input tensor", error)) ||
        !(generator->resize = resize_new(error)) ||
        !(generator->encoder = sam_encoder_new(sam, error)) ||
        !(generator->embedding = sam_image_new(sam, error)))
        return -1;
    for (int i = 0; i < generator->threads; i++)
        if (lane_init(&generator->lanes[i], sam, error))
            return -1;
    return 0;
}

struct generator *generator_new(const struct sam *sam, const struct generation *options,
                                int threads, struct error *error)
{
    struct generator *generator = memory_new(1, sizeof *generator, "generator", error);
    if (!generator)
        return NULL;
    *generator = (struct generator){.sam = sam, .options = options, .threads = threads};
    if (generator_init(generator, error)) {
        generator_free(generator);
        return NULL;
    }
    return generator;
}

void generator_free(struct generator *generator)
{
    if (!generator)
        return;
    for (int i = 0; generator->lanes && i < generator->threads; i++)
        lane_free(&generator->lanes[i]);
    memory_free(generator->lanes);
    memory_free(generator->tensor);
    resize_free(generator->resize);
    sam_encoder_free(generator->encoder);
    sam_image_free(generator->embedding);
    memory_free(generator);
}

/* Scans one low-resolution mask and adds it to `found` if it passes the filters. `mask` comes with
 * the fields that the prompt decides; its runs are handed over or freed. */
static int keep_mask(const struct generator *generator, const struct crop_task *task,
                     struct lane *lane, const float *logits, struct mask *mask,
                     struct mask_list *found, struct error *error)
{
    const struct generation *options = generator->options;
    const struct scan_options scan = {
        .stability_offset = (float)options->stability_score_offset,
        .stability_threshold = (float)options->stability_score_thresh,
    };
    bool kept;
    int status = scan_mask(task->geometry, lane->scan, logits, &scan, mask, &kept, error);
    if (status == 0 && kept &&
        !crop_cuts_box(task->rect, mask->box, task->image_width, task->image_height))
        status = mask_list_add(found, mask, error);
    rle_free(&mask->rle);
    return status;
}

/* Multimask outputs of one prompt: those above the predicted IoU threshold go on. */
static int keep_prompt(const struct generator *generator, const struct crop_task *task,
                       struct lane *lane, int in_batch, const double *point, const float *iou,
                       struct mask_list *found, struct error *error)
{
    double threshold = generator->options->pred_iou_thresh;
    size_t low = (size_t)sam_info(generator->sam)->low_size;
    int which[SAM_MASKS];
    int count = 0;
    for (int m = 1; m < SAM_MASKS; m++)
        if (threshold <= 0 || iou[m] > (float)threshold)
            which[count++] = m;
    if (count == 0)
        return 0;
    sam_logits(generator->sam, lane->decoder, generator->embedding, in_batch, which, count,
               lane->logits);
    for (int i = 0; i < count; i++) {
        struct mask mask = {
            .crop = task->rect,
            .point = {point[0] * task->rect.width + task->rect.x,
                      point[1] * task->rect.height + task->rect.y},
            .predicted_iou = iou[which[i]],
        };
        if (keep_mask(generator, task, lane, lane->logits + i * low * low, &mask, found, error))
            return -1;
    }
    return 0;
}

/* Prompts first .. first + count - 1 of the grid: points to masks. */
static int run_batch(const struct generator *generator, const struct crop_task *task,
                     struct lane *lane, int first, int count, struct mask_list *found,
                     struct error *error)
{
    double xy[SAM_BATCH][2];
    float iou[SAM_BATCH][SAM_MASKS];
    const double *points = task->points + 2 * (size_t)first;
    double scale_x = (double)task->input_width / task->rect.width;
    double scale_y = (double)task->input_height / task->rect.height;
    for (int i = 0; i < count; i++) {
        xy[i][0] = points[2 * i] * task->rect.width * scale_x;
        xy[i][1] = points[2 * i + 1] * task->rect.height * scale_y;
    }
    const struct sam_prompts prompts = {.count = count, .points = 1, .xy = xy[0]};
    sam_decode(generator->sam, lane->decoder, generator->embedding, &prompts, iou[0]);
    for (int i = 0; i < count; i++)
        if (keep_prompt(generator, task, lane, i, points + 2 * i, iou[i], found, error))
            return -1;
    return 0;
}

/* Moves every mask of `from` to the end of `to`. */
static int append(struct mask_list *to, struct mask_list *from, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < from->count; i++)
        status = mask_list_add(to, &from->items[i], error);
    mask_list_free(from);
    return status;
}

/* Runs all batches of a crop, each on the next free thread. `found` and `errors` have an entry a
 * batch. */
static void run_batches(struct generator *generator, const struct crop_task *task, int batch,
                        int batches, struct mask_list *found, struct error *errors)
{
#pragma omp parallel num_threads(generator->threads)
    {
        struct lane *lane = &generator->lanes[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
        for (int b = 0; b < batches; b++) {
            int first = b * batch;
            int count = task->count - first < batch ? task->count - first : batch;
            run_batch(generator, task, lane, first, count, &found[b], &errors[b]);
        }
    }
}

static int run_grid(struct generator *generator, const struct crop_task *task,
                    struct mask_list *masks, struct error *error)
{
    int wanted = generator->options->points_per_batch;
    int batch = wanted < SAM_BATCH ? wanted : SAM_BATCH;
    int batches = (task->count + batch - 1) / batch;
    struct mask_list *found = memory_new((size_t)batches, sizeof *found, "batches", error);
    struct error *errors =
        found ? memory_new((size_t)batches, sizeof *errors, "batches", error) : NULL;
    int status = errors ? 0 : -1;
    if (status == 0)
        run_batches(generator, task, batch, batches, found, errors);
    for (int b = 0; found && b < batches; b++) {
        if (status == 0 && errors[b].code) {
            *error = errors[b];
            status = -1;
        }
        if (status == 0)
            status = append(masks, &found[b], error);
        mask_list_free(&found[b]);
    }
    memory_free(errors);
    memory_free(found);
    return status;
}

/* Places the masks of a crop in the image. */
static int uncrop(struct mask_list *masks, const struct crop_task *task, struct error *error)
{
    for (size_t i = 0; i < masks->count; i++) {
        struct mask *mask = &masks->items[i];
        struct rle placed = {0};
        if (rle_uncrop(&placed, &mask->rle, (uint32_t)task->rect.x, (uint32_t)task->rect.y,
                       (uint32_t)task->image_height, (uint32_t)task->image_width, error))
            return -1;
        rle_free(&mask->rle);
        mask->rle = placed;
        mask->box.x0 += task->rect.x;
        mask->box.x1 += task->rect.x;
        mask->box.y0 += task->rect.y;
        mask->box.y1 += task->rect.y;
    }
    return 0;
}

static int run_crop(struct generator *generator, const struct image *image, const struct crop *crop,
                    struct mask_list *masks, struct error *error)
{
    const struct sam_info *info = sam_info(generator->sam);
    const struct generation *options = generator->options;
    int side = grid_side(options->points_per_side, 1, crop->layer);
    struct crop_task task = {
        .rect = crop->rect,
        .image_width = image->width,
        .image_height = image->height,
        .count = side * side,
    };
    if (resize_tensor(generator->resize, image, crop->rect, info->image_size, generator->tensor,
                      &task.input_width, &task.input_height, error))
        return -1;
    sam_encode(generator->sam, generator->encoder, generator->tensor, generator->threads,
               generator->embedding);
    const struct scan_size size = {
        .low_size = info->low_size,
        .image_size = info->image_size,
        .input_height = task.input_height,
        .input_width = task.input_width,
        .crop_height = crop->rect.height,
        .crop_width = crop->rect.width,
    };
    task.geometry = scan_geometry_new(&size, error);
    task.points = task.geometry ? grid_points(side, error) : NULL;
    int status = task.points ? run_grid(generator, &task, masks, error) : -1;
    if (status == 0)
        status = nms_within_crop(masks, options->box_nms_thresh, error);
    if (status == 0)
        status = uncrop(masks, &task, error);
    free(task.points);
    scan_geometry_free(task.geometry);
    return status;
}

int generate(struct generator *generator, const struct image *image, struct mask_list *masks,
             struct error *error)
{
    struct crop *crops;
    size_t count;
    if (crop_list(&crops, &count, image->width, image->height, 0, 0, error))
        return -1;
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct mask_list found = {0};
        status = run_crop(generator, image, &crops[i], &found, error);
        if (status == 0)
            status = append(masks, &found, error);
        mask_list_free(&found);
    }
    free(crops);
    return status;
}
