#include "pipeline/mask_embedding.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/geometry.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "images/image.h"
#include "model/sam.h"
#include "pipeline/embedding.h"
#include "pipeline/generate.h"
#include "pipeline/mask_cover.h"
#include "rle/rle.h"

static const double WIDER = 0.25; /* of a box's longer side, on each side of a crop */

struct mask_embedder {
    const struct sam *sam; /* borrowed */
    enum mask_embedding_kind kind;
    size_t width, cells;       /* C, G * G */
    float *embedding;          /* [C][G][G] */
    float *cover;              /* [G][G] */
    double *sums;              /* [C] of a mask */
    struct prompt_frame frame; /* of the image that was encoded for MASK_EMBEDDING_IMAGE */
    struct image mirror;       /* of a crop */
};

bool mask_embedding_find(const char *name, enum mask_embedding_kind *kind)
{
    static const char *const names[] = {
        [MASK_EMBEDDING_IMAGE] = "image", [MASK_EMBEDDING_CROP] = "crop"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *kind = (enum mask_embedding_kind)i;
            return true;
        }
    return false;
}

struct mask_embedder *mask_embedder_new(const struct sam *sam, enum mask_embedding_kind kind,
                                        struct error *error)
{
    const struct sam_info *info = sam_info(sam);
    struct mask_embedder *embedder = memory_new(1, sizeof *embedder, "embeddings", error);
    if (!embedder)
        return NULL;
    *embedder = (struct mask_embedder){
        .sam = sam,
        .kind = kind,
        .width = (size_t)info->embed_dim,
        .cells = (size_t)info->grid * (size_t)info->grid,
    };
    if ((embedder->embedding =
             memory_new(embedder->width, embedder->cells * sizeof(float), "embeddings", error)) &&
        (embedder->cover = memory_new(embedder->cells, sizeof(float), "embeddings", error)) &&
        (embedder->sums = memory_new(embedder->width, sizeof(double), "embeddings", error)))
        return embedder;
    mask_embedder_free(embedder);
    return NULL;
}

void mask_embedder_free(struct mask_embedder *embedder)
{
    if (!embedder)
        return;
    memory_free(embedder->embedding);
    memory_free(embedder->cover);
    memory_free(embedder->sums);
    image_free(&embedder->mirror);
    memory_free(embedder);
}

size_t mask_embedder_width(const struct mask_embedder *embedder)
{
    return embedder->width;
}

int mask_embedder_begin(struct mask_embedder *embedder, struct generator *generator,
                        const struct image *image, struct error *error)
{
    if (embedder->kind != MASK_EMBEDDING_IMAGE)
        return 0;
    if (generator_encode(generator, image, error))
        return -1;
    sam_embedding(generator_embedding(generator)->image, embedder->embedding);
    embedder->frame = generator_embedding(generator)->frame;
    return 0;
}

/* Adds sum(w E) / sum(w) to the mask's sums, where the mask covers anything. */
static void add_mean(struct mask_embedder *embedder)
{
    double whole = 0;
    for (size_t i = 0; i < embedder->cells; i++)
        whole += (double)embedder->cover[i];
    for (size_t c = 0; whole > 0 && c < embedder->width; c++) {
        const float *plane = embedder->embedding + c * embedder->cells;
        double sum = 0;
        for (size_t i = 0; i < embedder->cells; i++)
            sum += (double)(embedder->cover[i] * plane[i]);
        embedder->sums[c] += sum / whole;
    }
}

static void finish_row(const struct mask_embedder *embedder, float *row)
{
    double squares = 0;
    for (size_t c = 0; c < embedder->width; c++)
        squares += embedder->sums[c] * embedder->sums[c];
    for (size_t c = 0; c < embedder->width; c++)
        row[c] = squares > 0 ? (float)(embedder->sums[c] / sqrt(squares)) : 0;
}

