#include "model/decoder.h"

#include <string.h>

#include "base/memory.h"
#include "model/decoder_plain.h"

struct decoder_weights {
    struct decoder_tensors tensors;
};

struct decoder_image {
    float *embedding; /* owned: [C][G][G] */
};

struct decoder {
    struct decoder_plain *plain; /* owned */
};

int decoder_weights_load(struct decoder_weights **weights, struct checkpoint *checkpoint, int grid,
                         int image_size, bool plain, struct error *error)
{
    (void)plain;
    *weights = memory_new(1, sizeof **weights, "mask decoder", error);
    if (!*weights)
        return -1;
    if (decoder_tensors_load(&(*weights)->tensors, checkpoint, grid, image_size, isa_best(),
                             error)) {
        decoder_weights_free(*weights);
        *weights = NULL;
        return -1;
    }
    return 0;
}

void decoder_weights_free(struct decoder_weights *weights)
{
    if (!weights)
        return;
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
    if (!image->embedding) {
        decoder_image_free(image);
        return NULL;
    }
    return image;
}

void decoder_image_free(struct decoder_image *image)
{
    if (!image)
        return;
    memory_free(image->embedding);
    memory_free(image);
}

void decoder_image_set(const struct decoder_weights *weights, struct decoder_image *image,
                       const float *embedding, int threads)
{
    (void)threads;
    const struct decoder_tensors *tensors = &weights->tensors;
    memcpy(image->embedding, embedding,
           (size_t)tensors->embed_dim * tensors->positions * sizeof(float));
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
    if (!decoder->plain) {
        decoder_free(decoder);
        return NULL;
    }
    return decoder;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    decoder_plain_free(decoder->plain);
    memory_free(decoder);
}

void decoder_run(const struct decoder_weights *weights, struct decoder *decoder,
                 const struct decoder_image *image, const struct sam_prompts *prompts, float *iou)
{
    decoder_plain_run(&weights->tensors, decoder->plain, image->embedding, prompts, iou);
}

void decoder_logits(const struct decoder_weights *weights, struct decoder *decoder,
                    const struct decoder_image *image, int prompt, const int *which, int count,
                    float *logits)
{
    decoder_plain_logits(&weights->tensors, decoder->plain, image->embedding, prompt, which, count,
                         logits);
}
