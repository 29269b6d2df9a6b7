#include "model/decoder.h"

#include <stdbool.h>
#include <string.h>

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
    float *embedding; /* owned: [C][G][G] */
    float *tables;    /* owned: of the folded decoder, or NULL */
};

struct sam_decoder {
    struct decoder_reference *reference; /* owned */
    struct folded_decoder *folded;       /* owned, or NULL */
    bool last_folded;                    /* which of them decoded the last batch */
};

int decoder_weights_load(struct decoder_weights **weights, struct checkpoint *checkpoint,
                         const struct encoder_info *encoder, struct error *error)
{
    *weights = memory_new(1, sizeof **weights, "mask decoder", error);
    if (!*weights)
        return -1;
    struct decoder_tensors *tensors = &(*weights)->tensors;
    if (decoder_tensors_load(tensors, checkpoint, encoder->grid, encoder->prompt_size, isa_best(),
                             error) == 0) {
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

static size_t embedding_size(const struct decoder_weights *weights)
{
    return (size_t)weights->tensors.embed_dim * weights->tensors.positions;
}

struct sam_image *decoder_image_new(const struct decoder_weights *weights, struct error *error)
{
    const char *what = "image embedding";
    const struct folded_weights *folded = &weights->folded;
    struct sam_image *image = memory_new(1, sizeof *image, what, error);
    if (!image)
        return NULL;
    image->weights = weights;
    image->embedding = memory_new(embedding_size(weights), sizeof(float), what, error);
    if (weights->folds)
        image->tables = memory_new((size_t)folded->strips * folded->rows,
                                   FOLDED_STRIP * sizeof(float), what, error);
    if (image->embedding && (image->tables || !weights->folds))
        return image;
    sam_image_free(image);
    return NULL;
}

void sam_image_free(struct sam_image *image)
{
    if (!image)
        return;
    memory_free(image->embedding);
    memory_free(image->tables);
    memory_free(image);
}

struct encoding decoder_image_encoding(struct sam_image *image)
{
    return (struct encoding){.embedding = image->embedding};
}

void decoder_image_finish(struct sam_image *image, int threads)
{
    const struct decoder_weights *weights = image->weights;
    if (weights->folds)
        folded_tables_fill(&weights->tensors, &weights->folded, image->embedding, threads,
                           image->tables);
}

void sam_embedding(const struct sam_image *image, float *out)
{
    memcpy(out, image->embedding, embedding_size(image->weights) * sizeof *out);
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
    decoder->last_folded = decoder->folded && folded_serves(prompts);
    if (decoder->last_folded)
        folded_run(decoder->folded, image->tables, prompts, iou);
    else
        decoder_reference_run(decoder->reference, image->embedding, prompts, iou);
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
    if (decoder->last_folded)
        folded_logits(decoder->folded, image->tables, prompt, which, count, logits);
    else
        decoder_reference_logits(decoder->reference, image->embedding, prompt, which, count,
                                 logits);
}
