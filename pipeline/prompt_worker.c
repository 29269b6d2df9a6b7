#include "pipeline/prompt_worker.h"

#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "filters/crop.h"
#include "filters/mask.h"
#include "filters/postprocess.h"
#include "filters/scan/scan.h"
#include "model/sam.h"
#include "pipeline/options.h"
#include "pipeline/prompt_frame.h"

struct prompt_worker {
    const struct sam *sam;
    const struct generator_options *options;
    struct sam_decoder *decoder;
    struct scan_scratch *scan;
    float *logits; /* [SAM_MASKS][L][L] of one prompt */
    struct prompt_worker_times times;
    float *refined; /* [SAM_BATCH][SAM_MASKS - 1][L][L] with use_m2m, else NULL */
};

/* One point prompt and what the decoder said of it. */
struct candidate {
    double point[2];  /* image pixels */
    double input[2];  /* in the frame of the prompts */
    int in_batch;     /* its place in the decoder's last batch */
    const float *iou; /* [SAM_MASKS] of that batch */
};

static size_t plane(const struct prompt_worker *worker)
{
    size_t low = (size_t)sam_info(worker->sam)->low_size;
    return low * low;
}

static int prompt_worker_init(struct prompt_worker *worker, struct error *error)
{
    size_t kept = worker->options->use_m2m ? (size_t)SAM_BATCH * (SAM_MASKS - 1) : 0;
    if (!(worker->decoder = sam_decoder_new(worker->sam, error)) ||
        !(worker->scan = scan_scratch_new(error)) ||
        !(worker->logits = memory_new(SAM_MASKS, plane(worker) * sizeof(float), "logits", error)))
        return -1;
    if (kept &&
        !(worker->refined = memory_new(kept, plane(worker) * sizeof(float), "logits", error)))
        return -1;
    return 0;
}

struct prompt_worker *prompt_worker_new(const struct sam *sam,
                                        const struct generator_options *options,
                                        struct error *error)
{
    struct prompt_worker *worker = memory_new(1, sizeof *worker, "decoding thread", error);
    if (!worker)
        return NULL;
    *worker = (struct prompt_worker){.sam = sam, .options = options};
    if (prompt_worker_init(worker, error)) {
        prompt_worker_free(worker);
        return NULL;
    }
    return worker;
}

void prompt_worker_free(struct prompt_worker *worker)
{
    if (!worker)
        return;
    sam_decoder_free(worker->decoder);
    scan_scratch_free(worker->scan);
    memory_free(worker->logits);
    memory_free(worker->refined);
    memory_free(worker);
}

const struct prompt_worker_times *prompt_worker_times(const struct prompt_worker *worker)
{
    return &worker->times;
}

/* sam_decode and sam_logits, timed. */
static void decode(struct prompt_worker *worker, const struct crop_task *task,
                   const struct sam_prompts *prompts, float *iou)
{
    double start = clock_now();
    sam_decode(worker->decoder, task->embedding, prompts, iou);
    worker->times.decode += clock_now() - start;
    worker->times.prompts += prompts->count;
}

/* Tells the decoder which masks of its last batch upscale will ask for; timed with it. */
static void want(struct prompt_worker *worker, const struct crop_task *task,
                 const unsigned char *wanted)
{
    double start = clock_now();
    sam_want(worker->decoder, task->embedding, wanted);
    worker->times.logits += clock_now() - start;
}

static void upscale(struct prompt_worker *worker, const struct crop_task *task, int in_batch,
                    const int *which, int count, float *logits)
{
    double start = clock_now();
    sam_logits(worker->decoder, task->embedding, in_batch, which, count, logits);
    worker->times.logits += clock_now() - start;
    worker->times.upscaled++;
}

/* The single mask of one prompt: its logits[L][L] and, returned, its number. */
static int upscale_single(struct prompt_worker *worker, const struct crop_task *task,
                          const struct candidate *candidate, float *logits)
{
    double start = clock_now();
    int mask = sam_single_logits(worker->decoder, task->embedding, candidate->in_batch,
                                 candidate->iou, logits);
    worker->times.logits += clock_now() - start;
    worker->times.upscaled++;
    return mask;
}

