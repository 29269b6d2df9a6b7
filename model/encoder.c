#include "model/encoder.h"

#include <limits.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/parse.h"
#include "model/checkpoint/checkpoint.h"
#include "model/kernels/half16.h"
#include "model/tinyvit.h"
#include "model/vit.h"

enum { DEFAULT_IMAGE_SIZE = 1024 }; /* MobileSAM's, for a TinyViT whose file does not name one */

struct encoder {
    enum sam_architecture architecture;
    struct vit vit;         /* if SAM_VIT, otherwise zeroed */
    struct tinyvit tinyvit; /* if SAM_TINYVIT, otherwise zeroed */
};

struct sam_encoder {
    struct arena arena; /* owns all arrays of both */
    struct vit_scratch vit;
    struct tinyvit_scratch tinyvit;
};

/* S of a TinyViT: what the caller asks for, else what the file says, else the default. */
static int tinyvit_image_size(const struct checkpoint *checkpoint, int asked)
{
    const char *said = checkpoint_metadata(checkpoint, "image_size");
    if (asked || !said)
        return asked ? asked : DEFAULT_IMAGE_SIZE;
    int64_t size;
    return parse_integer(said, 1, INT_MAX, &size) ? (int)size : -1;
}

/* Sets *half16 to the kernel of the precision, NULL for float32. */
static int choose_kernel(enum sam_precision precision, const struct half16_kernel **half16,
                         struct error *error)
{
    *half16 = NULL;
    if (precision == SAM_BF16 && !(*half16 = half16_bf16_kernel()))
        return error_set(error, ERROR_UNSUPPORTED,
                         "this CPU has no bf16 products (AVX512-BF16); use f32");
    if (precision == SAM_F16 && !(*half16 = half16_kernel(HALF16_F16)))
        return error_set(error, ERROR_UNSUPPORTED,
                         "this CPU or build has no f16 products (AVX512-FP16); use f32");
    return 0;
}

static int load(struct encoder *encoder, struct checkpoint *checkpoint,
                const struct sam_options *options, struct error *error)
{
    const struct half16_kernel *half16;
    if (choose_kernel(options->precision, &half16, error))
        return -1;
    if (checkpoint_shape(checkpoint, "image_encoder.pos_embed", NULL)) {
        encoder->architecture = SAM_VIT;
        return vit_load(&encoder->vit, checkpoint, isa_best(), half16, options->image_size, error);
    }
    if (checkpoint_shape(checkpoint, "image_encoder.patch_embed.seq.0.c.weight", NULL)) {
        encoder->architecture = SAM_TINYVIT;
        if (half16)
            return error_set(error, ERROR_UNSUPPORTED,
                             "bf16 and f16 are for SAM's ViT; this model has a TinyViT, use f32");
        int size = tinyvit_image_size(checkpoint, options->image_size);
        return tinyvit_load(&encoder->tinyvit, checkpoint, isa_best(), size, error);
    }
    const char *inside = checkpoint_summary(checkpoint).inside;
    return error_set(error, ERROR_MODEL,
                     "no known image encoder: neither image_encoder.pos_embed (SAM's ViT; "
                     "vision_encoder.pos_embed in transformers) nor "
                     "image_encoder.patch_embed.seq.0.c.weight (MobileSAM's TinyViT) is there; the "
                     "first tensor%s%s is %s",

                     *inside ? " in " : "", inside, checkpoint_first_name(checkpoint));
}

int encoder_load(struct encoder **encoder, struct checkpoint *checkpoint,
                 const struct sam_options *options, struct error *error)
{
    *encoder = memory_new(1, sizeof **encoder, "image encoder", error);
    if (!*encoder)
        return -1;
    if (load(*encoder, checkpoint, options, error) == 0)
        return 0;
    encoder_free(*encoder);
    *encoder = NULL;
    return -1;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    vit_free(&encoder->vit);
    tinyvit_free(&encoder->tinyvit);
    memory_free(encoder);
}

static const char *vit_title(const struct vit_sizes *s)
{
    static const struct {
        size_t width, depth, heads;
        const char *title;
    } known[] = {
        {768, 12, 12, "ViT-B"},
        {1024, 24, 16, "ViT-L"},
        {1280, 32, 16, "ViT-H"},
        {384, 12, 12, "ViT (SlimSAM-50)"},
        {168, 12, 12, "ViT (SlimSAM-77)"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (s->image_size == 1024 && s->patch == 16 && s->width == known[i].width &&
            s->depth == known[i].depth && s->heads == known[i].heads)
            return known[i].title;
    return "ViT";
}

static const char *tinyvit_title(const struct tinyvit_weights *weights)
{
    static const size_t widths[TINYVIT_STAGES] = {64, 128, 160, 320};
    static const size_t depths[TINYVIT_STAGES] = {2, 2, 6, 2};
    for (size_t i = 0; i < TINYVIT_STAGES; i++)
        if (weights->stages[i].width != widths[i] || weights->stages[i].depth != depths[i])
            return "TinyViT";
    return "TinyViT (MobileSAM)";
}

struct sam_info encoder_info(const struct encoder *encoder)
{
    struct sam_info info = {.architecture = encoder->architecture};
    if (encoder->architecture == SAM_VIT) {
        info.name = vit_title(&encoder->vit.weights.sizes);
        info.image_size = (int)encoder->vit.weights.sizes.image_size;
        info.grid = (int)encoder->vit.weights.sizes.grid;
        info.embed_dim = (int)encoder->vit.weights.neck.out;
    } else {
        info.name = tinyvit_title(&encoder->tinyvit.weights);
        info.image_size = (int)encoder->tinyvit.weights.image_size;
        info.grid = (int)encoder->tinyvit.weights.grid;
        info.embed_dim = (int)encoder->tinyvit.weights.neck.out;
    }
    return info;
}

/* What lay_out needs. */
struct layout {
    const struct encoder *encoder;
    struct sam_encoder *scratch;
    size_t threads;
};

static void lay_out(void *context, struct arena *arena)
{
    const struct layout *layout = context;
    const struct encoder *encoder = layout->encoder;
    struct sam_encoder *scratch = layout->scratch;
    if (encoder->architecture == SAM_VIT)
        vit_layout(&scratch->vit, &encoder->vit, layout->threads, arena);
    else
        tinyvit_layout(&scratch->tinyvit, &encoder->tinyvit, layout->threads, arena);
}

struct sam_encoder *encoder_scratch_new(const struct encoder *encoder, int threads,
                                        struct error *error)
{
    struct sam_encoder *scratch = memory_new(1, sizeof *scratch, "image encoder", error);
    if (!scratch)
        return NULL;
    struct layout layout = {encoder, scratch, (size_t)threads};
    if (arena_make(&scratch->arena, lay_out, &layout, "image encoder scratch", error) < 0) {
        memory_free(scratch);
        return NULL;
    }
    return scratch;
}

void sam_encoder_free(struct sam_encoder *encoder)
{
    if (!encoder)
        return;
    arena_free(&encoder->arena);
    memory_free(encoder);
}

void encoder_run(const struct encoder *encoder, struct sam_encoder *scratch, const float *input,
                 int threads, float *embedding)
{
    if (encoder->architecture == SAM_VIT)
        vit_encode(&encoder->vit, &scratch->vit, input, threads, embedding);
    else
        tinyvit_encode(&encoder->tinyvit, &scratch->tinyvit, input, threads, embedding);
}
