#include "model/sam.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/convert.h"
#include "model/decoder.h"
#include "model/decoder/layers.h"
#include "model/encoder.h"
#include "model/kernels/half16.h"
#include "model/kernels/kernels.h"
#include "model/kernels/matmul.h"

struct sam {
    struct checkpoint *checkpoint;
    struct encoder *encoder;
    struct decoder_weights *decoder;
    struct sam_info info;
    enum sam_precision precision;
};

/* E; 0 where the model takes no texts. */
static int text_width(const struct checkpoint *checkpoint)
{
    struct shape shape;
    return checkpoint_shape(checkpoint, "prompt_encoder.text_projection.weight", &shape)
               ? (int)shape.size[1]
               : 0;
}

static const char *half16_name(enum sam_precision precision)
{
    if (precision == SAM_F32)
        return "";
    return (precision == SAM_F16 ? half16_kernel(HALF16_F16) : half16_bf16_kernel())->name;
}

static void fill_info(struct sam *sam)
{
    const struct encoder_info *encoder = encoder_info(sam->encoder);
    struct checkpoint_summary summary = checkpoint_summary(sam->checkpoint);
    sam->info = (struct sam_info){
        .family = encoder->family,
        .name = encoder->name,
        .image_size = encoder->image_size,
        .prompt_size = encoder->prompt_size,
        .resize = encoder->resize,
        .grid = encoder->grid,
        .embed_dim = encoder->embed_dim,
        .low_size = 4 * encoder->grid,
        .best_only = encoder->early_channels > 0,
        .sam2 = checkpoint_shape(sam->checkpoint, "mask_decoder.obj_score_token.weight", NULL),
        .takes_masks =
            checkpoint_shape(sam->checkpoint, "prompt_encoder.no_mask_embed.weight", NULL),
        .text_width = text_width(sam->checkpoint),
        .parameters = summary.parameters,
        .kernels = isa_name(matmul_isa()),
        .half16 = half16_name(sam->precision),
        .dtype = summary.dtype,
        .inside = summary.inside,
        .prefix = summary.prefix,
        .wrapper = summary.wrapper,
    };
}

/* Encoder and decoder must have the same C. */
static int check_embed_dim(const struct sam *sam, struct error *error)
{
    static const char name[] = "mask_decoder.iou_token.weight";
    char own[CHECKPOINT_NAME_SIZE];
    struct shape shape;
    if (known_shape(sam->checkpoint, name, 2, &shape, error) < 0)
        return -1;
    int embed_dim = encoder_info(sam->encoder)->embed_dim;
    if (shape.size[1] != embed_dim)
        return error_set(
            error, ERROR_MODEL, "the image encoder's embedding has %d channels, but %s has %lld",
            embed_dim, checkpoint_own_name(sam->checkpoint, name, own), (long long)shape.size[1]);
    return 0;
}

static int bind(struct sam *sam, const struct sam_options *options, struct error *error)
{
    if (checkpoint_check_family(sam->checkpoint, error) < 0 ||
        encoder_load(&sam->encoder, sam->checkpoint, options, error) < 0)
        return -1;
    sam->precision = options->precision;
    if (check_embed_dim(sam, error) < 0 ||
        decoder_weights_load(&sam->decoder, sam->checkpoint, encoder_info(sam->encoder),
                             options->precision, error) < 0 ||
        checkpoint_check_unused(sam->checkpoint, error) < 0)
        return -1;
    fill_info(sam);
    return 0;
}

/* Builds the model on an open checkpoint and takes ownership of it. Every message begins with
 * `name`. */
static int load(struct sam **out, struct checkpoint *checkpoint, const char *name,
                const struct sam_options *options, struct error *error)
{
    struct sam *sam = memory_new(1, sizeof *sam, "model", error);
    if (!sam) {
        checkpoint_close(checkpoint);
        return -1;
    }
    sam->checkpoint = checkpoint;
    if (bind(sam, options, error) == 0) {
        *out = sam;
        return 0;
    }
    sam_free(sam);
    if (strncmp(error->text, name, strlen(name)) != 0)
        error_prefix(error, "%s", name);
    return -1;
}

int sam_load(struct sam **sam, const char *path, const struct sam_options *options,
             struct error *error)
{
    struct checkpoint *checkpoint;
    *sam = NULL;
    if (kernels_check_environment(error) < 0 || checkpoint_open(&checkpoint, path, error) < 0)
        return -1;
    return load(sam, checkpoint, path, options, error);
}

int sam_load_memory(struct sam **sam, const void *bytes, size_t size, const char *name,
                    const struct sam_options *options, struct error *error)
{
    struct checkpoint *checkpoint;
    *sam = NULL;
    if (kernels_check_environment(error) < 0 ||
        checkpoint_open_memory(&checkpoint, bytes, size, name, error) < 0)
        return -1;
    return load(sam, checkpoint, name, options, error);
}

void sam_free(struct sam *sam)
{
    if (!sam)
        return;
    decoder_weights_free(sam->decoder);
    encoder_free(sam->encoder);
    checkpoint_close(sam->checkpoint);
    memory_free(sam);
}

const struct sam_info *sam_info(const struct sam *sam)
{
    return &sam->info;
}

const struct checkpoint *sam_checkpoint(const struct sam *sam)
{
    return sam->checkpoint;
}

const char *sam_metadata(const struct sam *sam, const char *key)
{
    return checkpoint_metadata(sam->checkpoint, key);
}

struct sam_encoder *sam_encoder_new(const struct sam *sam, int threads, struct error *error)
{
    return encoder_scratch_new(sam->encoder, threads, error);
}

struct sam_image *sam_image_new(const struct sam *sam, struct error *error)
{
    return decoder_image_new(sam->decoder, error);
}

struct sam_decoder *sam_decoder_new(const struct sam *sam, struct error *error)
{
    return decoder_new(sam->decoder, error);
}

/* Whether all numbers are finite, in the arrays that the model has. */
static bool is_finite(const struct sam *sam, const struct encoding *encoding)
{
    size_t n = (size_t)sam->info.grid * (size_t)sam->info.grid, bad;
    size_t size = n * (size_t)sam->info.embed_dim;
    size_t early = n * (size_t)encoder_info(sam->encoder)->early_channels;
    return convert_is_finite(encoding->embedding, size, &bad) &&
           (!encoding->high[0] || (convert_is_finite(encoding->high[0], 2 * size, &bad) &&
                                   convert_is_finite(encoding->high[1], size, &bad))) &&
           (!encoding->early || convert_is_finite(encoding->early, early, &bad));
}

int sam_encode(const struct sam *sam, struct sam_encoder *encoder, const float *input, int threads,
               struct sam_image *image, struct error *error)
{
    const struct encoding to = decoder_image_encoding(image);
    encoder_run(sam->encoder, encoder, input, threads, &to);
    if (!is_finite(sam, &to))
        return error_set(error, ERROR_IMAGE, "the image encoder's result is not finite%s",
                         sam->precision == SAM_F32 ? ": the model's weights are too large"
                                                   : "; use --precision f32");
    decoder_image_finish(image, threads);
    return 0;
}