/* Whether a mask of this predicted IoU goes on. */
static bool is_good(const struct prompt_worker *worker, float iou)
{
    return mask_iou_passes(iou, worker->options->pred_iou_thresh);
}

/* Moves the threshold to 0, where the scan has it: interpolation commutes with adding a constant.
 */
static void apply_threshold(const struct prompt_worker *worker, float *logits)
{
    float threshold = (float)worker->options->mask_threshold;
    for (size_t i = 0; threshold != 0 && i < plane(worker); i++)
        logits[i] -= threshold;
}

/* Whether a mask that has passed the thresholds may take part in NMS. */
static bool is_admitted(const struct prompt_worker *worker, const struct crop_task *task,
                        const struct mask *mask)
{
    const struct size image = {task->image_width, task->image_height};
    double image_area = (double)image.width * image.height;
    return (task->keep_cut || !crop_cuts_box(task->rect, mask->box, image)) &&
           !postprocess_covers_image(mask, &worker->options->postprocess, image_area);
}

/* One low-resolution mask of a prompt. */
struct output {
    const double *point; /* image pixels */
    float *logits;       /* [L][L] */
    float iou;           /* predicted */
};

/* Scans a low-resolution mask and adds it to `found` if it passes the filters. */
static int keep_mask(struct prompt_worker *worker, const struct crop_task *task,
                     const struct output *output, struct mask_list *found, struct error *error)
{
    const struct scan_options scan = {
        .stability_offset = (float)worker->options->stability_score_offset,
        .stability_threshold = (float)worker->options->stability_score_thresh,
    };
    struct mask mask = {
        .crop = task->rect,
        .point = {output->point[0], output->point[1]},
        .predicted_iou = output->iou,
    };
    double start = clock_now();
    apply_threshold(worker, output->logits);
    int status = scan_mask(task->geometry, worker->scan, output->logits, &scan, &mask, error);
    if (status > 0)
        status = is_admitted(worker, task, &mask) ? mask_list_add(found, &mask, error) : 0;
    rle_free(&mask.rle);
    worker->times.scan += clock_now() - start;
    worker->times.scanned++;
    return status;
}

/* Those of `masks` (bit m for mask m) whose predicted IoU is above the threshold. */
static unsigned char good_masks(const struct prompt_worker *worker, unsigned char masks,
                                const float *iou)
{
    unsigned char good = 0;
    for (int m = 0; m < SAM_MASKS; m++)
        if (masks & 1u << m && is_good(worker, iou[m]))
            good |= (unsigned char)(1u << m);
    return good;
}

enum { OUTPUTS = SAM_MASKS - 1 }; /* masks of a point, at most */

/* The multimask output of one prompt: masks 1 to 3, or the best of them where the model's own
 * generator keeps no other. Returns their number. */
static int multimask(const struct prompt_worker *worker, const float *iou, int which[OUTPUTS])
{
    const bool best_only = sam_info(worker->sam)->best_only;
    for (int i = 0; i < OUTPUTS; i++)
        which[i] = i + 1;
    if (best_only)
        which[0] = sam_best_mask(iou);
    return best_only ? 1 : OUTPUTS;
}

/* The outputs of one prompt; with single_mask, those that may become its only one. */
static unsigned char all_outputs(const struct prompt_worker *worker, const struct crop_task *task,
                                 const float *iou)
{
    int which[OUTPUTS];
    unsigned char outputs = 0;
    if (worker->options->single_mask)
        return sam_single_candidates(task->embedding, iou);
    int count = multimask(worker, iou, which);
    for (int i = 0; i < count; i++)
        outputs |= (unsigned char)(1u << which[i]);
    return outputs;
}

/* Those of them that are good. */
static unsigned char good_outputs(const struct prompt_worker *worker, const struct crop_task *task,
                                  const float *iou)
{
    return good_masks(worker, all_outputs(worker, task, iou), iou);
}

/* Scans the single mask of one prompt of the decoder's last batch, if it is good. */
static int keep_single(struct prompt_worker *worker, const struct crop_task *task,
                       const struct candidate *candidate, struct mask_list *found,
                       struct error *error)
{
    const float *iou = candidate->iou;
    if (!good_masks(worker, sam_single_candidates(task->embedding, iou), iou))
        return 0;
    int mask = upscale_single(worker, task, candidate, worker->logits);
    if (!is_good(worker, iou[mask]))
        return 0;
    const struct output output = {candidate->point, worker->logits, iou[mask]};
    return keep_mask(worker, task, &output, found, error);
}

