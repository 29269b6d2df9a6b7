/* generate.c - the life of an image, between its pixels and its masks:
 *
 *   for each crop:   region -> embedding (embedder.c)
 *       for each batch of grid points, one thread a batch: points -> masks (prompt_worker.c)
 *       box NMS within the crop, into the image's frame
 *   NMS across crops -> regions cleaned up -> further filters (finish.c)
 *
 * Beside known masks: boxes -> masks; grid points within known masks are left out; what overlaps a known mask
 * too much is dropped before the NMS of its crop, where it would suppress others, and again at the end.
 *
 * Batches are independent and their masks are put together in the order of the grid, so the result
 * does not depend on the number of threads.
 */
#include "pipeline/generate.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "filters/crop.h"
#include "filters/grid.h"
#include "filters/known_masks.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "images/image.h"
#include "model/sam.h"
#include "pipeline/embedding.h"
#include "pipeline/finish.h"
#include "pipeline/options.h"
#include "pipeline/prompt_worker.h"
#include "rle/combine.h"

struct generator {
    const struct sam *sam;
    const struct generator_options *options;
    int threads;
    struct embedder *embedder;
    const struct image *encoded;    /* what the embedder holds the whole of; NULL: not known */
    struct prompt_worker **workers; /* [threads] */

    const struct generate_known *knows; /* of the image at work; NULL: nothing */
    struct known_masks known;           /* its masks */

    generator_progress *progress; /* NULL: nobody wants to know */
    void *progress_context;
    long prompts;        /* of the image at work */
    atomic_long done;    /* of them */
    atomic_bool stopped; /* `progress` said so */

    double grid_seconds, filter_seconds;
};

static int generator_init(struct generator *generator, struct error *error)
{
    if (!(generator->embedder = embedder_new(generator->sam, generator->threads, error)) ||
        !(generator->workers = memory_new((size_t)generator->threads, sizeof *generator->workers,
                                          "decoding threads", error)))
        return -1;
    for (int i = 0; i < generator->threads; i++)
        if (!(generator->workers[i] = prompt_worker_new(generator->sam, generator->options, error)))
            return -1;
    return 0;
}

struct generator *generator_new(const struct sam *sam, const struct generator_options *options,
                                int threads, struct error *error)
{
    if (options->use_m2m && !sam_info(sam)->takes_masks) {
        error_set(error, ERROR_USAGE, "use_m2m: %s takes no masks as prompts",
                  sam_info(sam)->family);
        return NULL;
    }
    struct generator *generator = memory_new(1, sizeof *generator, "generator", error);
    if (!generator)
        return NULL;
    generator->sam = sam;
    generator->options = options;
    generator->threads = threads;
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
    known_masks_free(&generator->known);
    embedder_free(generator->embedder);
    memory_free(generator);
}

const struct generator_options *generator_options(const struct generator *generator)
{
    return generator->options;
}

const struct embedding *generator_embedding(const struct generator *generator)
{
    return generator->embedder->embedding;
}

struct embedding *generator_take_embedding(struct generator *generator)
{
    generator->encoded = NULL;
    return embedder_take(generator->embedder);
}

void generator_on_progress(struct generator *generator, generator_progress *progress, void *context)
{
    generator->progress = progress;
    generator->progress_context = context;
}

