#include "pipeline/predictor.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "filters/scan/scan.h"
#include "images/image.h"
#include "images/resize.h"
#include "model/sam.h"

struct clicker {
    const struct sam *sam;
    float mask_threshold;
    int threads;
    struct resize *resize;
    float *tensor; /* [3][S][S] */
    struct sam_encoder *encoder;
    struct sam_image *embedding;
    struct sam_decoder *decoder;
    struct scan_scratch *scan;
    float *logits;                  /* [CLICK_MASKS][L][L] */
    struct scan_geometry *geometry; /* of the image at hand; NULL before the first */
    struct scan_size size;
};

static int clicker_init(struct clicker *clicker, struct error *error)
{
    const struct sam *sam = clicker->sam;
    size_t size = (size_t)sam_info(sam)->image_size;
    size_t low = (size_t)sam_info(sam)->low_size;
    bool made =
        (clicker->resize = resize_new(error)) &&
        (clicker->tensor = memory_new(3 * size, size * sizeof(float), "tensor", error)) &&
        (clicker->encoder = sam_encoder_new(sam, clicker->threads, error)) &&
        (clicker->embedding = sam_image_new(sam, error)) &&
        (clicker->decoder = sam_decoder_new(sam, error)) &&
        (clicker->scan = scan_scratch_new(error)) &&
        (clicker->logits = memory_new(CLICK_MASKS * low, low * sizeof(float), "logits", error));
    return made ? 0 : -1;
}

struct clicker *clicker_new(const struct sam *sam, double mask_threshold, int threads,
                            struct error *error)
{
    struct clicker *clicker = memory_new(1, sizeof *clicker, "clicker", error);
    if (!clicker)
        return NULL;
    *clicker =
        (struct clicker){.sam = sam, .mask_threshold = (float)mask_threshold, .threads = threads};
    if (clicker_init(clicker, error)) {
        clicker_free(clicker);
        return NULL;
    }
    return clicker;
}

void clicker_free(struct clicker *clicker)
{
    if (!clicker)
        return;
    resize_free(clicker->resize);
    memory_free(clicker->tensor);
    sam_encoder_free(clicker->encoder);
    sam_image_free(clicker->embedding);
    sam_decoder_free(clicker->decoder);
    scan_scratch_free(clicker->scan);
    memory_free(clicker->logits);
    scan_geometry_free(clicker->geometry);
    memory_free(clicker);
}

int clicker_encode(struct clicker *clicker, const struct image *image, struct error *error)
{
    const struct sam_info *info = sam_info(clicker->sam);
    const struct rect whole = {0, 0, image->width, image->height};
    struct scan_size *size = &clicker->size;
    *size = (struct scan_size){
        .low_size = info->low_size,
        .image_size = info->image_size,
        .crop_height = image->height,
        .crop_width = image->width,
    };
    if (resize_tensor(clicker->resize, image, whole, info->image_size, clicker->tensor,
                      &size->input_width, &size->input_height, error))
        return -1;
    if (sam_encode(clicker->sam, clicker->encoder, clicker->tensor, clicker->threads,
                   clicker->embedding, error))
        return -1;
    scan_geometry_free(clicker->geometry);
    clicker->geometry = scan_geometry_new(size, error);
    return clicker->geometry ? 0 : -1;
}

/* Low-resolution logits to runs. The scan leaves a mask without any logit above 0 undefined. */
static int scan(struct clicker *clicker, float *logits, struct rle *rle, struct error *error)
{
    static const struct scan_options options = {.stability_offset = 0, .stability_threshold = 0};
    const struct scan_size *size = &clicker->size;
    size_t numbers = (size_t)size->low_size * (size_t)size->low_size;
    struct mask mask = {.rle = *rle};
    bool kept;
    for (size_t i = 0; clicker->mask_threshold != 0 && i < numbers; i++)
        logits[i] -= clicker->mask_threshold;
    int status = scan_mask(clicker->geometry, clicker->scan, logits, &options, &mask, &kept, error);
    *rle = mask.rle;
    if (status || kept)
        return status;
    rle_begin(rle, (uint32_t)size->crop_height, (uint32_t)size->crop_width);
    return rle_end(rle, error);
}

int clicker_click(struct clicker *clicker, int32_t x, int32_t y, struct click_mask *masks,
                  struct error *error)
{
    static const int which[CLICK_MASKS] = {1, 2, 3};
    const struct scan_size *size = &clicker->size;
    const double xy[2] = {x * ((double)size->input_width / size->crop_width),
                          y * ((double)size->input_height / size->crop_height)};
    const struct sam_prompts prompts = {.count = 1, .points = 1, .xy = xy};
    float iou[SAM_MASKS];
    sam_decode(clicker->sam, clicker->decoder, clicker->embedding, &prompts, iou);
    sam_logits(clicker->sam, clicker->decoder, clicker->embedding, 0, which, CLICK_MASKS,
               clicker->logits);
    for (int m = 0; m < CLICK_MASKS; m++) {
        size_t plane = (size_t)size->low_size * (size_t)size->low_size;
        masks[m].predicted_iou = iou[which[m]];
        if (scan(clicker, clicker->logits + (size_t)m * plane, &masks[m].rle, error))
            return -1;
    }
    return 0;
}