/* Scans the good masks of one prompt of the decoder's last batch. */
static int keep_prompt(struct prompt_worker *worker, const struct crop_task *task,
                       const struct candidate *candidate, struct mask_list *found,
                       struct error *error)
{
    const float *iou = candidate->iou;
    if (worker->options->single_mask)
        return keep_single(worker, task, candidate, found, error);
    unsigned char good = good_outputs(worker, task, iou);
    int which[SAM_MASKS];
    int count = 0;
    for (int m = 0; m < SAM_MASKS; m++)
        if (good & 1u << m)
            which[count++] = m;
    if (count == 0)
        return 0;
    upscale(worker, task, candidate->in_batch, which, count, worker->logits);
    for (int i = 0; i < count; i++) {
        const struct output output = {candidate->point, worker->logits + (size_t)i * plane(worker),
                                      iou[which[i]]};
        if (keep_mask(worker, task, &output, found, error))
            return -1;
    }
    return 0;
}

/* The logits of all outputs of one prompt of the decoder's last batch. */
static void upscale_outputs(struct prompt_worker *worker, const struct crop_task *task,
                            const struct candidate *candidate, float *logits)
{
    int which[OUTPUTS];
    if (worker->options->single_mask) {
        upscale_single(worker, task, candidate, logits);
        return;
    }
    int count = multimask(worker, candidate->iou, which);
    upscale(worker, task, candidate->in_batch, which, count, logits);
}

/* Outputs first .. first + count - 1 of all candidates, `outputs` a candidate; SAM_BATCH at most. */
struct refinement {
    const struct candidate *candidates;
    int outputs, first, count;
};

/* Decodes outputs as mask prompts, and scans the good ones of what comes out. */
static int refine_outputs(struct prompt_worker *worker, const struct crop_task *task,
                          const struct refinement *part, struct mask_list *found,
                          struct error *error)
{
    struct candidate again[SAM_BATCH];
    double xy[SAM_BATCH][2];
    float iou[SAM_BATCH][SAM_MASKS];
    unsigned char good[SAM_BATCH];
    for (int i = 0; i < part->count; i++) {
        again[i] = part->candidates[(part->first + i) / part->outputs];
        again[i].in_batch = i;
        again[i].iou = iou[i];
        memcpy(xy[i], again[i].input, sizeof xy[i]);
    }
    const struct sam_prompts prompts = {
        .count = part->count,
        .points = 1,
        .xy = xy[0],
        .masks = worker->refined + (size_t)part->first * plane(worker),
    };
    decode(worker, task, &prompts, iou[0]);
    for (int i = 0; i < part->count; i++)
        good[i] = good_masks(worker, sam_single_candidates(task->embedding, iou[i]), iou[i]);
    want(worker, task, good);
    for (int i = 0; i < part->count; i++)
        if (keep_single(worker, task, &again[i], found, error))
            return -1;
    return 0;
}

/* use_m2m: each output goes back in as a mask prompt beside its point, and the single mask that
 * comes out takes its place (SAM 2's generator, refine_with_m2m). */
static int refine_batch(struct prompt_worker *worker, const struct crop_task *task,
                        const struct candidate *candidates, int count, struct mask_list *found,
                        struct error *error)
{
    const bool one = worker->options->single_mask || sam_info(worker->sam)->best_only;
    struct refinement part = {.candidates = candidates, .outputs = one ? 1 : OUTPUTS};
    const int total = count * part.outputs;
    unsigned char wanted[SAM_BATCH];
    for (int i = 0; i < count; i++)
        wanted[i] = all_outputs(worker, task, candidates[i].iou);
    want(worker, task, wanted);
    for (int i = 0; i < count; i++)
        upscale_outputs(worker, task, &candidates[i],
                        worker->refined + (size_t)i * part.outputs * plane(worker));
    sam_limit_logits(task->embedding, total, worker->refined);
    for (; part.first < total; part.first += SAM_BATCH) {
        const int left = total - part.first;
        part.count = left < SAM_BATCH ? left : SAM_BATCH;
        if (refine_outputs(worker, task, &part, found, error))
            return -1;
    }
    return 0;
}