struct generator_times generator_times(const struct generator *generator)
{
    struct generator_times times = {
        .tensor = generator->embedder->tensor_seconds,
        .encode = generator->embedder->encode_seconds,
        .grid = generator->grid_seconds,
        .filters = generator->filter_seconds,
    };
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

/* Counts prompts that are done. The thread that called `generate` reports them. */
static void advance(struct generator *generator, int prompts)
{
    long done = atomic_fetch_add(&generator->done, prompts) + prompts;
    if (generator->progress && omp_get_thread_num() == 0 &&
        !generator->progress(generator->progress_context,
                             (double)done / (double)generator->prompts))
        atomic_store(&generator->stopped, true);
}

/* Runs all batches of a crop, each on the next free thread. `found` and `errors` have an entry a
 * batch. */
static void run_batches(struct generator *generator, const struct crop_task *task, int batch,
                        struct mask_list *found, struct error *errors)
{
    int batches = (task->count + batch - 1) / batch;
#pragma omp parallel num_threads(generator->threads)
    {
        struct prompt_worker *worker = generator->workers[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
        for (int b = 0; b < batches; b++) {
            int first = b * batch;
            int count = task->count - first < batch ? task->count - first : batch;
            if (atomic_load(&generator->stopped))
                continue;
            prompt_worker_run(worker, task, first, count, &found[b], &errors[b]);
            advance(generator, count);
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
        run_batches(generator, task, batch, found, errors);
    for (int b = 0; found && b < batches; b++) {
        if (status == 0 && errors[b].code) {
            *error = errors[b];
            status = -1;
        }
        if (status == 0)
            status = mask_list_append(masks, &found[b], error);
        mask_list_free(&found[b]);
    }
    if (status == 0 && atomic_load(&generator->stopped))
        status = error_set(error, ERROR_STOPPED, "stopped as asked");
    memory_free(errors);
    memory_free(found);
    return status;
}

/* Places the masks of a crop in the image. */
static int uncrop(struct mask_list *masks, const struct crop_task *task, struct error *error)
{
    const struct rect image = {-task->rect.x, -task->rect.y, task->image_width, task->image_height};
    for (size_t i = 0; i < masks->count; i++) {
        struct mask *mask = &masks->items[i];
        struct rle placed = {0};
        if (rle_place(&placed, &mask->rle, image, error))
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

int generator_encode(struct generator *generator, const struct image *image, struct error *error)
{
    generator->encoded = NULL;
    if (embedder_encode_image(generator->embedder, image, error))
        return -1;
    generator->encoded = image;
    return 0;
}

int generator_encode_region(struct generator *generator, const struct image *image,
                            struct rect region, struct error *error)
{
    const struct picture picture = {image, 0, image->width, image->height};
    generator->encoded = NULL;
    return embedder_encode(generator->embedder, &picture, region, error);
}

/* Encodes a region unless it is the whole image that was encoded ahead. */
static int encode(struct generator *generator, const struct picture *picture, struct rect region,
                  struct error *error)
{
    bool whole = region.width == picture->width && region.height == picture->height;
    if (whole && generator->encoded && generator->encoded == picture->rows)
        return 0;
    generator->encoded = NULL;
    return embedder_encode(generator->embedder, picture, region, error);
}

int generator_know(struct generator *generator, const struct generate_known *known,
                   struct size image, struct error *error)
{
    generator->knows = known;
    if (known_masks_begin(&generator->known, image, error))
        return -1;
    return known->masks ? known_masks_add(&generator->known, known->masks, error) : 0;
}

void generator_forget(struct generator *generator)
{
    generator->knows = NULL;
    known_masks_free(&generator->known);
}

const struct known_masks *generator_known(const struct generator *generator)
{
    return generator->knows ? &generator->known : NULL;
}

/* Leaves out the points that lie in known masks, and counts them as done. */
static void leave_out_points(struct generator *generator, const struct rect *region, double *points,
                             int *count)
{
    int kept = 0;
    for (int i = 0; i < *count; i++) {
        double x = region->x + points[2 * i] * region->width;
        double y = region->y + points[2 * i + 1] * region->height;
        if (known_masks_have(&generator->known, x, y))
            continue;
        points[2 * kept] = points[2 * i];
        points[2 * kept + 1] = points[2 * i + 1];
        kept++;
    }
    advance(generator, *count - kept);
    *count = kept;
}

/* Drops what overlaps a known mask of the image too much. */
static void respect_known(struct generator *generator, struct mask_list *masks)
{
    const struct known_limits limits = finish_limits(generator->options);
    for (size_t i = 0; i < masks->count; i++)
        masks->items[i].source = MASK_SOURCE_GRID;
    known_masks_drop(&generator->known, &limits, masks);
}

/* NMS within the crop, into the image's frame. */
static int finish_region(struct generator *generator, const struct crop_task *task,
                         struct mask_list *masks, struct error *error)
{
    double threshold = generator->options->box_nms_thresh;
    if (!generator->knows)
        return nms_within_crop(masks, threshold, error) || uncrop(masks, task, error) ? -1 : 0;
    if (uncrop(masks, task, error))
        return -1;
    respect_known(generator, masks);
    return nms_within_crop(masks, threshold, error);
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
        .keep_cut = keep_cut,
    };
    double *points = place_points(options, region->layer, &task.count, error);
    if (!points)
        return -1;
    if (generator->knows && !generator->knows->parts)
        leave_out_points(generator, &region->rect, points, &task.count);
    if (generator->knows && task.count == 0) { /* known masks are everywhere */
        free(points);
        return 0;
    }
    int status = encode(generator, picture, region->rect, error);
    task.points = points;
    const struct embedding *embedding = generator->embedder->embedding;
    if (status == 0) {
        task.embedding = embedding->image;
        task.geometry = embedding->geometry;
        task.frame = &embedding->frame;
    }
    double start = clock_now();
    if (status == 0)
        status = run_grid(generator, &task, masks, error);
    add_time(&generator->grid_seconds, &start);
    if (status == 0)
        status = finish_region(generator, &task, masks, error);
    add_time(&generator->filter_seconds, &start);
    free(points);
    return status;
}

/* True if crop_layer_set leaves this layer in. */
static bool is_chosen(const struct generator_options *options, int layer)
{
    return options->crop_layer_set == 0 || (options->crop_layer_set >> layer & 1) != 0;
}

/* Prompts of all crops that are searched. */
static long count_prompts(const struct generator_options *options, const struct crop *crops,
                          size_t count)
{
    long prompts = 0;
    for (size_t i = 0; i < count; i++) {
        int layer = crops[i].layer;
        int side =
            grid_side(options->points_per_side, options->crop_n_points_downscale_factor, layer);
        if (is_chosen(options, layer))
            prompts += options->own_points ? options->own_point_count : (long)side * side;
    }
    return prompts;
}

static int generate_crops(struct generator *generator, const struct image *image,
                          const struct crop *crops, size_t count, struct mask_list *masks,
                          struct error *error)
{
    const struct picture picture = {image, 0, image->width, image->height};
    generator->prompts = count_prompts(generator->options, crops, count);
    atomic_store(&generator->done, 0);
    atomic_store(&generator->stopped, false);
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct mask_list found = {0};
        if (is_chosen(generator->options, crops[i].layer))
            status = generate_region(generator, &picture, &crops[i], false, &found, error);
        if (status == 0)
            status = mask_list_append(masks, &found, error);
        mask_list_free(&found);
    }
    return status;
}

int generate(struct generator *generator, const struct image *image, struct mask_list *masks,
             struct error *error)
{
    const struct generator_options *options = generator->options;
    struct crop *crops;
    size_t count;
    if (crop_list(&crops, &count, (struct size){image->width, image->height},
                  options->crop_n_layers, options->crop_overlap_ratio, error))
        return -1;
    int status = generate_crops(generator, image, crops, count, masks, error);
    free(crops);
    double start = clock_now();
    if (status == 0 && generator->knows)
        status = finish_beside(masks, options, count > 1, &generator->known, error);
    else if (status == 0)
        status = finish_masks(masks, options, count > 1, (struct size){image->width, image->height},
                              error);
    add_time(&generator->filter_seconds, &start);
    return status;
}

/* Prompts the whole image with boxes; their masks are known from now on. */
static int generate_boxes(struct generator *generator, const struct image *image,
                          const struct generate_known *known, struct mask_list *masks,
                          struct error *error)
{
    if (known->box_count == 0)
        return 0;
    if (generator_encode(generator, image, error))
        return -1;
    const struct embedding *embedding = generator->embedder->embedding;
    const struct crop_task task = {
        .rect = {0, 0, image->width, image->height},
        .image_width = image->width,
        .image_height = image->height,
        .frame = &embedding->frame,
        .embedding = embedding->image,
        .geometry = embedding->geometry,
        .boxes = known->boxes,
        .count = (int)known->box_count,
    };
    generator->prompts = task.count;
    atomic_store(&generator->done, 0);
    atomic_store(&generator->stopped, false);
    double start = clock_now();
    int status = run_grid(generator, &task, masks, error);
    add_time(&generator->grid_seconds, &start);
    return status ? -1 : known_masks_add(&generator->known, masks, error);
}

int generate_beside(struct generator *generator, const struct image *image,
                    const struct generate_known *known, struct mask_list *masks,
                    struct error *error)
{
    struct mask_list grid = {0};
    if (!known) {
        int found = generate(generator, image, masks, error);
        generator->encoded = NULL; /* the image may go now */
        return found;
    }
    int status =
        generator_know(generator, known, (struct size){image->width, image->height}, error);
    if (status == 0)
        status = generate_boxes(generator, image, known, masks, error);
    if (status == 0)
        status = generate(generator, image, &grid, error);
    generator_forget(generator);
    generator->encoded = NULL; /* the image may go now */
    if (status == 0)
        status = mask_list_append(masks, &grid, error);
    mask_list_free(&grid);
    return status;
}
