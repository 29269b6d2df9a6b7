#include "pipeline/predictor.h"

#include <math.h>
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
    float
        *earlier; /* [SAM_BATCH][L][L]: mask prompts of a batch; NULL before the first of several */
    float *texts; /* [SAM_BATCH][text_width]: texts of a batch; likewise */
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
    memory_free(predictor->earlier);
    memory_free(predictor->texts);
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

static const double pixels_most = 1 << 24; /* a float counts so far */
static const float logit_most = 1e6f;      /* the products behind it stay far from overflow */

/* Returns 0, or -1 with ERROR_USAGE if one of xy[count] is no number of pixels. */
static int check_places(const double *xy, int count, struct error *error)
{
    for (int i = 0; i < count; i++)
        if (!(fabs(xy[i]) <= pixels_most))
            return error_set(error, ERROR_USAGE, "a prompt at %g: expected a number of pixels",
                             xy[i]);
    return 0;
}

/* Returns 0, or -1 with ERROR_USAGE if logits[count] would not give finite ones. */
static int check_logits(const float *logits, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(logits[i]) <= logit_most))
            return error_set(error, ERROR_USAGE, "a mask prompt with %g: expected logits",
                             (double)logits[i]);
    return 0;
}

int predictor_check(const struct sam *sam, const struct predictor_prompt *prompt,
                    struct error *error)
{
    const struct sam_info *info = sam_info(sam);
    const size_t low = (size_t)info->low_size;
    if (prompt->point_count < 0 || prompt->point_count > SAM_POINTS_MAX)
        return error_set(error, ERROR_USAGE, "a prompt of %d points: expected 0 to %d",
                         prompt->point_count, SAM_POINTS_MAX);
    if (prompt->text && info->text_width == 0)
        return error_set(error, ERROR_USAGE,
                         "this model takes no texts as prompts: it has no tensor "
                         "prompt_encoder.text_projection.weight");
    if (prompt->point_count == 0 && !prompt->box && !prompt->logits && !prompt->text)
        return error_set(error, ERROR_USAGE, "a prompt needs a point, a box or a mask");
    if (prompt->logits && !info->takes_masks)
        return error_set(error, ERROR_USAGE, "%s takes no masks as prompts", info->family);
    if (check_places(prompt->points, 2 * prompt->point_count, error) ||
        (prompt->box && check_places(prompt->box, 4, error)))
        return -1;
    return prompt->logits ? check_logits(prompt->logits, low * low, error) : 0;
}

int predictor_compare_shapes(const struct predictor_prompt *a, const struct predictor_prompt *b)
{
    if (a->point_count != b->point_count)
        return a->point_count < b->point_count ? -1 : 1;
    if (!a->box != !b->box)
        return a->box ? 1 : -1;
    if (!a->logits != !b->logits)
        return a->logits ? 1 : -1;
    if (!a->text != !b->text)
        return a->text ? 1 : -1;
    return a->single - b->single;
}

int predictor_batch(const struct predictor *predictor, const struct predictor_prompt *prompt)
{
    static const float box[4];
    const struct sam_prompts one = {
        .count = 1,
        .points = prompt->point_count,
        .boxes = prompt->box ? box : NULL,
        .texts = prompt->text,
    };
    return sam_batch(predictor->decoder, &one);
}

/* Prompts of one shape as the model takes them. */
struct batch {
    double xy[SAM_BATCH * SAM_POINTS_MAX][2]; /* in the model's frame */
    int labels[SAM_BATCH * SAM_POINTS_MAX];
    float boxes[SAM_BATCH][4];
    struct sam_prompts prompts;
};

/* One more prompt. */
static void place(struct batch *batch, const struct prompt_frame *frame,
                  const struct predictor_prompt *prompt)
{
    const int in_batch = batch->prompts.count++;
    for (int i = 0; i < prompt->point_count; i++) {
        const int at = in_batch * prompt->point_count + i;
        batch->labels[at] = prompt->labels ? prompt->labels[i] : 1;
        for (int axis = 0; axis < 2; axis++)
            batch->xy[at][axis] = prompt_frame_place(frame, axis, prompt->points[2 * i + axis]);
    }
    for (int i = 0; prompt->box && i < 4; i++)
        batch->boxes[in_batch][i] = (float)prompt_frame_place(frame, i % 2, prompt->box[i]);
}

