/* SAM 2's Hiera as one of the encoders. */
#include "model/encoders/encoder_kind.h"
#include "model/encoders/hiera.h"
#include "model/encoders/image_size.h"

static int load(void *encoder, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                struct error *error)
{
    return hiera_load(encoder, checkpoint, wish->isa, image_size_of(checkpoint, wish->image_size),
                      error);
}

static void release(void *encoder)
{
    hiera_free(encoder);
}

static void describe(const void *encoder, struct encoder_info *info)
{
    const struct hiera *hiera = encoder;
    *info = (struct encoder_info){
        .family = hiera->weights.newer ? "SAM 2.1" : "SAM 2",
        .name = hiera->weights.title,
        .resize = SAM_RESIZE_SQUARE,
        .image_size = (int)hiera->weights.image_size,
        .prompt_size = (int)hiera->weights.image_size,
        .grid = (int)hiera->fpn.weights.grid,
        .embed_dim = (int)hiera->fpn.weights.channels,
        .high_resolution = true,
    };
}

static void layout(void *scratch, const void *encoder, size_t threads, struct arena *arena)
{
    hiera_layout(scratch, encoder, threads, arena);
}

static void run(const void *encoder, void *scratch, const float *input, int threads,
                const struct encoding *to)
{
    hiera_encode(encoder, scratch, input, threads, to);
}

const struct encoder_kind hiera_kind = {
    .mark = "image_encoder.trunk.pos_embed",
    .title = "SAM 2's Hiera",
    .size = sizeof(struct hiera),
    .scratch_size = sizeof(struct hiera_scratch),
    .load = load,
    .free = release,
    .describe = describe,
    .layout = layout,
    .run = run,
};
