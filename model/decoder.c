#include "model/decoder.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/checkpoint/checkpoint.h"
#include "model/decoder/decoder_reference.h"
#include "model/decoder/single_mask.h"
#include "model/folded/folded.h"
#include "model/folded/folded_tables.h"
#include "model/kernels/half16.h"

struct decoder_weights {
    struct decoder_tensors tensors;
    bool folds; /* whether `folded` is filled and used */
    struct folded_weights folded;
};

struct sam_image {
    const struct decoder_weights *weights;
    struct encoding encoding; /* owned arrays */
    float *tables;            /* owned: of the folded decoder, or NULL */
    float *hq_features;       /* owned: of a SAM-HQ, [L][L][C/8], or NULL */
    float *hq_scratch;        /* owned: of hq_features, or NULL */
    size_t bytes;             /* of these arrays */
};

struct sam_decoder {
    struct folded_decoder *folded;       /* owned; NULL if the model does not fold */
    struct decoder_reference *reference; /* owned; NULL if it does */
    struct arena arena;                  /* owns the arrays of hq */
    struct hq_scratch hq;                /* of a SAM-HQ */
};

/* Features of high resolution are needed by the decoder and made by the encoder, or neither. */
static int check_high(const struct decoder_tensors *tensors, const struct checkpoint *checkpoint,
                      const struct encoder_info *encoder, struct error *error)
{
    char own[CHECKPOINT_NAME_SIZE];
    if (tensors->has_high == encoder->high_resolution)
        return 0;
    return error_set(error, ERROR_MODEL,
                     tensors->has_high
                         ? "the mask decoder needs features of high resolution (it has a tensor "
                           "%s), which this image encoder does not have"
                         : "the image encoder has features of high resolution, but the mask "
                           "decoder has no tensor %s for them",
                     checkpoint_own_name(checkpoint, "mask_decoder.conv_s0.weight", own));
}

/* Makes the folded decoder's weights; with bf16 as elements, if the CPU has kernels for them. */
static int fold(struct decoder_weights *weights, enum sam_precision precision, struct error *error)
{
    struct decoder_tensors *tensors = &weights->tensors;
    tensors->half16 = precision == SAM_BF16 ? half16_bf16_pairs() : NULL;
    if (tensors->half16 && decoder_tensors_pack_mlps(tensors, error))
        return -1;
    return folded_weights_make(&weights->folded, tensors, error);
}

