#include "model/decoder.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/decoder/decoder_reference.h"
#include "model/folded/folded.h"
#include "model/folded/folded_tables.h"

struct decoder_weights {
    struct decoder_tensors tensors;
    bool folds; /* whether `folded` is filled and used */
    struct folded_weights folded;
};

struct sam_image {
    const struct decoder_weights *weights;
    struct encoding encoding; /* owned arrays */
    float *tables;            /* owned: of the folded decoder, or NULL */
};

struct sam_decoder {
    struct decoder_reference *reference; /* owned */
    struct folded_decoder *folded;       /* owned, or NULL */
    bool last_folded;                    /* which of them decoded the last batch */
};

/* Features of high resolution are needed by the decoder and made by the encoder, or neither. */
static int check_high(const struct decoder_tensors *tensors, const struct encoder_info *encoder,
                      struct error *error)
{
    if (tensors->has_high == encoder->high_resolution)
        return 0;
    return error_set(error, ERROR_MODEL,
                     tensors->has_high
                         ? "the mask decoder needs features of high resolution (mask_decoder.conv_s0), "
                           "which this image encoder does not have"
                         : "the image encoder has features of high resolution, but the mask decoder "
                           "has no mask_decoder.conv_s0 for them");
}

int decoder_weights_load(struct decoder_weights **weights, struct checkpoint *checkpoint,
                         const struct encoder_info *encoder, struct error *error)
{
    *weights = memory_new(1, sizeof **weights, "mask decoder", error);
    if (!*weights)
        return -1;
    struct decoder_tensors *tensors = &(*weights)->tensors;
    if (decoder_tensors_load(tensors, checkpoint, encoder->grid, encoder->prompt_size, isa_best(),
                             error) == 0 &&
        check_high(tensors, encoder, error) == 0) {
        (*weights)->folds = folded_supports(tensors);
        if (!(*weights)->folds || folded_weights_make(&(*weights)->folded, tensors, error) == 0)
            return 0;
    }
    decoder_weights_free(*weights);
    *weights = NULL;
    return -1;
}

void decoder_weights_free(struct decoder_weights *weights)
{
    if (!weights)
        return;
    if (weights->folds)
        folded_weights_free(&weights->folded);
    decoder_tensors_free(&weights->tensors);
    memory_free(weights);
}

/* The arrays of an encoding, each NULL-able one only where the model has it. */
static int make_encoding(struct encoding *encoding, const struct decoder_tensors *tensors,
                         struct error *error)
{
    const char *what = "image embedding";
    size_t size = (size_t)tensors->embed_dim * tensors->positions;
    if (!(encoding->embedding = memory_new(size, sizeof(float), what, error)))
        return -1;
    for (int i = 0; tensors->has_high && i < 2; i++) /* 16 N x C/8 and 4 N x C/4 floats */
        if (!(encoding->high[i] = memory_new(i ? size : 2 * size, sizeof(float), what, error)))
            return -1;
    return 0;
}

struct sam_image *decoder_image_new(const struct decoder_weights *weights, struct error *error)
{
    const char *what = "image embedding";
    const struct folded_weights *folded = &weights->folded;
    struct sam_image *image = memory_new(1, sizeof *image, what, error);
    if (!image)
        return NULL;
    image->weights = weights;
    int made = make_encoding(&image->encoding, &weights->tensors, error);
    if (made == 0 && weights->folds)
        image->tables = memory_new((size_t)folded->strips * folded->rows,
                                   FOLDED_STRIP * sizeof(float), what, error);
    if (made == 0 && (image->tables || !weights->folds))
        return image;
    sam_image_free(image);
    return NULL;
}

void sam_image_free(struct sam_image *image)
{
    if (!image)
        return;
    memory_free(image->encoding.embedding);
    memory_free(image->encoding.high[0]);
    memory_free(image->encoding.high[1]);
    memory_free(image->tables);
    memory_free(image);
}

static struct decoder_input input_of(const struct sam_image *image)
{
    const struct encoding *from = &image->encoding;
    return (struct decoder_input){from->embedding, {from->high[0], from->high[1]}};
}

struct encoding decoder_image_encoding(struct sam_image *image)
{
    return image->encoding;
}

void decoder_image_finish(struct sam_image *image, int threads)
{
    const struct decoder_weights *weights = image->weights;
    const struct decoder_input input = input_of(image);
    if (weights->folds)
        folded_tables_fill(&weights->tensors, &weights->folded, &input, threads,
                           image->tables);
}

void sam_embedding(const struct sam_image *image, float *out)
{
    const struct decoder_tensors *tensors = &image->weights->tensors;
    memcpy(out, image->encoding.embedding,
           (size_t)tensors->embed_dim * tensors->positions * sizeof *out);
}

struct sam_decoder *decoder_new(const struct decoder_weights *weights, struct error *error)
{
    struct sam_decoder *decoder = memory_new(1, sizeof *decoder, "mask decoder scratch", error);
    if (!decoder)
        return NULL;
    decoder->reference = decoder_reference_new(&weights->tensors, error);
    if (decoder->reference && weights->folds)
        decoder->folded = folded_new(&weights->tensors, &weights->folded, error);
    if (decoder->reference && (decoder->folded || !weights->folds))
        return decoder;
    sam_decoder_free(decoder);
    return NULL;
}

void sam_decoder_free(struct sam_decoder *decoder)
{
    if (!decoder)
        return;
    decoder_reference_free(decoder->reference);
    folded_free(decoder->folded);
    memory_free(decoder);
}

void sam_decode(struct sam_decoder *decoder, const struct sam_image *image,
                const struct sam_prompts *prompts, float *iou)
{
    const struct decoder_input input = input_of(image);
    decoder->last_folded = decoder->folded && folded_serves(&image->weights->tensors, prompts);
    if (decoder->last_folded)
        folded_run(decoder->folded, image->tables, prompts, iou);
    else
        decoder_reference_run(decoder->reference, &input, prompts, iou);
}

void sam_want(struct sam_decoder *decoder, const struct sam_image *image,
              const unsigned char *wanted)
{
    if (decoder->last_folded)
        folded_want(decoder->folded, image->tables, wanted);
}

void sam_logits(struct sam_decoder *decoder, const struct sam_image *image, int prompt,
                const int *which, int count, float *logits)
{
    const struct decoder_input input = input_of(image);
    if (decoder->last_folded)
        folded_logits(decoder->folded, image->tables, prompt, which, count, logits);
    else
        decoder_reference_logits(decoder->reference, &input, prompt, which, count,
                                 logits);
}
