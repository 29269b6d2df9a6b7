#include "pipeline/predictor.h"

#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "filters/scan/scan.h"
#include "model/sam.h"
#include "pipeline/embedding.h"

struct predictor {
    const struct sam *sam;
    const struct embedding *embedding; /* of the prompt at work; borrowed */
    struct predictor_options options;
    struct sam_decoder *decoder;
    struct scan_scratch *scan;
    float *logits;  /* [PREDICTOR_MASKS][L][L] */
    float *shifted; /* [L][L]: logits less mask_threshold */
};

/* Numbers of a low-resolution mask. */
static size_t plane(const struct predictor *predictor)
{
    size_t low = (size_t)sam_info(predictor->sam)->low_size;
    return low * low;
}

static int predictor_init(struct predictor *predictor, struct error *error)
{
    size_t bytes = plane(predictor) * sizeof(float);
    if (!(predictor->decoder = sam_decoder_new(predictor->sam, error)) ||
        !(predictor->scan = scan_scratch_new(error)) ||
        !(predictor->logits = memory_new(PREDICTOR_MASKS, bytes, "logits", error)) ||
        !(predictor->shifted = memory_new(1, bytes, "logits", error)))
        return -1;
    return 0;
}

struct predictor *predictor_new(const struct sam *sam, const struct predictor_options *options,
                                struct error *error)
{
    struct predictor *predictor = memory_new(1, sizeof *predictor, "predictor", error);
    if (!predictor)
        return NULL;
    *predictor = (struct predictor){.sam = sam, .options = *options};
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
    sam_decoder_free(predictor->decoder);
    scan_scratch_free(predictor->scan);
    memory_free(predictor->logits);
    memory_free(predictor->shifted);
    memory_free(predictor);
}

const float *predictor_logits(const struct predictor *predictor)
{
    return predictor->logits;
}

/* The logits with the threshold moved to 0, where the scan has it: interpolation commutes with
 * adding a constant. */
static const float *shift(const struct predictor *predictor, const float *logits)
{
    float threshold = (float)predictor->options.mask_threshold;
    if (threshold == 0)
        return logits;
    for (size_t i = 0; i < plane(predictor); i++)
        predictor->shifted[i] = logits[i] - threshold;
    return predictor->shifted;
}

/* Low-resolution logits to a mask. The scan leaves a mask without any logit above the threshold
 * undefined; here it is an empty mask. */
static int scan(struct predictor *predictor, const float *logits, struct mask *mask,
                struct error *error)
{
    const struct embedding *embedding = predictor->embedding;
    const struct scan_options options = {
        .stability_offset = (float)predictor->options.stability_score_offset,
    };
    int kept = scan_mask(embedding->geometry, predictor->scan, shift(predictor, logits), &options,
                         mask, error);
    if (kept)
        return kept < 0 ? -1 : 0;
    mask->box = (struct box){0};
    mask->area = 0;
    mask->stability_score = 0;
    rle_begin(&mask->rle, (uint32_t)embedding->frame.region.height,
              (uint32_t)embedding->frame.region.width);
    return rle_end(&mask->rle, error);
}

static int add_mask(struct predictor *predictor, const struct predictor_prompt *prompt,
                    const float *logits, float predicted_iou, struct mask_list *masks,
                    struct error *error)
{
    const struct size *region = &predictor->embedding->frame.region;
    struct mask mask = {
        .crop = {0, 0, region->width, region->height},
        .predicted_iou = predicted_iou,
    };
    if (prompt->point_count > 0)
        memcpy(mask.point, prompt->points, sizeof mask.point);
    int status = scan(predictor, logits, &mask, error);
    if (status == 0)
        status = mask_list_add(masks, &mask, error);
    rle_free(&mask.rle);
    return status;
}

/* A prompt in the model's frame. */
struct scaled_prompt {
    double xy[SAM_POINTS_MAX][2];
    float box[4];
};

static void scale(const struct predictor_prompt *prompt, const struct prompt_frame *frame,
                  struct scaled_prompt *scaled)
{
    for (int i = 0; i < prompt->point_count; i++)
        for (int axis = 0; axis < 2; axis++)
            scaled->xy[i][axis] = prompt_frame_place(frame, axis, prompt->points[2 * i + axis]);
    for (int i = 0; prompt->box && i < 4; i++)
        scaled->box[i] = (float)prompt_frame_place(frame, i % 2, prompt->box[i]);
}

static int check(const struct sam_info *info, const struct predictor_prompt *prompt,
                 struct error *error)
{
    if (prompt->point_count < 0 || prompt->point_count > SAM_POINTS_MAX)
        return error_set(error, ERROR_USAGE, "a prompt of %d points: expected 0 to %d",
                         prompt->point_count, SAM_POINTS_MAX);
    if (prompt->point_count == 0 && !prompt->box && !prompt->logits)
        return error_set(error, ERROR_USAGE, "a prompt needs a point, a box or a mask");
    if (prompt->logits && !info->takes_masks)
        return error_set(error, ERROR_USAGE, "%s takes no masks as prompts", info->family);
    return 0;
}

int predictor_predict(struct predictor *predictor, const struct embedding *embedding,
                      const struct predictor_prompt *prompt, struct mask_list *masks,
                      struct error *error)
{
    if (check(sam_info(predictor->sam), prompt, error))
        return -1;
    predictor->embedding = embedding;
    struct scaled_prompt scaled;
    scale(prompt, &embedding->frame, &scaled);
    const struct sam_prompts prompts = {
        .count = 1,
        .points = prompt->point_count,
        .xy = prompt->point_count ? scaled.xy[0] : NULL,
        .labels = prompt->labels,
        .boxes = prompt->box ? scaled.box : NULL,
        .masks = prompt->logits,
    };
    int which[PREDICTOR_MASKS] = {1, 2, 3};
    int count = prompt->single ? 1 : PREDICTOR_MASKS;
    float iou[SAM_MASKS];
    sam_decode(predictor->decoder, embedding->image, &prompts, iou);
    if (prompt->single)
        which[0] =
            sam_single_logits(predictor->decoder, embedding->image, 0, iou, predictor->logits);
    else
        sam_logits(predictor->decoder, embedding->image, 0, which, count, predictor->logits);
    for (int i = 0; i < count; i++)
        if (add_mask(predictor, prompt, predictor->logits + (size_t)i * plane(predictor),
                     iou[which[i]], masks, error))
            return -1;
    sam_limit_logits(embedding->image, count, predictor->logits);
    return 0;
}
