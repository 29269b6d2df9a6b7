#include "pipeline/edges.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/edges/edge_nms.h"
#include "filters/edges/edge_strength.h"
#include "filters/grid.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "model/sam.h"
#include "pipeline/embedding.h"
#include "pipeline/predict_many.h"

enum { SIDE_MOST = 1024 };

struct edges {
    const struct sam *sam;
    struct edges_options options;
    int threads;
    struct predictors *predictors; /* owned */
    double *points;                /* [side * side][2] owned by free(3); in 0..1 */
};

/* The masks of all points, and which of them count. All arrays are owned. */
struct candidates {
    size_t points;
    double (*xy)[2];                  /* [points] pixels of the region */
    struct predictor_prompt *prompts; /* [points] a click each */
    struct mask_list *masks;          /* [points] each PREDICTOR_MASKS */
    struct error *errors;             /* [points] */
    struct box *boxes;                /* [points * PREDICTOR_MASKS], with scores */
    float *scores;
    size_t *numbers; /* of those with foreground: point * PREDICTOR_MASKS + mask */
    size_t count;
    bool *kept; /* [points * PREDICTOR_MASKS] whether NMS has left it */
};

struct edges_options edges_options_default(void)
{
    return (struct edges_options){.points_per_side = 16, .box_nms_thresh = 0.7};
}

static int check(const struct edges_options *options, struct error *error)
{
    if (options->points_per_side < 1 || options->points_per_side > SIDE_MOST)
        return error_set(error, ERROR_USAGE, "points_per_side %d: expected 1 to %d",
                         options->points_per_side, SIDE_MOST);
    if (!(options->box_nms_thresh >= 0 && options->box_nms_thresh <= 1))
        return error_set(error, ERROR_USAGE, "box_nms_thresh %g: expected 0 to 1",
                         options->box_nms_thresh);
    if (!isfinite(options->mask_threshold))
        return error_set(error, ERROR_USAGE, "mask_threshold %g: expected a number",
                         options->mask_threshold);
    return 0;
}

static int edges_init(struct edges *edges, struct error *error)
{
    const struct predictor_options options = {.mask_threshold = edges->options.mask_threshold};
    edges->points = grid_points(edges->options.points_per_side, error);
    edges->predictors = predictors_new(edges->sam, &options, edges->threads, error);
    return edges->points && edges->predictors ? 0 : -1;
}

struct edges *edges_new(const struct sam *sam, const struct edges_options *options, int threads,
                        struct error *error)
{
    if (check(options, error))
        return NULL;
    struct edges *edges = memory_new(1, sizeof *edges, "edges", error);
    if (!edges)
        return NULL;
    *edges = (struct edges){.sam = sam, .options = *options, .threads = threads};
    if (edges_init(edges, error)) {
        edges_free(edges);
        return NULL;
    }
    return edges;
}

void edges_free(struct edges *edges)
{
    if (!edges)
        return;
    predictors_free(edges->predictors);
    free(edges->points);
    memory_free(edges);
}

static void candidates_free(struct candidates *found)
{
    for (size_t i = 0; found->masks && i < found->points; i++)
        mask_list_free(&found->masks[i]);
    memory_free(found->masks);
    memory_free(found->xy);
    memory_free(found->prompts);
    memory_free(found->errors);
    memory_free(found->boxes);
    memory_free(found->scores);
    memory_free(found->numbers);
    memory_free(found->kept);
}

static int candidates_make(struct candidates *found, size_t points, struct error *error)
{
    const size_t masks = points * PREDICTOR_MASKS;
    found->points = points;
    if (!(found->xy = memory_new(points, sizeof *found->xy, "masks", error)) ||
        !(found->prompts = memory_new(points, sizeof *found->prompts, "masks", error)) ||
        !(found->masks = memory_new(points, sizeof *found->masks, "masks", error)) ||
        !(found->errors = memory_new(points, sizeof *found->errors, "masks", error)) ||
        !(found->boxes = memory_new(masks, sizeof *found->boxes, "masks", error)) ||
        !(found->scores = memory_new(masks, sizeof *found->scores, "masks", error)) ||
        !(found->numbers = memory_new(masks, sizeof *found->numbers, "masks", error)) ||
        !(found->kept = memory_new(masks, sizeof *found->kept, "masks", error)))
        return -1;
    return 0;
}

/* A click for each point of the grid. */
static void place_clicks(const struct edges *edges, struct size region, struct candidates *found)
{
    for (size_t i = 0; i < found->points; i++) {
        found->xy[i][0] = edges->points[2 * i] * region.width;
        found->xy[i][1] = edges->points[2 * i + 1] * region.height;
        found->prompts[i] = (struct predictor_prompt){.points = found->xy[i], .point_count = 1};
    }
}