/* Averages the embedding of a region over the mask. */
static int add_region(struct mask_embedder *embedder, const struct mask_cover_grid *region,
                      const struct rle *mask, struct error *error)
{
    const struct sam_info *info = sam_info(embedder->sam);
    struct mask_cover_grid grid = *region;
    grid.prompt_size = info->prompt_size;
    grid.side = info->grid;
    if (mask_cover(&grid, mask, embedder->cover, error))
        return -1;
    add_mean(embedder);
    return 0;
}

static int embed_in_image(struct mask_embedder *embedder, const struct rle *mask,
                          struct error *error)
{
    const struct mask_cover_grid whole = {.frame = &embedder->frame};
    return add_region(embedder, &whole, mask, error);
}

/* The box, widened and cut at the image. */
static struct rect crop_around(struct box box, const struct image *image)
{
    const int32_t across = box.x1 - box.x0 + 1, down = box.y1 - box.y0 + 1;
    const int32_t wider = (int32_t)ceil(WIDER * (across > down ? across : down));
    const int32_t x0 = box.x0 > wider ? box.x0 - wider : 0;
    const int32_t y0 = box.y0 > wider ? box.y0 - wider : 0;
    const int32_t x1 = box.x1 + 1 + wider < image->width ? box.x1 + 1 + wider : image->width;
    const int32_t y1 = box.y1 + 1 + wider < image->height ? box.y1 + 1 + wider : image->height;
    return (struct rect){x0, y0, x1 - x0, y1 - y0};
}

/* Copies a region of an image, each row from right to left. */
static int make_mirror(struct image *mirror, const struct image *image, struct rect region,
                       struct error *error)
{
    const struct image_view view = image_view_of(image, region);
    if (image_reserve(mirror, region.width, region.height, error))
        return -1;
    for (int32_t y = 0; y < region.height; y++) {
        const uint8_t *from = view.rgb + (size_t)y * view.stride;
        uint8_t *to = mirror->rgb + 3 * (size_t)y * (size_t)region.width;
        for (int32_t x = 0; x < region.width; x++)
            memcpy(to + 3 * (size_t)x, from + 3 * (size_t)(region.width - 1 - x), 3);
    }
    return 0;
}

/* What is encoded for a mask: a region of an image, and where it lies in the mask's image. */
struct view {
    const struct image *image;
    struct rect region;
    struct mask_cover_grid grid;
};

static int add_view(struct mask_embedder *embedder, struct generator *generator, struct view *view,
                    const struct rle *mask, struct error *error)
{
    if (generator_encode_region(generator, view->image, view->region, error))
        return -1;
    const struct embedding *embedding = generator_embedding(generator);
    sam_embedding(embedding->image, embedder->embedding);
    view->grid.frame = &embedding->frame;
    return add_region(embedder, &view->grid, mask, error);
}

/* From a crop and its mirror image. */
static int embed_in_crop(struct mask_embedder *embedder, struct generator *generator,
                         const struct image *image, const struct rle *mask, struct error *error)
{
    if (rle_area(mask) == 0)
        return 0;
    const struct rect crop = crop_around(rle_box(mask), image);
    struct view plain = {.image = image, .region = crop, .grid = {.x = crop.x, .y = crop.y}};
    struct view mirrored = {.image = &embedder->mirror,
                            .region = {0, 0, crop.width, crop.height},
                            .grid = {.x = crop.x, .y = crop.y, .mirrored = true}};
    if (add_view(embedder, generator, &plain, mask, error) ||
        make_mirror(&embedder->mirror, image, crop, error))
        return -1;
    return add_view(embedder, generator, &mirrored, mask, error);
}

int mask_embedder_run(struct mask_embedder *embedder, struct generator *generator,
                      const struct image *image, const struct mask_list *masks, float *rows,
                      struct error *error)
{
    for (size_t i = 0; i < masks->count; i++) {
        const struct rle *mask = &masks->items[i].rle;
        memset(embedder->sums, 0, embedder->width * sizeof *embedder->sums);
        if (embedder->kind == MASK_EMBEDDING_IMAGE
                ? embed_in_image(embedder, mask, error)
                : embed_in_crop(embedder, generator, image, mask, error))
            return -1;
        finish_row(embedder, rows + i * embedder->width);
    }
    return 0;
}
