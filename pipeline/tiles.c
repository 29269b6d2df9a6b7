#include "pipeline/tiles.h"

#include "base/error.h"
#include "base/geometry.h"
#include "filters/crop.h"
#include "filters/mask.h"
#include "filters/merge.h"
#include "filters/nms.h"
#include "images/image.h"
#include "images/image_worker.h"
#include "pipeline/finish.h"
#include "pipeline/generate.h"
#include "pipeline/options.h"

/* Masks of two tiles are of one object if this much of them agrees in the overlap. */
static const double SAME_OBJECT = 0.5;

/* One side of the image cut into tiles: the last is moved inwards to keep its size. */
struct cut {
    int32_t side, size, step, count;
};

static struct cut cut_side(int32_t side, int32_t tile, int32_t halo)
{
    int32_t size = side < tile ? side : tile;
    int32_t step = tile - halo;
    return (struct cut){side, size, step, 1 + (side - size + step - 1) / step};
}

static int32_t cut_start(const struct cut *cut, int32_t index)
{
    int32_t start = index * cut->step;
    return start + cut->size > cut->side ? cut->side - cut->size : start;
}

static int run_row(struct generator *generator, const struct picture *picture,
                   const struct cut *columns, int32_t rows, struct mask_list *masks,
                   struct error *error)
{
    for (int32_t i = 0; i < columns->count; i++) {
        const struct crop region = {
            .rect = {cut_start(columns, i), picture->top, columns->size, rows},
        };
        struct mask_list found = {0};
        int status = generate_region(generator, picture, &region, true, &found, error);
        if (status == 0)
            status = mask_list_append(masks, &found, error);
        mask_list_free(&found);
        if (status)
            return -1;
    }
    return 0;
}

static int run_rows(struct generator *generator, struct image_worker *decoder,
                    const struct image_header *header, struct mask_list *masks, struct error *error)
{
    const struct generator_options *options = generator_options(generator);
    const struct cut columns = cut_side(header->width, options->tile, options->halo);
    const struct cut rows = cut_side(header->height, options->tile, options->halo);
    for (int32_t i = 0; i < rows.count; i++) {
        struct image window;
        int32_t top = cut_start(&rows, i);
        if (image_worker_rows(decoder, top, rows.size, &window, error))
            return -1;
        const struct picture picture = {&window, top, header->width, header->height};
        if (run_row(generator, &picture, &columns, rows.size, masks, error))
            return -1;
    }
    if (columns.count * rows.count == 1)
        return 0;
    if (merge_tiles(masks, SAME_OBJECT, error))
        return -1;
    return nms_within_crop(masks, options->box_nms_thresh, error);
}

/* As tiles_generate, once the decoder has the image's header. */
static int run_beside(struct generator *generator, struct image_worker *decoder,
                      const struct generate_known *known, struct mask_list *masks,
                      const struct image_header *header, struct error *error)
{
    const struct size size = {header->width, header->height};
    if (known->box_count)
        return error_set(error, ERROR_IMAGE,
                         "boxes are prompts on the whole image at once; leave out --tile");
    int status = generator_know(generator, known, size, error);
    if (status == 0)
        status = run_rows(generator, decoder, header, masks, error);
    if (status == 0)
        status = finish_beside(masks, generator_options(generator), false,
                               generator_known(generator), error);
    generator_forget(generator);
    return status;
}

int tiles_generate(struct generator *generator, const struct tiles_source *source,
                   const struct generate_known *known, struct mask_list *masks,
                   struct image_header *header, struct error *error)
{
    if (image_worker_strips(source->decoder, source->path, source->options, header, error))
        return -1;
    if (known)
        return run_beside(generator, source->decoder, known, masks, header, error);
    if (run_rows(generator, source->decoder, header, masks, error))
        return -1;
    return finish_masks(masks, generator_options(generator), false,
                        (struct size){header->width, header->height}, error);
}