/* The first failure of the points, if any. */
static int first_error(const struct candidates *found, struct error *error)
{
    for (size_t i = 0; i < found->points; i++)
        if (found->errors[i].code) {
            *error = found->errors[i];
            return -1;
        }
    return 0;
}

/* Box NMS by the predicted IoU among the masks that have foreground. */
static int choose(struct candidates *found, double threshold, struct error *error)
{
    for (size_t i = 0; i < found->points * PREDICTOR_MASKS; i++) {
        const struct mask *mask = &found->masks[i / PREDICTOR_MASKS].items[i % PREDICTOR_MASKS];
        if (mask->area == 0 || isnan(mask->predicted_iou))
            continue;
        found->boxes[found->count] = mask->box;
        found->scores[found->count] = mask->predicted_iou;
        found->numbers[found->count++] = i;
    }
    const struct nms_input input = {found->boxes, found->scores, found->count};
    size_t kept, *order = memory_new(found->count, sizeof *order, "masks", error);
    int status = order ? nms_boxes(&input, threshold, order, &kept, error) : -1;
    for (size_t i = 0; status == 0 && i < kept; i++)
        found->kept[found->numbers[order[i]]] = true;
    memory_free(order);
    return status;
}

/* Draws the masks of a point that NMS has left. Their logits are made once more: kept from the first
 * time, those of all points would take 200 MB. */
static void draw_point(const struct edges *edges, struct predictor *predictor,
                       const struct embedding *embedding, const struct candidates *found,
                       size_t point, float *map)
{
    const size_t low = (size_t)sam_info(edges->sam)->low_size;
    const bool *kept = found->kept + point * PREDICTOR_MASKS;
    struct error *error = &found->errors[point];
    struct mask_list masks = {0};
    int status = 0;
    if (kept[0] || kept[1] || kept[2])
        status = predictor_predict(predictor, embedding, &found->prompts[point], &masks, error);
    for (size_t m = 0; status == 0 && m < masks.count; m++) {
        const struct edge_mask mask = {
            .geometry = embedding->geometry,
            .logits = predictor_logits(predictor) + m * low * low,
            .threshold = (float)edges->options.mask_threshold,
            .box = masks.items[m].box,
        };
        if (kept[m])
            status = edge_strength_add(&mask, embedding->frame.region, map, error);
    }
    mask_list_free(&masks);
}

/* Each thread has a map of its own; the largest of them counts, whoever has drawn what. */
static int draw(struct edges *edges, const struct embedding *embedding, struct candidates *found,
                float *map, struct error *error)
{
    const struct size size = embedding->frame.region;
    const size_t pixels = (size_t)size.width * (size_t)size.height;
    struct predictor *const *predictors = predictors_all(edges->predictors, error);
    float *maps = predictors
                      ? memory_new((size_t)edges->threads * pixels, sizeof *maps, "edges", error)
                      : NULL;
    if (!maps)
        return -1;
#pragma omp parallel for num_threads(edges->threads) schedule(dynamic)
    for (size_t i = 0; i < found->points; i++) {
        const int thread = omp_get_thread_num();
        draw_point(edges, predictors[thread], embedding, found, i, maps + (size_t)thread * pixels);
    }
    memcpy(map, maps, pixels * sizeof *map);
    for (int thread = 1; thread < edges->threads; thread++)
        for (size_t i = 0; i < pixels; i++)
            map[i] = fmaxf(map[i], maps[(size_t)thread * pixels + i]);
    memory_free(maps);
    return first_error(found, error);
}

static int find(struct edges *edges, const struct embedding *embedding, struct candidates *found,
                float *map, struct error *error)
{
    const size_t side = (size_t)edges->options.points_per_side;
    const struct size size = embedding->frame.region;
    if (candidates_make(found, side * side, error))
        return -1;
    place_clicks(edges, size, found);
    if (predict_many(edges->predictors, embedding, found->prompts, found->points, found->masks,
                     error) ||
        choose(found, edges->options.box_nms_thresh, error) ||
        draw(edges, embedding, found, map, error))
        return -1;
    edge_strength_normalise(size, map);
    return edges->options.thick ? 0 : edge_nms(size, map, error);
}

int edges_find(struct edges *edges, const struct embedding *embedding, float *map,
               struct error *error)
{
    struct candidates found = {0};
    int status = find(edges, embedding, &found, map, error);
    candidates_free(&found);
    return status;
}
