#include "model/decoder.h"

#include <string.h>

#include "base/memory.h"
#include "model/decoder/decoder_reference.h"
#include "model/folded/folded.h"
#include "model/folded/folded_tables.h"

struct decoder_weights {
    struct decoder_tensors tensors;
    bool folds; /* whether `fold` is filled and used */
    struct decoder_fold fold;
};

struct decoder_image {
    float *embedding; /* owned: [C][G][G] */
    float *tables;    /* owned: of the folded decoder, or NULL */
};

struct decoder {
    struct decoder_plain *plain;   /* owned */
    struct decoder_folded *folded; /* owned, or NULL */
    bool last_folded;              /* who decoded the last batch */
};

int decoder_weights_load(struct decoder_weights **weights, struct checkpoint *checkpoint, int grid,
                         int image_size, bool plain, struct error *error)
{
    *weights = memory_new(1, sizeof **weights, "mask decoder", error);
    if (!*weights)
        return -1;
    struct decoder_tensors *tensors = &(*weights)->tensors;
    if (decoder_tensors_load(tensors, checkpoint, grid, image_size, isa_best(), error) == 0) {
        (*weights)->folds = !plain && decoder_fold_serves(tensors);
        if (!(*weights)->folds || decoder_fold_make(&(*weights)->fold, tensors, error) == 0)
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
        decoder_fold_free(&weights->fold);
    decoder_tensors_free(&weights->tensors);
    memory_free(weights);
}

struct decoder_image *decoder_image_new(const struct decoder_weights *weights, struct error *error)
{
    const char *what = "image embedding";
    const struct decoder_tensors *tensors = &weights->tensors;
    struct decoder_image *image = memory_new(1, sizeof *image, what, error);
    if (!image)
        return NULL;
    image->embedding =
        memory_new((size_t)tensors->embed_dim * tensors->positions, sizeof(float), what, error);
    const struct decoder_fold *fold = &weights->fold;
    if (weights->folds)
        image->tables =
            memory_new((size_t)fold->tiles * fold->rows, DECODER_TILE * sizeof(float), what, error);
    if (image->embedding && (image->tables || !weights->folds))
        return image;
    decoder_image_free(image);
    return NULL;
}

void decoder_image_free(struct decoder_image *image)
{
    if (!image)
        return;
    memory_free(image->embedding);
    memory_free(image->tables);
    memory_free(image);
}

void decoder_image_set(const struct decoder_weights *weights, struct decoder_image *image,
                       const float *embedding, int threads)
{
    const struct decoder_tensors *tensors = &weights->tensors;
    memcpy(image->embedding, embedding,
           (size_t)tensors->embed_dim * tensors->positions * sizeof(float));
    if (weights->folds)
        decoder_table_fill(tensors, &weights->fold, image->embedding, threads, image->tables);
}

const float *decoder_image_embedding(const struct decoder_image *image)
{
    return image->embedding;
}

struct decoder *decoder_new(const struct decoder_weights *weights, struct error *error)
{
    struct decoder *decoder = memory_new(1, sizeof *decoder, "mask decoder scratch", error);
    if (!decoder)
        return NULL;
    decoder->plain = decoder_plain_new(&weights->tensors, error);
    if (decoder->plain && weights->folds)
        decoder->folded = decoder_folded_new(&weights->tensors, &weights->fold, error);
    if (decoder->plain && (decoder->folded || !weights->folds))
        return decoder;
    decoder_free(decoder);
    return NULL;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    decoder_plain_free(decoder->plain);
    decoder_folded_free(decoder->folded);
    memory_free(decoder);
}

void decoder_run(const struct decoder_weights *weights, struct decoder *decoder,
                 const struct decoder_image *image, const struct sam_prompts *prompts, float *iou)
{
    decoder->last_folded = decoder->folded && decoder_folded_serves(prompts);
    if (decoder->last_folded)
        decoder_folded_run(decoder->folded, image->tables, prompts, iou);
    else
        decoder_plain_run(&weights->tensors, decoder->plain, image->embedding, prompts, iou);
}

void decoder_want(struct decoder *decoder, const struct decoder_image *image,
                  const unsigned char *wanted)
{
    if (decoder->last_folded)
        decoder_folded_want(decoder->folded, image->tables, wanted);
}

void decoder_logits(const struct decoder_weights *weights, struct decoder *decoder,
                    const struct decoder_image *image, int prompt, const int *which, int count,
                    float *logits)
{
    if (decoder->last_folded)
        decoder_folded_logits(decoder->folded, image->tables, prompt, which, count, logits);
    else
        decoder_plain_logits(&weights->tensors, decoder->plain, image->embedding, prompt, which,
                             count, logits);
}
