/* SAM's ViT and EfficientSAM's as two of the encoders. */
#include "base/error.h"
#include "base/memory.h"
#include "model/encoders/encoder_kind.h"
#include "model/encoders/image_size.h"
#include "model/encoders/vit.h"

static int load(void *encoder, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                struct error *error)
{
    struct vit *vit = encoder;
    if (vit_load(vit, checkpoint, wish->isa, wish->half16, wish->image_size, error))
        return -1;
    const struct vit_sizes *s = &vit->weights.sizes;
    for (size_t b = 0; wish->early && !vit->early && b < s->depth; b++)
        if (vit->weights.blocks[b].window == s->grid)
            vit->early = b + 1;
    if (wish->early && !vit->early)
        return error_set(error, ERROR_MODEL,
                         "no block of the ViT attends to the whole image, but SAM-HQ's mask "
                         "decoder needs the result of the first one that does");
    return 0;
}

static int load_plain(void *encoder, struct checkpoint *checkpoint, const struct encoder_wish *wish,
                      struct error *error)
{
    int size = image_size_of(checkpoint, wish->image_size);
    return vit_load(encoder, checkpoint, wish->isa, wish->half16, size, error);
}

static void release(void *encoder)
{
    vit_free(encoder);
}

/* The names of a published encoder; those of any other ViT are "SAM" and "ViT". */
struct published {
    size_t width, depth, heads;
    const char *family, *title;
};

static const struct published *identify(const struct vit_sizes *s)
{
    static const struct published known[] = {
        {768, 12, 12, "SAM", "ViT-B"},
        {1024, 24, 16, "SAM", "ViT-L"},
        {1280, 32, 16, "SAM", "ViT-H"},
        {384, 12, 12, "SlimSAM", "ViT (SlimSAM-50)"},
        {168, 12, 12, "SlimSAM", "ViT (SlimSAM-77)"},
    };
    static const struct published other = {.family = "SAM", .title = "ViT"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (s->image_size == 1024 && s->patch == 16 && s->width == known[i].width &&
            s->depth == known[i].depth && s->heads == known[i].heads)
            return &known[i];
    return &other;
}

static void describe(const void *encoder, struct encoder_info *info)
{
    const struct vit *vit = encoder;
    const struct vit_sizes *s = &vit->weights.sizes;
    const struct published *published = identify(s);
    *info = (struct encoder_info){
        .family = vit->early ? "SAM-HQ" : published->family,
        .name = published->title,
        .resize = SAM_RESIZE_LONGEST,
        .image_size = (int)s->image_size,
        .prompt_size = (int)s->image_size,
        .grid = (int)s->grid,
        .embed_dim = (int)vit->weights.neck.out,
        .early_channels = vit->early ? (int)s->width : 0,
    };
}

static void describe_plain(const void *encoder, struct encoder_info *info)
{
    const struct vit *vit = encoder;
    const struct vit_sizes *s = &vit->weights.sizes;
    describe(encoder, info);
    info->family = "EfficientSAM";
    info->name = s->depth != 12    ? "ViT"
                 : s->width == 192 ? "ViT-Ti"
                 : s->width == 384 ? "ViT-S"
                                   : "ViT";
    info->resize = SAM_RESIZE_SQUARE;
}

static void layout(void *scratch, const void *encoder, size_t threads, struct arena *arena)
{
    vit_layout(scratch, encoder, threads, arena);
}

static void run(const void *encoder, void *scratch, const float *input, int threads,
                const struct encoding *to)
{
    vit_encode(encoder, scratch, input, threads, to);
}

const struct encoder_kind vit_kind = {
    .mark = "image_encoder.pos_embed",
    .title = "SAM's ViT",
    .half16 = true,
    .size = sizeof(struct vit),
    .scratch_size = sizeof(struct vit_scratch),
    .load = load,
    .free = release,
    .describe = describe,
    .layout = layout,
    .run = run,
};

const struct encoder_kind plain_vit_kind = {
    .mark = PLAIN_VIT_MARK,
    .title = "EfficientSAM's ViT",
    .half16 = true,
    .size = sizeof(struct vit),
    .scratch_size = sizeof(struct vit_scratch),
    .load = load_plain,
    .free = release,
    .describe = describe_plain,
    .layout = layout,
    .run = run,
};
