/* options.h - the options of the automatic stage: numbers and enums, no text. */
#ifndef PIPELINE_OPTIONS_H
#define PIPELINE_OPTIONS_H

#include <stdbool.h>

#include "filters/postprocess.h"

/* What decides the masks of an image. Names and defaults are those of the reference
 * (SamAutomaticMaskGenerator) where it has them. */
struct generator_options {
    int points_per_side;
    int points_per_batch;          /* prompts that a thread decodes at a time; SAM_BATCH at most */
    double pred_iou_thresh;        /* keep predicted IoU > this; 0 keeps all */
    double stability_score_thresh; /* keep stability >= this; 0 keeps all */
    double stability_score_offset; /* logits are compared with -offset and +offset */
    double box_nms_thresh;         /* suppress a box whose IoU with a better one is > this */

    int crop_n_layers;                  /* 0: the whole image only */
    double crop_nms_thresh;             /* as box_nms_thresh, among crops */
    double crop_overlap_ratio;          /* of the shorter side, in layer 1 */
    int crop_n_points_downscale_factor; /* each layer divides the grid's side by this */

    /* Beyond the reference; all off by default. */
    double mask_threshold;   /* a pixel is foreground if its logit is > this; the reference has 0 */
    bool single_mask;        /* decode the single-mask output instead of three masks */
    bool use_m2m;            /* feed each mask back as a prompt (SAM 2's generator) */
    unsigned crop_layer_set; /* bit k: search layer k; 0: search all layers */
    int tile, halo;          /* pixels; tile 0: the whole image at once */

    /* Points in place of the regular grid, as fractions of the crop: [own_point_count][2], x then
     * y, each in 0..1. Owned by whoever owns the options; NULL: the grid. */
    double *own_points;
    int own_point_count;

    struct postprocess_options postprocess;
};

#endif
