/* MobileSAM's TinyViT as one of the encoders. */
#include "base/error.h"
#include "base/memory.h"
#include "model/encoders/encoder_kind.h"
#include "model/encoders/image_size.h"
#include "model/encoders/tinyvit.h"

static int load(void *encoder, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                struct error *error)
{
    struct tinyvit *tinyvit = encoder;
    int size = image_size_of(checkpoint, wish->image_size);
    if (tinyvit_load(tinyvit, checkpoint, wish->isa, size, error))
        return -1;
    tinyvit->early = wish->early;
    if (tinyvit->early &&
        tinyvit->weights.stages[TINYVIT_EARLY_STAGE + 1].side != tinyvit->weights.grid)
        return error_set(error, ERROR_MODEL,
                         "SAM-HQ's mask decoder needs features of %zu x %zu positions behind stage "
                         "%d of the TinyViT, which has %zu x %zu there",
                         tinyvit->weights.grid, tinyvit->weights.grid, TINYVIT_EARLY_STAGE,
                         tinyvit->weights.stages[TINYVIT_EARLY_STAGE + 1].side,
                         tinyvit->weights.stages[TINYVIT_EARLY_STAGE + 1].side);
    return 0;
}

static void release(void *encoder)
{
    tinyvit_free(encoder);
}

static const char *title(const struct tinyvit_weights *weights)
{
    static const size_t widths[TINYVIT_STAGES] = {64, 128, 160, 320};
    static const size_t depths[TINYVIT_STAGES] = {2, 2, 6, 2};
    for (size_t i = 0; i < TINYVIT_STAGES; i++)
        if (weights->stages[i].width != widths[i] || weights->stages[i].depth != depths[i])
            return "TinyViT";
    return "TinyViT (MobileSAM)";
}

static void describe(const void *encoder, struct encoder_info *info)
{
    const struct tinyvit *tinyvit = encoder;
    *info = (struct encoder_info){
        .family = tinyvit->early ? "SAM-HQ" : "MobileSAM",
        .name = title(&tinyvit->weights),
        .resize = SAM_RESIZE_LONGEST,
        .image_size = (int)tinyvit->weights.image_size,
        .prompt_size = (int)tinyvit->weights.image_size,
        .grid = (int)tinyvit->weights.grid,
        .embed_dim = (int)tinyvit->weights.neck.out,
        .early_channels =
            tinyvit->early ? (int)tinyvit->weights.stages[TINYVIT_EARLY_STAGE + 1].width : 0,
    };
}

static void layout(void *scratch, const void *encoder, size_t threads, struct arena *arena)
{
    tinyvit_layout(scratch, encoder, threads, arena);
}

static void run(const void *encoder, void *scratch, const float *input, int threads,
                const struct encoding *to)
{
    tinyvit_encode(encoder, scratch, input, threads, to);
}

const struct encoder_kind tinyvit_kind = {
    .mark = "image_encoder.patch_embed.seq.0.c.weight",
    .title = "MobileSAM's TinyViT",
    .size = sizeof(struct tinyvit),
    .scratch_size = sizeof(struct tinyvit_scratch),
    .load = load,
    .free = release,
    .describe = describe,
    .layout = layout,
    .run = run,
};
