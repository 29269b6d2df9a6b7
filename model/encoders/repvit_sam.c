#include "model/encoders/repvit_sam.h"

#include "base/error.h"
#include "model/encoders/image_size.h"
#include "model/encoders/neck.h"
#include "model/encoders/repvit.h"

enum { EMBEDDING_STRIDE = 16 }; /* pixels for each position of the embedding */

struct encoder {
    struct repvit trunk;
    struct neck_weights neck_weights;
    struct neck neck;
};

struct scratch {
    struct repvit_scratch trunk;
    struct neck_scratch neck;
};

static int load(void *own, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                struct error *error)
{
    struct encoder *encoder = own;
    int size = image_size_of(checkpoint, wish->image_size);
    if (repvit_load(&encoder->trunk, checkpoint, REPVIT_SAM, wish->isa, size, error) < 0)
        return -1;
    size_t side = repvit_side(&encoder->trunk, 0);
    if (side * EMBEDDING_STRIDE != (size_t)size)
        return error_set(error, ERROR_MODEL,
                         "the image encoder makes %zu x %zu positions of %d pixels, expected one "
                         "for each %d",
                         side, side, size, EMBEDDING_STRIDE);
    if (neck_read(&encoder->neck_weights, checkpoint, side, repvit_width(&encoder->trunk, 0),
                  error) < 0)
        return -1;
    return neck_pack(&encoder->neck, &encoder->neck_weights, checkpoint, wish->isa, error);
}

static void release(void *own)
{
    struct encoder *encoder = own;
    repvit_free(&encoder->trunk);
    neck_free(&encoder->neck);
}

/* The published model is told by its width and its number of blocks. */
static const char *title(const struct repvit_weights *weights)
{
    return weights->stem2.out == 80 && weights->count == 54 ? "RepViT (RepViT-SAM)" : "RepViT";
}

static void describe(const void *own, struct encoder_info *info)
{
    const struct encoder *encoder = own;
    int size = (int)encoder->trunk.weights.image_size;
    *info = (struct encoder_info){
        .family = "RepViT-SAM",
        .name = title(&encoder->trunk.weights),
        .resize = SAM_RESIZE_LONGEST,
        .image_size = size,
        .prompt_size = size,
        .grid = (int)encoder->neck.weights.grid,
        .embed_dim = (int)encoder->neck.weights.out,
    };
}

static void layout(void *own, const void *of, size_t threads, struct arena *arena)
{
    struct scratch *scratch = own;
    const struct encoder *encoder = of;
    repvit_layout(&scratch->trunk, &encoder->trunk, threads, arena);
    neck_layout(&scratch->neck, &encoder->neck, arena);
}

static void run(const void *own, void *of, const float *input, int threads,
                const struct encoding *to)
{
    const struct encoder *encoder = own;
    const struct scratch *scratch = of;
    struct plane x;
    repvit_run_stem(&encoder->trunk, &scratch->trunk, input, threads, &x);
    repvit_run_stage(&encoder->trunk, &scratch->trunk, 0, threads, &x);
    neck_run(&encoder->neck, &scratch->neck, plane_at(&x, 0, 0), plane_row(&x), threads,
             to->embedding);
}

const struct encoder_kind repvit_sam_kind = {
    .mark = "image_encoder.features.0.0.c.weight",
    .title = "RepViT-SAM's RepViT",
    .size = sizeof(struct encoder),
    .scratch_size = sizeof(struct scratch),
    .load = load,
    .free = release,
    .describe = describe,
    .layout = layout,
    .run = run,
};
