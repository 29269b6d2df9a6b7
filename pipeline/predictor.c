#include "pipeline/predictor.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "filters/scan/scan.h"
#include "images/image.h"
#include "images/resize.h"
#include "model/sam.h"

struct predictor {
    const struct sam *sam;
    float mask_threshold;
    int threads;
    struct resize *resize;
    float *tensor; /* [3][S][S] */
    struct sam_encoder *encoder;
    struct sam_image *embedding;
    struct sam_decoder *decoder;
    struct scan_scratch *scan;
    float *logits;                  /* [PREDICTOR_MASKS][L][L] */
    struct scan_geometry *geometry; /* of the image at hand; NULL before the first */
    struct scan_size size;
};

static int predictor_init(struct predictor *predictor, struct error *error)
{
    const struct sam *sam = predictor->sam;
    size_t size = (size_t)sam_info(sam)->image_size;
    size_t low = (size_t)sam_info(sam)->low_size;
    bool made = (predictor->resize = resize_new(error)) &&
                (predictor->tensor = memory_new(3 * size, size * sizeof(float), "tensor", error)) &&
                (predictor->encoder = sam_encoder_new(sam, predictor->threads, error)) &&
                (predictor->embedding = sam_image_new(sam, error)) &&
                (predictor->decoder = sam_decoder_new(sam, error)) &&
                (predictor->scan = scan_scratch_new(error)) &&
                (predictor->logits =
                     memory_new(PREDICTOR_MASKS * low, low * sizeof(float), "logits", error));
    return made ? 0 : -1;
}

struct predictor *predictor_new(const struct sam *sam, double mask_threshold, int threads,
                                struct error *error)
{
    struct predictor *predictor = memory_new(1, sizeof *predictor, "predictor", error);
    if (!predictor)
        return NULL;
    *predictor =
        (struct predictor){.sam = sam, .mask_threshold = (float)mask_threshold, .threads = threads};
    if (predictor_init(predictor, error)) {
        predictor_free(predictor);
        return NULL;
    }
    return predictor;
}

void predictor_free(struct predictor *predictor)
{
    if (!predictor)
        return;
    resize_free(predictor->resize);
    memory_free(predictor->tensor);
    sam_encoder_free(predictor->encoder);
    sam_image_free(predictor->embedding);
    sam_decoder_free(predictor->decoder);
    scan_scratch_free(predictor->scan);
    memory_free(predictor->logits);
    scan_geometry_free(predictor->geometry);
    memory_free(predictor);
}

int predictor_set_image(struct predictor *predictor, const struct image *image, struct error *error)
{
    const struct sam_info *info = sam_info(predictor->sam);
    const struct rect whole = {0, 0, image->width, image->height};
    struct scan_size *size = &predictor->size;
    *size = (struct scan_size){
        .low_size = info->low_size,
        .image_size = info->image_size,
        .crop_height = image->height,
        .crop_width = image->width,
    };
    if (resize_tensor(predictor->resize, image, whole, info->image_size, predictor->tensor,
                      &size->input_width, &size->input_height, error))
        return -1;
    if (sam_encode(predictor->sam, predictor->encoder, predictor->tensor, predictor->threads,
                   predictor->embedding, error))
        return -1;
    scan_geometry_free(predictor->geometry);
    predictor->geometry = scan_geometry_new(size, error);
    return predictor->geometry ? 0 : -1;
}

/* Low-resolution logits to runs. The scan leaves a mask without any logit above 0 undefined. */
static int scan(struct predictor *predictor, float *logits, struct rle *rle, struct error *error)
{
    static const struct scan_options options = {.stability_offset = 0, .stability_threshold = 0};
    const struct scan_size *size = &predictor->size;
    size_t numbers = (size_t)size->low_size * (size_t)size->low_size;
    struct mask mask = {.rle = *rle};
    bool kept;
    for (size_t i = 0; predictor->mask_threshold != 0 && i < numbers; i++)
        logits[i] -= predictor->mask_threshold;
    int status =
        scan_mask(predictor->geometry, predictor->scan, logits, &options, &mask, &kept, error);
    *rle = mask.rle;
    if (status || kept)
        return status;
    rle_begin(rle, (uint32_t)size->crop_height, (uint32_t)size->crop_width);
    return rle_end(rle, error);
}

int predictor_click(struct predictor *predictor, int32_t x, int32_t y, struct predictor_mask *masks,
                    struct error *error)
{
    static const int which[PREDICTOR_MASKS] = {1, 2, 3};
    const struct scan_size *size = &predictor->size;
    const double xy[2] = {x * ((double)size->input_width / size->crop_width),
                          y * ((double)size->input_height / size->crop_height)};
    const struct sam_prompts prompts = {.count = 1, .points = 1, .xy = xy};
    float iou[SAM_MASKS];
    sam_decode(predictor->sam, predictor->decoder, predictor->embedding, &prompts, iou);
    sam_logits(predictor->sam, predictor->decoder, predictor->embedding, 0, which, PREDICTOR_MASKS,
               predictor->logits);
    for (int m = 0; m < PREDICTOR_MASKS; m++) {
        size_t plane = (size_t)size->low_size * (size_t)size->low_size;
        masks[m].predicted_iou = iou[which[m]];
        if (scan(predictor, predictor->logits + (size_t)m * plane, &masks[m].rle, error))
            return -1;
    }
    return 0;
}
