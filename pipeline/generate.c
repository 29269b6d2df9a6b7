/* generate.c - the life of an image, between its pixels and its masks:
 *
 *   for each crop:   region -> resized, normalised tensor -> embedding
 *       for each batch of grid points, one thread a batch: points -> masks (prompt_worker.c)
 *       box NMS within the crop, into the image's frame
 *   NMS across crops -> regions cleaned up -> further filters (postprocess.c)
 *
 * Batches are independent and their masks are put together in the order of the grid, so the result
 * does not depend on the number of threads.
 */
#include "pipeline/generate.h"

#include <omp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "filters/crop.h"
#include "filters/grid.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/postprocess.h"
#include "filters/scan/scan.h"
#include "images/image.h"
#include "images/resize.h"
#include "model/sam.h"
#include "pipeline/options.h"
#include "pipeline/prompt_worker.h"
#include "rle/combine.h"

struct generator {
    const struct sam *sam;
    const struct generator_options *options;
    int threads;
    struct resize *resize;
    float *tensor; /* [3][S][S] */
    struct sam_encoder *encoder;
    struct sam_image *embedding;
    struct prompt_worker **workers; /* [threads] */
    struct generator_times times;   /* without the workers' */
};

static int generator_init(struct generator *generator, struct error *error)
{
    const struct sam *sam = generator->sam;
    size_t size = (size_t)sam_info(sam)->image_size;
    if (!(generator->workers = memory_new((size_t)generator->threads, sizeof *generator->workers,
                                          "decoding threads", error)) ||
        !(generator->tensor = memory_new(3 * size, size * sizeof(float), "input tensor", error)) ||
        !(generator->resize = resize_new(error)) ||
        !(generator->encoder = sam_encoder_new(sam, generator->threads, error)) ||
        !(generator->embedding = sam_image_new(sam, error)))
        return -1;
    for (int i = 0; i < generator->threads; i++)
        if (!(generator->workers[i] = prompt_worker_new(sam, generator->options, error)))
            return -1;
    return 0;
}

struct generator *generator_new(const struct sam *sam, const struct generator_options *options,
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
    for (int i = 0; generator->workers && i < generator->threads; i++)
        prompt_worker_free(generator->workers[i]);
    memory_free(generator->workers);
    memory_free(generator->tensor);
    resize_free(generator->resize);
    sam_encoder_free(generator->encoder);
    sam_image_free(generator->embedding);
    memory_free(generator);
}

const struct generator_options *generator_options(const struct generator *generator)
{
    return generator->options;
}

struct generator_times generator_times(const struct generator *generator)
{
    struct generator_times times = generator->times;
    for (int i = 0; i < generator->threads; i++) {
        const struct prompt_worker_times *worker = prompt_worker_times(generator->workers[i]);
        times.worker.decode += worker->decode;
        times.worker.logits += worker->logits;
        times.worker.scan += worker->scan;
        times.worker.prompts += worker->prompts;
        times.worker.upscaled += worker->upscaled;
        times.worker.scanned += worker->scanned;
    }
    return times;
}

/* Adds the time since *start to *sum and starts again. */
static void add_time(double *sum, double *start)
{
    double now = clock_now();
    *sum += now - *start;
    *start = now;
}

/* Runs all batches of a crop, each on the next free thread. `found` and `errors` have an entry a
 * batch. */
