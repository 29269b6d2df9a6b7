#include "model/encoder.h"

#include <assert.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/encoders/edgetam.h"
#include "model/encoders/efficientvit.h"
#include "model/encoders/encoder_kind.h"
#include "model/encoders/hiera.h"
#include "model/encoders/repvit_sam.h"
#include "model/encoders/tinyvit.h"
#include "model/encoders/vit.h"
#include "model/kernels/half16.h"

static const struct encoder_kind *const kinds[] = {
    &plain_vit_kind,  &vit_kind,     &tinyvit_kind,      &hiera_kind,
    &repvit_sam_kind, &edgetam_kind, &efficientvit_kind,
};

enum { KINDS = sizeof kinds / sizeof *kinds };

struct encoder {
    const struct encoder_kind *kind;
    void *own; /* owned: kind->size bytes */
    struct encoder_info info;
};

struct sam_encoder {
    struct arena arena; /* owns all arrays of `own` */
    void *own;          /* owned: kind->scratch_size bytes */
};

/* Sets *half16 to the kernel of the precision, NULL for float32. */
static int choose_kernel(enum sam_precision precision, const struct half16_kernel **half16,
                         struct error *error)
{
    *half16 = NULL;
    if (precision == SAM_BF16 && !(*half16 = half16_bf16_kernel()))
        return error_set(
            error, ERROR_UNSUPPORTED,
            "this CPU has no bf16 products (AVX512-BF16, or BF16 of ARM), or not those that "
            "MASKMILL_BF16 asks for; use f32");
    if (precision == SAM_F16 && !(*half16 = half16_kernel(HALF16_F16)))
        return error_set(error, ERROR_UNSUPPORTED,
                         "this CPU or build has no f16 products (AVX512-FP16); use f32");
    return 0;
}

static const struct encoder_kind *find_kind(const struct checkpoint *checkpoint)
{
    for (size_t i = 0; i < KINDS; i++)
        if (checkpoint_shape(checkpoint, kinds[i]->mark, NULL))
            return kinds[i];
    return NULL;
}

/* Says which tensors were looked for. */
static int refuse(const struct checkpoint *checkpoint, struct error *error)
{
    const char *inside = checkpoint_summary(checkpoint).inside;
    char looked_for[1024];
    size_t used = 0;
    for (size_t i = 0; i < KINDS && used < sizeof looked_for; i++) {
        char own[CHECKPOINT_NAME_SIZE];
        used += (size_t)snprintf(
            looked_for + used, sizeof looked_for - used, "%s%s (%s)", i ? ", " : "",
            checkpoint_own_name(checkpoint, kinds[i]->mark, own), kinds[i]->title);
    }
    return error_set(error, ERROR_MODEL,
                     "no known image encoder: none of these tensors is there: %s; the first "
                     "tensor%s%s is %s",
                     looked_for, *inside ? " in " : "", inside, checkpoint_first_name(checkpoint));
}

static int load(struct encoder *encoder, struct checkpoint *checkpoint,
                const struct sam_options *options, struct error *error)
{
    struct encoder_wish wish = {
        .isa = matmul_isa(),
        .image_size = options->image_size,
        .early = checkpoint_shape(checkpoint, "mask_decoder.hf_token.weight", NULL),
    };
    if (choose_kernel(options->precision, &wish.half16, error))
        return -1;
    const struct encoder_kind *kind = find_kind(checkpoint);
    if (!kind)
        return refuse(checkpoint, error);
    if (wish.half16 && !kind->half16) {
        if (options->precision != SAM_BF16 || !half16_bf16_pairs())
            return error_set(
                error, ERROR_UNSUPPORTED,
                "on this CPU, bf16 and f16 are for SAM's ViT; this model has %s, use f32",
                kind->title);
        wish.half16 = NULL; /* the decoder's products alone are in bf16 */
    }
    encoder->kind = kind;
    if (!(encoder->own = memory_new(1, kind->size, "image encoder", error)) ||
        kind->load(encoder->own, checkpoint, &wish, error))
        return -1;
    kind->describe(encoder->own, &encoder->info);
    assert(encoder->info.family && encoder->info.name);
    if (wish.early && encoder->info.early_channels == 0)
        return error_set(error, ERROR_MODEL,
                         "the mask decoder is SAM-HQ's (mask_decoder.hf_token) and needs early "
                         "features of the image encoder, which %s does not give",
                         kind->title);
    return 0;
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
    if (encoder->own)
        encoder->kind->free(encoder->own);
    memory_free(encoder->own);
    memory_free(encoder);
}

const struct encoder_info *encoder_info(const struct encoder *encoder)
{
    return &encoder->info;
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
    encoder->kind->layout(layout->scratch->own, encoder->own, layout->threads, arena);
}

struct sam_encoder *encoder_scratch_new(const struct encoder *encoder, int threads,
                                        struct error *error)
{
    static const char what[] = "image encoder scratch";
    struct sam_encoder *scratch = memory_new(1, sizeof *scratch, what, error);
    if (!scratch)
        return NULL;
    struct layout layout = {encoder, scratch, (size_t)threads};
    scratch->own = memory_new(1, encoder->kind->scratch_size, what, error);
    if (scratch->own && arena_make(&scratch->arena, lay_out, &layout, what, error) == 0)
        return scratch;
    sam_encoder_free(scratch);
    return NULL;
}

void sam_encoder_free(struct sam_encoder *encoder)
{
    if (!encoder)
        return;
    arena_free(&encoder->arena);
    memory_free(encoder->own);
    memory_free(encoder);
}

void encoder_run(const struct encoder *encoder, struct sam_encoder *scratch, const float *input,
                 int threads, const struct encoding *to)
{
    encoder->kind->run(encoder->own, scratch->own, input, threads, to);
}