int decoder_weights_load(struct decoder_weights **weights, struct checkpoint *checkpoint,
                         const struct encoder_info *encoder, enum sam_precision precision,
                         struct error *error)
{
    *weights = memory_new(1, sizeof **weights, "mask decoder", error);
    if (!*weights)
        return -1;
    struct decoder_tensors *tensors = &(*weights)->tensors;
    const struct decoder_frame frame = {
        .grid = encoder->grid,
        .prompt_size = encoder->prompt_size,
        .early_channels = encoder->early_channels,
    };
    if (decoder_tensors_load(tensors, checkpoint, &frame, matmul_isa(), error) == 0 &&
        check_high(tensors, checkpoint, encoder, error) == 0) {
        (*weights)->folds = folded_supports(tensors);
        if (!(*weights)->folds || fold(*weights, precision, error) == 0)
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

/* An array of the image, counted. */
static float *image_array(struct sam_image *image, size_t count, struct error *error)
{
    float *array = memory_new(count, sizeof(float), "image embedding", error);
    image->bytes += array ? count * sizeof(float) : 0;
    return array;
}

/* Makes those arrays of an encoding that the model has. */
static int make_encoding(struct sam_image *image, const struct decoder_tensors *tensors,
                         struct error *error)
{
    struct encoding *encoding = &image->encoding;
    size_t size = (size_t)tensors->embed_dim * tensors->positions;
    if (!(encoding->embedding = image_array(image, size, error)))
        return -1;
    for (int i = 0; tensors->has_high && i < 2; i++) /* 16 N x C/8 and 4 N x C/4 floats */
        if (!(encoding->high[i] = image_array(image, i ? size : 2 * size, error)))
            return -1;
    size_t early = (size_t)tensors->hq.early_channels;
    if (early && !(encoding->early = image_array(image, (size_t)tensors->positions * early, error)))
        return -1;
    return 0;
}

/* SAM-HQ's features of an image, and the scratch to make them. */
static int make_hq(struct sam_image *image, const struct decoder_tensors *tensors,
                   struct error *error)
{
    size_t size = 2 * (size_t)tensors->embed_dim * tensors->positions; /* 16 N x C/8 */
    if (tensors->hq.early_channels == 0)
        return 0;
    image->hq_features = image_array(image, size, error);
    image->hq_scratch = image_array(image, hq_features_scratch(&tensors->hq), error);
    return image->hq_features && image->hq_scratch ? 0 : -1;
}

struct sam_image *decoder_image_new(const struct decoder_weights *weights, struct error *error)
{
    const struct folded_weights *folded = &weights->folded;
    struct sam_image *image = memory_new(1, sizeof *image, "image embedding", error);
    if (!image)
        return NULL;
    image->weights = weights;
    int made = make_encoding(image, &weights->tensors, error);
    if (made == 0)
        made = make_hq(image, &weights->tensors, error);
    if (made == 0 && weights->folds)
        image->tables =
            image_array(image, (size_t)folded->strips * folded->rows * FOLDED_STRIP, error);
    if (made == 0 && (image->tables || !weights->folds))
        return image;
    sam_image_free(image);
    return NULL;
}

size_t sam_image_bytes(const struct sam_image *image)
{
    return sizeof *image + image->bytes;
}

void sam_image_free(struct sam_image *image)
{
    if (!image)
        return;
    memory_free(image->encoding.embedding);
    memory_free(image->encoding.high[0]);
    memory_free(image->encoding.high[1]);
    memory_free(image->encoding.early);
    memory_free(image->tables);
    memory_free(image->hq_features);
    memory_free(image->hq_scratch);
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
        folded_tables_fill(&weights->tensors, &weights->folded, &input, threads, image->tables);
    if (image->hq_features)
        hq_features(&weights->tensors.hq, image->encoding.embedding, image->encoding.early, threads,
                    image->hq_scratch, image->hq_features);
}

void sam_embedding(const struct sam_image *image, float *out)
{
    const struct decoder_tensors *tensors = &image->weights->tensors;
    memcpy(out, image->encoding.embedding,
           (size_t)tensors->embed_dim * tensors->positions * sizeof *out);
}

struct hq_layout {
    struct hq_scratch *scratch;
    const struct hq_tensors *hq;
};

static void lay_out_hq(void *context, struct arena *arena)
{
    const struct hq_layout *layout = context;
    hq_layout(layout->scratch, layout->hq, arena);
}

/* The scratch of the HQ mask; *scratch is NULL if the model is no SAM-HQ. */
static int make_hq_scratch(struct sam_decoder *decoder, const struct hq_tensors *hq,
                           const struct hq_scratch **scratch, struct error *error)
{
    struct hq_layout layout = {&decoder->hq, hq};
    *scratch = NULL;
    if (hq->early_channels == 0)
        return 0;
    if (arena_make(&decoder->arena, lay_out_hq, &layout, "SAM-HQ's mask", error))
        return -1;
    const struct plane plane = hq_upscaled(hq, &decoder->hq);
    plane_clear_frame(&plane);
    *scratch = &decoder->hq;
    return 0;
}

struct sam_decoder *decoder_new(const struct decoder_weights *weights, struct error *error)
{
    struct sam_decoder *decoder = memory_new(1, sizeof *decoder, "mask decoder scratch", error);
    if (!decoder)
        return NULL;
    const struct hq_scratch *hq;
    int made = make_hq_scratch(decoder, &weights->tensors.hq, &hq, error);
    if (made == 0 && weights->folds)
        decoder->folded = folded_new(&weights->tensors, &weights->folded, hq, error);
    else if (made == 0)
        decoder->reference = decoder_reference_new(&weights->tensors, hq, error);
    if (decoder->folded || decoder->reference)
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
    arena_free(&decoder->arena);
    memory_free(decoder);
}

void sam_decode(struct sam_decoder *decoder, const struct sam_image *image,
                const struct sam_prompts *prompts, float *iou)
{
    const struct decoder_input input = input_of(image);
    if (decoder->folded)
        folded_run(decoder->folded, image->tables, prompts, iou);
    else
        decoder_reference_run(decoder->reference, &input, prompts, iou);
}

int sam_batch(const struct sam_decoder *decoder, const struct sam_prompts *prompts)
{
    return decoder->folded ? folded_room_for(decoder->folded, prompts) : SAM_BATCH;
}

void sam_want(struct sam_decoder *decoder, const struct sam_image *image,
              const unsigned char *wanted)
{
    if (decoder->folded)
        folded_want(decoder->folded, image->tables, wanted);
}

/* Adds the HQ mask to `count` masks. */
static void add_hq(const struct sam_decoder *decoder, const struct sam_image *image, int count,
                   float *logits)
{
    size_t pixels = 16 * (size_t)image->weights->tensors.positions;
    hq_mask(&image->weights->tensors.hq, &decoder->hq, image->hq_features);
    for (int i = 0; i < count; i++, logits += pixels)
        for (size_t k = 0; k < pixels; k++)
            logits[k] += decoder->hq.mask[k];
}

void sam_logits(struct sam_decoder *decoder, const struct sam_image *image, int prompt,
                const int *which, int count, float *logits)
{
    const struct decoder_input input = input_of(image);
    if (decoder->folded)
        folded_logits(decoder->folded, image->tables, prompt, which, count, logits);
    else
        decoder_reference_logits(decoder->reference, &input, prompt, which, count, logits);
    if (image->hq_features)
        add_hq(decoder, image, count, logits);
}

int sam_best_mask(const float *iou)
{
    return single_mask_best(iou);
}

unsigned char sam_single_candidates(const struct sam_image *image, const float *iou)
{
    if (!decoder_is_sam2(&image->weights->tensors))
        return 1;
    return (unsigned char)(1 | 1u << single_mask_best(iou));
}

int sam_single_logits(struct sam_decoder *decoder, const struct sam_image *image, int prompt,
                      const float *iou, float *logits)
{
    const struct decoder_tensors *tensors = &image->weights->tensors;
    int mask = 0;
    sam_logits(decoder, image, prompt, &mask, 1, logits);
    if (!decoder_is_sam2(tensors) || single_mask_is_stable(logits, (size_t)16 * tensors->positions))
        return mask;
    mask = single_mask_best(iou);
    sam_logits(decoder, image, prompt, &mask, 1, logits);
    return mask;
}

void sam_limit_logits(const struct sam_image *image, int count, float *logits)
{
    const struct decoder_tensors *tensors = &image->weights->tensors;
    const float limit = 32; /* of low_res_masks in sam2/sam2_image_predictor.py */
    size_t numbers = (size_t)count * 16 * tensors->positions;
    for (size_t i = 0; decoder_is_sam2(tensors) && i < numbers; i++)
        logits[i] = logits[i] > limit ? limit : logits[i] < -limit ? -limit : logits[i];
}