static void run_batches(struct generator *generator, const struct crop_task *task, int batch,
                        int batches, struct mask_list *found, struct error *errors)
{
#pragma omp parallel num_threads(generator->threads)
    {
        struct prompt_worker *worker = generator->workers[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
        for (int b = 0; b < batches; b++) {
            int first = b * batch;
            int count = task->count - first < batch ? task->count - first : batch;
            prompt_worker_run(worker, task, first, count, &found[b], &errors[b]);
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
            status = mask_list_append(masks, &found[b], error);
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
        if (rle_place(&placed, &mask->rle, task->rect.x, task->rect.y, (uint32_t)task->image_height,
                      (uint32_t)task->image_width, error))
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

/* The user's own points, or the regular grid of the crop's layer: [*count][2], freed by free(3). */
static double *place_points(const struct generator_options *options, int layer, int *count,
                            struct error *error)
{
    int side = grid_side(options->points_per_side, options->crop_n_points_downscale_factor, layer);
    *count = options->own_points ? options->own_point_count : side * side;
    if (!options->own_points)
        return grid_points(side, error);
    size_t bytes = 2 * (size_t)*count * sizeof(double);
    double *points = malloc(bytes);
    if (!points)
        error_set(error, ERROR_MEMORY, "no memory for %d points", *count);
    return points ? memcpy(points, options->own_points, bytes) : NULL;
}

/* The region's pixels to its embedding, and the tables from logits back to pixels. */
static struct scan_geometry *embed(struct generator *generator, const struct picture *picture,
                                   struct crop_task *task, struct error *error)
{
    const struct sam_info *info = sam_info(generator->sam);
    struct rect rows = task->rect;
    rows.y -= picture->top;
    double start = clock_now();
    if (resize_tensor(generator->resize, picture->rows, rows, info->image_size, generator->tensor,
                      &task->input_width, &task->input_height, error))
        return NULL;
    add_time(&generator->times.tensor, &start);
    if (sam_encode(generator->sam, generator->encoder, generator->tensor, generator->threads,
                   generator->embedding, error))
        return NULL;
    add_time(&generator->times.encode, &start);
    const struct scan_size size = {
        .low_size = info->low_size,
        .image_size = info->image_size,
        .input_height = task->input_height,
        .input_width = task->input_width,
        .crop_height = task->rect.height,
        .crop_width = task->rect.width,
    };
    return scan_geometry_new(&size, error);
}

int generate_region(struct generator *generator, const struct picture *picture,
                    const struct crop *region, bool keep_cut, struct mask_list *masks,
                    struct error *error)
{
    const struct generator_options *options = generator->options;
    struct crop_task task = {
        .rect = region->rect,
        .image_width = picture->width,
        .image_height = picture->height,
        .embedding = generator->embedding,
        .keep_cut = keep_cut,
    };
    double *points = place_points(options, region->layer, &task.count, error);
    if (!points)
        return -1;
    task.points = points;
    struct scan_geometry *geometry = embed(generator, picture, &task, error);
    task.geometry = geometry;
    double start = clock_now();
    int status = geometry ? run_grid(generator, &task, masks, error) : -1;
    add_time(&generator->times.grid, &start);
    if (status == 0)
        status = nms_within_crop(masks, options->box_nms_thresh, error);
    if (status == 0)
        status = uncrop(masks, &task, error);
    add_time(&generator->times.filters, &start);
    scan_geometry_free(geometry);
    free(points);
    return status;
}

/* True if crop_layer_set leaves this layer in. */
static bool is_chosen(const struct generator_options *options, int layer)
{
    return options->crop_layer_set == 0 || (options->crop_layer_set >> layer & 1) != 0;
}

int generator_postprocess(const struct generator *generator, struct mask_list *masks, int32_t width,
                          int32_t height, struct error *error)
{
    const struct generator_options *options = generator->options;
    double threshold = options->box_nms_thresh > options->crop_nms_thresh
                           ? options->box_nms_thresh
                           : options->crop_nms_thresh;
    return postprocess(masks, &options->postprocess, threshold, width, height, error);
}

int generate(struct generator *generator, const struct image *image, struct mask_list *masks,
             struct error *error)
{
    const struct generator_options *options = generator->options;
    const struct picture picture = {image, 0, image->width, image->height};
    struct crop *crops;
    size_t count;
    if (crop_list(&crops, &count, image->width, image->height, options->crop_n_layers,
                  options->crop_overlap_ratio, error))
        return -1;
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct mask_list found = {0};
        if (is_chosen(options, crops[i].layer))
            status = generate_region(generator, &picture, &crops[i], false, &found, error);
        if (status == 0)
            status = mask_list_append(masks, &found, error);
        mask_list_free(&found);
    }
    free(crops);
    double start = clock_now();
    if (status == 0 && count > 1)
        status = nms_across_crops(masks, options->crop_nms_thresh, error);
    if (status == 0)
        status = generator_postprocess(generator, masks, image->width, image->height, error);
    add_time(&generator->times.filters, &start);
    return status;
}