/* A grid point in the image's pixels and in the frame of the prompts. */
static struct candidate locate(const struct crop_task *task, int index, int in_batch)
{
    const double *point = task->points + 2 * (size_t)index;
    const struct prompt_frame *frame = task->frame;
    double x = prompt_frame_round(frame, point[0] * task->rect.width);
    double y = prompt_frame_round(frame, point[1] * task->rect.height);
    return (struct candidate){
        .point = {prompt_frame_round(frame, x + task->rect.x),
                  prompt_frame_round(frame, y + task->rect.y)},
        .input = {prompt_frame_place(frame, 0, x), prompt_frame_place(frame, 1, y)},
        .in_batch = in_batch,
    };
}

/* Adds the single mask of one box of the decoder's last batch. */
static int keep_box(struct prompt_worker *worker, const struct crop_task *task,
                    const struct candidate *candidate, struct mask_list *found, struct error *error)
{
    const struct scan_options scan = {.stability_offset =
                                          (float)worker->options->stability_score_offset};
    struct mask mask = {.crop = task->rect, .source = MASK_SOURCE_BOX};
    int which = upscale_single(worker, task, candidate, worker->logits);
    double start = clock_now();
    apply_threshold(worker, worker->logits);
    int status = scan_mask(task->geometry, worker->scan, worker->logits, &scan, &mask, error);
    if (status == 0) { /* no logit above the threshold: the other fields are undefined */
        rle_begin(&mask.rle, (uint32_t)task->rect.height, (uint32_t)task->rect.width);
        status = rle_end(&mask.rle, error);
        mask.box = (struct box){0};
        mask.area = 0;
        mask.stability_score = 0;
    }
    mask.predicted_iou = candidate->iou[which];
    if (status >= 0)
        status = mask_list_add(found, &mask, error);
    rle_free(&mask.rle);
    worker->times.scan += clock_now() - start;
    worker->times.scanned++;
    return status;
}

/* As prompt_worker_run, of boxes. */
static int run_boxes(struct prompt_worker *worker, const struct crop_task *task, int first,
                     int count, struct mask_list *found, struct error *error)
{
    float boxes[SAM_BATCH][4];
    float iou[SAM_BATCH][SAM_MASKS];
    for (int i = 0; i < count; i++)
        for (int k = 0; k < 4; k++)
            boxes[i][k] = (float)prompt_frame_place(
                task->frame, k % 2, task->boxes[4 * ((size_t)first + (size_t)i) + (size_t)k]);
    const struct sam_prompts prompts = {.count = count, .boxes = boxes[0]};
    decode(worker, task, &prompts, iou[0]);
    for (int i = 0; i < count; i++) {
        const struct candidate candidate = {.in_batch = i, .iou = iou[i]};
        if (keep_box(worker, task, &candidate, found, error))
            return -1;
    }
    return 0;
}

int prompt_worker_run(struct prompt_worker *worker, const struct crop_task *task, int first,
                      int count, struct mask_list *found, struct error *error)
{
    struct candidate candidates[SAM_BATCH];
    double xy[SAM_BATCH][2];
    float iou[SAM_BATCH][SAM_MASKS];
    if (task->boxes)
        return run_boxes(worker, task, first, count, found, error);
    for (int i = 0; i < count; i++) {
        candidates[i] = locate(task, first + i, i);
        xy[i][0] = candidates[i].input[0];
        xy[i][1] = candidates[i].input[1];
    }
    const struct sam_prompts prompts = {.count = count, .points = 1, .xy = xy[0]};
    decode(worker, task, &prompts, iou[0]);
    for (int i = 0; i < count; i++)
        candidates[i].iou = iou[i];
    if (worker->options->use_m2m)
        return refine_batch(worker, task, candidates, count, found, error);
    unsigned char good[SAM_BATCH];
    for (int i = 0; i < count; i++)
        good[i] = good_outputs(worker, task, iou[i]);
    want(worker, task, good);
    for (int i = 0; i < count; i++)
        if (keep_prompt(worker, task, &candidates[i], found, error))
            return -1;
    return 0;
}
