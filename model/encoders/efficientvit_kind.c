/* EfficientViT-SAM's image encoder as one of the encoders. */
#include "model/encoders/efficientvit.h"
#include "model/encoders/encoder_kind.h"
#include "model/encoders/image_size.h"

enum { PROMPT_STRIDE = 16 }; /* pixels of the prompts' frame for each position of the embedding */

static int load(void *encoder, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                struct error *error)
{
    return efficientvit_load(encoder, checkpoint, wish->isa,
                             image_size_said(checkpoint, wish->image_size), error);
}

static void release(void *encoder)
{
    efficientvit_free(encoder);
}

static const char *title(const struct efficientvit_weights *weights)
{
    static const struct {
        size_t stages, neck, last; /* stages, depth of the neck, blocks of the last stage */
        const char *title;
    } known[] = {
        {5, 4, 5, "EfficientViT-L0"},   {5, 8, 7, "EfficientViT-L1"},
        {5, 12, 9, "EfficientViT-L2"},  {6, 6, 4, "EfficientViT-XL0"},
        {6, 12, 7, "EfficientViT-XL1"},
    };
    const struct efficientvit_stage *last = &weights->stages[weights->stage_count - 1];
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (weights->grid == 64 && weights->stage_count == known[i].stages &&
            weights->depth == known[i].neck && last->depth == known[i].last &&
            last->width == (known[i].stages == 5 ? 512 : 1024))
            return known[i].title;
    return "EfficientViT";
}

static void describe(const void *encoder, struct encoder_info *info)
{
    const struct efficientvit_weights *weights = &((const struct efficientvit *)encoder)->weights;
    *info = (struct encoder_info){
        .family = "EfficientViT-SAM",
        .name = title(weights),
        .resize = SAM_RESIZE_LONGEST,
        .image_size = (int)weights->image_size,
        .prompt_size = PROMPT_STRIDE * (int)weights->grid,
        .grid = (int)weights->grid,
        .embed_dim = (int)weights->output.out,
    };
}

static void layout(void *scratch, const void *encoder, size_t threads, struct arena *arena)
{
    efficientvit_layout(scratch, encoder, threads, arena);
}

static void run(const void *encoder, void *scratch, const float *input, int threads,
                const struct encoding *to)
{
    efficientvit_encode(encoder, scratch, input, threads, to->embedding);
}

const struct encoder_kind efficientvit_kind = {
    .mark = "image_encoder.backbone.stages.0.op_list.0.conv.weight",
    .title = "EfficientViT-SAM's EfficientViT",
    .size = sizeof(struct efficientvit),
    .scratch_size = sizeof(struct efficientvit_scratch),
    .load = load,
    .free = release,
    .describe = describe,
    .layout = layout,
    .run = run,
};
