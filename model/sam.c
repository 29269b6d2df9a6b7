#include "model/sam.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/convert.h"
#include "model/decoder.h"
#include "model/decoder/layers.h"
#include "model/encoder.h"

struct sam {
    struct checkpoint *checkpoint;
    struct encoder *encoder;
    struct decoder_weights *decoder;
    struct sam_info info;
    enum sam_precision precision;
};

struct sam_encoder {
    struct encoder_scratch *scratch;
    float *embedding; /* [C][G][G] */
};

struct sam_image {
    struct decoder_image *tables;
};

struct sam_decoder {
    struct decoder *scratch;
};

static void fill_info(struct sam *sam)
{
    struct checkpoint_summary summary = checkpoint_summary(sam->checkpoint);
    sam->info.low_size = 4 * sam->info.grid;
    sam->info.parameters = summary.parameters;
    sam->info.dtype = summary.dtype;
}

/* Encoder and decoder must agree on C before either's tensors mean anything to the other. */
static int check_embed_dim(const struct sam *sam, struct error *error)
{
    static const char name[] = "prompt_encoder.no_mask_embed.weight";
    struct shape shape;
    if (known_shape(sam->checkpoint, name, 2, &shape, error) < 0)
        return -1;
    if (shape.size[1] != sam->info.embed_dim)
        return error_set(error, ERROR_MODEL,
                         "the image encoder's embedding has %d channels, but %s has %lld",
                         sam->info.embed_dim, name, (long long)shape.size[1]);
    return 0;
}

static int bind(struct sam *sam, const struct sam_options *options, struct error *error)
{
    if (encoder_load(&sam->encoder, sam->checkpoint, options, error) < 0)
        return -1;
    sam->info = encoder_info(sam->encoder);
    sam->precision = options->precision;
    if (check_embed_dim(sam, error) < 0 ||
        decoder_weights_load(&sam->decoder, sam->checkpoint, sam->info.grid, sam->info.image_size,
                             false, error) < 0 ||
        checkpoint_check_unused(sam->checkpoint, error) < 0)
        return -1;
    fill_info(sam);
    return 0;
}

/* Builds the model on an open checkpoint, which it then owns. `name` stands in every message. */
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
    if (checkpoint_open(&checkpoint, path, error) < 0)
        return -1;
    return load(sam, checkpoint, path, options, error);
}

int sam_load_memory(struct sam **sam, const void *bytes, size_t size, const char *name,
                    const struct sam_options *options, struct error *error)
{
    struct checkpoint *checkpoint;
    *sam = NULL;
    if (checkpoint_open_memory(&checkpoint, bytes, size, name, error) < 0)
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

const char *sam_metadata(const struct sam *sam, const char *key)
{
    return checkpoint_metadata(sam->checkpoint, key);
}

struct sam_encoder *sam_encoder_new(const struct sam *sam, int threads, struct error *error)
{
    struct sam_encoder *encoder = memory_new(1, sizeof *encoder, "image encoder", error);
    if (!encoder)
        return NULL;
    size_t side = (size_t)sam->info.grid;
    encoder->scratch = encoder_scratch_new(sam->encoder, threads, error);
    if (encoder->scratch)
        encoder->embedding = memory_new(side * side, (size_t)sam->info.embed_dim * sizeof(float),
                                        "embedding", error);
    if (encoder->embedding)
        return encoder;
    sam_encoder_free(encoder);
    return NULL;
}

void sam_encoder_free(struct sam_encoder *encoder)
{
    if (!encoder)
        return;
    encoder_scratch_free(encoder->scratch);
    memory_free(encoder->embedding);
    memory_free(encoder);
}

struct sam_image *sam_image_new(const struct sam *sam, struct error *error)
{
    struct sam_image *image = memory_new(1, sizeof *image, "image", error);
    if (!image)
        return NULL;
    image->tables = decoder_image_new(sam->decoder, error);
    if (image->tables)
        return image;
    memory_free(image);
    return NULL;
}

void sam_image_free(struct sam_image *image)
{
    if (!image)
        return;
    decoder_image_free(image->tables);
    memory_free(image);
}

struct sam_decoder *sam_decoder_new(const struct sam *sam, struct error *error)
{
    struct sam_decoder *decoder = memory_new(1, sizeof *decoder, "decoder", error);
    if (!decoder)
        return NULL;
    decoder->scratch = decoder_new(sam->decoder, error);
    if (decoder->scratch)
        return decoder;
    memory_free(decoder);
    return NULL;
}

void sam_decoder_free(struct sam_decoder *decoder)
{
    if (!decoder)
        return;
    decoder_free(decoder->scratch);
    memory_free(decoder);
}

int sam_encode(const struct sam *sam, struct sam_encoder *encoder, const float *input, int threads,
               struct sam_image *image, struct error *error)
{
    size_t side = (size_t)sam->info.grid, bad;
    encoder_run(sam->encoder, encoder->scratch, input, threads, encoder->embedding);
    if (!convert_is_finite(encoder->embedding, side * side * (size_t)sam->info.embed_dim, &bad))
        return error_set(error, ERROR_IMAGE, "the image encoder's result is not finite%s",
                         sam->precision == SAM_F32 ? ": the model's weights are too large"
                                                   : "; use --precision f32");
    decoder_image_set(sam->decoder, image->tables, encoder->embedding, threads);
    return 0;
}

void sam_embedding(const struct sam *sam, const struct sam_image *image, float *out)
{
    size_t side = (size_t)sam->info.grid;
    memcpy(out, decoder_image_embedding(image->tables),
           side * side * (size_t)sam->info.embed_dim * sizeof(float));
}

void sam_decode(const struct sam *sam, struct sam_decoder *decoder, const struct sam_image *image,
                const struct sam_prompts *prompts, float *iou)
{
    decoder_run(sam->decoder, decoder->scratch, image->tables, prompts, iou);
}

void sam_want(const struct sam *sam, struct sam_decoder *decoder, const struct sam_image *image,
              const unsigned char *wanted)
{
    (void)sam;
    decoder_want(decoder->scratch, image->tables, wanted);
}

void sam_logits(const struct sam *sam, struct sam_decoder *decoder, const struct sam_image *image,
                int prompt, const int *which, int count, float *logits)
{
    decoder_logits(sam->decoder, decoder->scratch, image->tables, prompt, which, count, logits);
}
