#include "program/eval/eval_edges.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "jobs/list.h"
#include "library/mm_handles.h"
#include "program/eval/segments.h"
#include "program/segmenter.h"

/* "FOLDER/STEM.EXTENSION"; without a folder "STEM.EXTENSION". Freed by free(3). */
static char *beside(const char *folder, const char *key, const char *extension, struct error *error)
{
    char *name;
    int made = asprintf(&name, "%s%s%.*s.%s", folder ? folder : "", folder ? "/" : "",
                        (int)list_stem(key), key, extension);
    if (made < 0)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", key);
    return made < 0 ? NULL : name;
}

static int read_truth(const struct edge_evaluator *evaluator, const char *path,
                      struct segments *truth, struct error *error)
{
    char *record = beside(NULL, path, "json", error);
    int status = record ? segments_read(truth, NULL, record, error) : -1;
    if (status == 0 && evaluator->annotator != EVAL_EDGES_ALL &&
        segments_choose(truth, evaluator->annotator, error))
        status = error_prefix(error, "%s", record);
    if (status == 0 && truth->count == 0)
        status = error_set(error, ERROR_RECORD, "%s: has no segments", record);
    free(record);
    return status;
}

static int check_size(const struct image *image, const struct segments *truth, const char *path,
                      struct error *error)
{
    if ((uint32_t)image->width == truth->width && (uint32_t)image->height == truth->height)
        return 0;
    return error_set(error, ERROR_RECORD, "%s: has %d x %d pixels, its segments have %u x %u", path,
                     image->width, image->height, truth->width, truth->height);
}

static int find_edges(const struct edge_evaluator *evaluator, const struct mm_image *image,
                      float *map, struct error *error)
{
    struct mm_error failure = {0};
    if (segmenter_set_image(evaluator->segmenter, image, error))
        return -1;
    if (mm_segmenter_edges(evaluator->segmenter, NULL, map, &failure))
        return segmenter_error(error, &failure);
    return 0;
}

/* The model's edges, or the ones in a gray image. */
static int fill_map(const struct edge_evaluator *evaluator, const struct mm_image *image,
                    float *map, struct error *error)
{
    const struct image *pixels = &image->pixels;
    if (evaluator->segmenter)
        return find_edges(evaluator, image, map, error);
    for (size_t i = 0; i < (size_t)pixels->width * (size_t)pixels->height; i++)
        map[i] = (float)pixels->rgb[3 * i] / UINT8_MAX;
    return 0;
}

static int evaluate(struct edge_evaluator *evaluator, const char *path,
                    const struct segments *truth, struct error *error)
{
    struct mm_image image = {{0}};
    const struct image_input file = {path, -1};
    float *map = NULL;
    int status = image_pool_read(evaluator->pool, &file, &image.pixels, error);
    if (status == 0)
        status = check_size(&image.pixels, truth, path, error);
    if (status == 0 &&
        !(map = memory_new((size_t)truth->width * truth->height, sizeof *map, "edges", error)))
        status = -1;
    if (status == 0)
        status = fill_map(evaluator, &image, map, error);
    if (status == 0)
        status = edge_scores_add(&evaluator->scores, map, truth, evaluator->threads, error);
    memory_free(map);
    image_free(&image.pixels);
    return status;
}

static int evaluate_pair(struct edge_evaluator *evaluator, const char *path, const char *key,
                         struct error *error)
{
    struct segments truth = {.max_pixels = evaluator->max_pixels};
    char *map = evaluator->maps ? beside(evaluator->maps, key, "png", error) : NULL;
    int status = evaluator->maps && !map ? -1 : read_truth(evaluator, path, &truth, error);
    if (status == 0)
        status = evaluate(evaluator, map ? map : path, &truth, error);
    segments_free(&truth);
    free(map);
    if (status)
        evaluator->failed++;
    else
        evaluator->images++;
    return status;
}

/* A folder that cannot be read counts as one bad pair. Returns 0, or -1 if the machine lacks
 * something, which is no fault of the pair. */
static int evaluate_item(struct edge_evaluator *evaluator, const struct list_item *item,
                         struct error *error)
{
    struct error own = {0};
    if (item->fault) {
        evaluator->failed++;
        plain_line(stderr, "maskmill eval: %s", item->fault->text);
    } else if (evaluate_pair(evaluator, item->path, item->key, &own)) {
        if (own.code == ERROR_MEMORY) {
            *error = own;
            return -1;
        }
        plain_line(stderr, "maskmill eval: %s", own.text);
    }
    return 0;
}

int eval_edges_walk(struct edge_evaluator *evaluator, const char *folder, int max_images,
                    struct error *error)
{
    const struct list_options options = {
        .inputs = &folder,
        .input_count = 1,
        .wanted = image_has_extension,
        .skip_suffix = ".overlay.jpg",
    };
    struct list *list = list_open(&options, error);
    struct list_item item;
    int more = list ? 1 : -1;
    for (int i = 0; more > 0 && (max_images == 0 || i < max_images); i++) {
        more = list_next(list, &item, error);
        if (more > 0 && evaluate_item(evaluator, &item, error))
            more = -1;
    }
    list_close(list);
    if (more >= 0 && evaluator->images + evaluator->failed == 0)
        return error_set(error, ERROR_IO, "%s: there are no images", folder);
    return more < 0 ? -1 : 0;
}
