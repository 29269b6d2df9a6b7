#include "model/encoders/edgetam.h"

#include "base/error.h"
#include "model/encoders/fpn.h"
#include "model/encoders/image_size.h"
#include "model/encoders/repvit.h"

enum {
    STEM_STRIDE = 4,
    EMBEDDING_STRIDE = 16,
    COARSEST_STRIDE = 32
}; /* pixels for each position */

struct encoder {
    struct repvit trunk;
    struct fpn_weights neck_weights;
    struct fpn neck;
};

struct scratch {
    struct repvit_scratch trunk;
    float *middle, *low; /* [G][G][C], [G/2][G/2][C] of the neck */
};

/* Each stage must halve the side of the one before. The names of its blocks alone do not say that it
 * does. */
static int check_sides(const struct repvit *trunk, size_t side, struct error *error)
{
    for (size_t i = 0; i < FPN_LEVELS; i++, side /= 2)
        if (repvit_side(trunk, i) != side)
            return error_set(error, ERROR_MODEL,
                             "stage %zu of the image encoder gives %zu x %zu positions, expected "
                             "%zu x %zu: it lacks tensors of its downsampling",
                             i, repvit_side(trunk, i), repvit_side(trunk, i), side, side);
    return 0;
}

static int load(void *own, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                struct error *error)
{
    struct encoder *encoder = own;
    const struct repvit *trunk = &encoder->trunk;
    size_t widths[FPN_LEVELS];
    int size = image_size_of(checkpoint, wish->image_size);
    if (size > 0 && size % COARSEST_STRIDE != 0)
        return error_set(error, ERROR_MODEL, "image size %d, expected a multiple of %d", size,
                         COARSEST_STRIDE);
    if (repvit_load(&encoder->trunk, checkpoint, REPVIT_TIMM, wish->isa, size, error) < 0)
        return -1;
    if (trunk->weights.stages != FPN_LEVELS)
        return error_set(error, ERROR_MODEL, "the image encoder has %zu stages, expected %d",
                         trunk->weights.stages, FPN_LEVELS);
    if (check_sides(trunk, (size_t)size / STEM_STRIDE, error) < 0)
        return -1;
    for (size_t i = 0; i < FPN_LEVELS; i++)
        widths[i] = repvit_width(trunk, i);
    if (fpn_read(&encoder->neck_weights, checkpoint, (size_t)size / EMBEDDING_STRIDE, widths,
                 error) < 0)
        return -1;
    return fpn_pack(&encoder->neck, &encoder->neck_weights, checkpoint, wish->isa, error);
}

static void release(void *own)
{
    struct encoder *encoder = own;
    repvit_free(&encoder->trunk);
    fpn_free(&encoder->neck);
}

/* The published model is told by its width and its number of blocks. */
static const char *title(const struct repvit_weights *weights)
{
    return weights->stem2.out == 48 && weights->count == 26 ? "RepViT (EdgeTAM)" : "RepViT";
}

static void describe(const void *own, struct encoder_info *info)
{
    const struct encoder *encoder = own;
    int size = (int)encoder->trunk.weights.image_size;
    *info = (struct encoder_info){
        .family = "EdgeTAM",
        .name = title(&encoder->trunk.weights),
        .resize = SAM_RESIZE_SQUARE,
        .image_size = size,
        .prompt_size = size,
        .grid = (int)encoder->neck.weights.grid,
        .embed_dim = (int)encoder->neck.weights.channels,
        .high_resolution = true,
    };
}

static void layout(void *own, const void *of, size_t threads, struct arena *arena)
{
    struct scratch *scratch = own;
    const struct encoder *encoder = of;
    repvit_layout(&scratch->trunk, &encoder->trunk, threads, arena);
    size_t positions = encoder->neck.weights.grid * encoder->neck.weights.grid;
    scratch->middle = arena_floats(arena, positions, encoder->neck.weights.channels);
    scratch->low = arena_floats(arena, positions / 4, encoder->neck.weights.channels);
}

/* y[side][side][columns] = the neck's matrix of a level times the trunk's x. */
static void project(const struct matmul_packed *matrix, const struct plane *x, int threads,
                    float *y)
{
    size_t side = x->side, row_size = side * matrix->n;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < side; row++)
        matmul_packed(side, matmul_rows(plane_at(x, (long)row, 0), x->channels), matrix,
                      matmul_set(y + row * row_size, matrix->n));
}

static void run(const void *own, void *of, const float *input, int threads,
                const struct encoding *to)
{
    const struct encoder *encoder = own;
    const struct scratch *scratch = of;
    float *const levels[FPN_LEVELS] = {to->high[0], to->high[1], scratch->middle, scratch->low};
    struct plane x;
    repvit_run_stem(&encoder->trunk, &scratch->trunk, input, threads, &x);
    for (size_t i = 0; i < FPN_LEVELS; i++) {
        repvit_run_stage(&encoder->trunk, &scratch->trunk, i, threads, &x);
        project(&encoder->neck.levels[i], &x, threads, levels[i]);
    }
    fpn_join(&encoder->neck, scratch->middle, scratch->low, threads, to->embedding);
}

const struct encoder_kind edgetam_kind = {
    .mark = "image_encoder.trunk.body.stem.conv1.c.weight",
    .title = "EdgeTAM's RepViT",
    .size = sizeof(struct encoder),
    .scratch_size = sizeof(struct scratch),
    .load = load,
    .free = release,
    .describe = describe,
    .layout = layout,
    .run = run,
};