/* The masks of several prompts side by side. A single one stays where it is. */
static int gather_masks(struct predictor *predictor, const struct predictor_prompt *const *prompts,
                        struct batch *batch, struct error *error)
{
    const size_t bytes = plane(predictor) * sizeof(float);
    batch->prompts.masks = prompts[0]->logits;
    if (!prompts[0]->logits || batch->prompts.count == 1)
        return 0;
    if (!predictor->earlier &&
        !(predictor->earlier = memory_new(SAM_BATCH, bytes, "mask prompts", error)))
        return -1;
    for (int i = 0; i < batch->prompts.count; i++)
        memcpy(predictor->earlier + (size_t)i * plane(predictor), prompts[i]->logits, bytes);
    batch->prompts.masks = predictor->earlier;
    return 0;
}

/* The texts of several prompts side by side. A single one stays where it is. */
static int gather_texts(struct predictor *predictor, const struct predictor_prompt *const *prompts,
                        struct batch *batch, struct error *error)
{
    const size_t width = (size_t)sam_info(predictor->sam)->text_width;
    batch->prompts.texts = prompts[0]->text;
    if (!prompts[0]->text || batch->prompts.count == 1)
        return 0;
    if (!predictor->texts &&
        !(predictor->texts = memory_new(SAM_BATCH * width, sizeof(float), "texts", error)))
        return -1;
    for (int i = 0; i < batch->prompts.count; i++)
        memcpy(predictor->texts + i * width, prompts[i]->text, width * sizeof(float));
    batch->prompts.texts = predictor->texts;
    return 0;
}

/* Tells the decoder which masks of its batch will be asked for. */
static void want(const struct predictor *predictor, int count, bool single,
                 const float (*iou)[SAM_MASKS])
{
    const struct sam_image *image = predictor->embedding->image;
    unsigned char wanted[SAM_BATCH];
    for (int i = 0; i < count; i++)
        wanted[i] = single ? sam_single_candidates(image, iou[i]) : 1u << 1 | 1u << 2 | 1u << 3;
    sam_want(predictor->decoder, image, wanted);
}

/* The masks of one prompt of the decoder's batch; their logits stay in predictor->logits. */
static int add_masks(struct predictor *predictor, const struct predictor_prompt *prompt,
                     int in_batch, const float *iou, struct mask_list *masks, struct error *error)
{
    const struct sam_image *image = predictor->embedding->image;
    int which[PREDICTOR_MASKS] = {1, 2, 3};
    int count = prompt->single ? 1 : PREDICTOR_MASKS;
    if (prompt->single)
        which[0] = sam_single_logits(predictor->decoder, image, in_batch, iou, predictor->logits);
    else
        sam_logits(predictor->decoder, image, in_batch, which, count, predictor->logits);
    for (int i = 0; i < count; i++)
        if (add_mask(predictor, prompt, predictor->logits + (size_t)i * plane(predictor),
                     iou[which[i]], masks, error))
            return -1;
    if (prompt->kept) {
        memcpy(prompt->kept, predictor->logits, (size_t)count * plane(predictor) * sizeof(float));
        sam_limit_logits(image, count, prompt->kept);
    }
    return 0;
}

int predictor_predict_batch(struct predictor *predictor, const struct embedding *embedding,
                            const struct predictor_prompt *const *prompts, int count,
                            struct mask_list *masks, struct error *error)
{
    const struct predictor_prompt *first = prompts[0];
    struct batch batch = {.prompts = {.points = first->point_count}};
    float iou[SAM_BATCH][SAM_MASKS];
    predictor->embedding = embedding;
    for (int i = 0; i < count; i++)
        place(&batch, &embedding->frame, prompts[i]);
    batch.prompts.xy = first->point_count ? batch.xy[0] : NULL;
    batch.prompts.labels = batch.labels;
    batch.prompts.boxes = first->box ? batch.boxes[0] : NULL;
    if (gather_masks(predictor, prompts, &batch, error) ||
        gather_texts(predictor, prompts, &batch, error))
        return -1;
    sam_decode(predictor->decoder, embedding->image, &batch.prompts, iou[0]);
    want(predictor, count, first->single, iou);
    for (int i = 0; i < count; i++)
        if (add_masks(predictor, prompts[i], i, iou[i], &masks[i], error))
            return -1;
    return 0;
}

int predictor_predict(struct predictor *predictor, const struct embedding *embedding,
                      const struct predictor_prompt *prompt, struct mask_list *masks,
                      struct error *error)
{
    if (predictor_check(predictor->sam, prompt, error) ||
        predictor_predict_batch(predictor, embedding, &prompt, 1, masks, error))
        return -1;
    sam_limit_logits(embedding->image, prompt->single ? 1 : PREDICTOR_MASKS, predictor->logits);
    return 0;
}
