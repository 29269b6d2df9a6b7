/* options.h - the options of the automatic stage. */
#ifndef PIPELINE_OPTIONS_H
#define PIPELINE_OPTIONS_H

#include <stdbool.h>

/* What decides the masks of an image; names and defaults are the reference's
 * (SamAutomaticMaskGenerator) where it has them. */
struct generation {
    int points_per_side;
    int points_per_batch;          /* prompts decoded by one thread at a time, at most SAM_BATCH */
    double pred_iou_thresh;        /* keep predicted IoU > this; 0 keeps all */
    double stability_score_thresh; /* keep stability >= this; 0 keeps all */
    double stability_score_offset; /* logits are compared with -offset and +offset */
    double box_nms_thresh;         /* suppress a box whose IoU with a better one is > this */

    int crop_n_layers;                  /* 0: the whole image only */
    double crop_nms_thresh;             /* as box_nms_thresh, among crops */
    double crop_overlap_ratio;          /* of the shorter side, in layer 1 */
    int crop_n_points_downscale_factor; /* a layer's grid side is divided by this once more */
    char *crop_layers;                  /* "1,2": only these; NULL: all */
    int min_mask_region_area;           /* pixels; smaller holes and islands go; 0: none */
    char *region_cleanup;               /* "amg" or "sa1b" */

    /* beyond the reference; all off by default */
    double mask_threshold; /* a pixel is foreground where its logit is > this; 0 in the reference */
    bool single_mask;
    bool use_m2m;
    char *point_grid; /* file; NULL: a regular grid */
    int min_area, max_area;
    double max_area_fraction;  /* drop masks that cover this share or more; 0: none */
    double mask_nms_thresh;    /* 1: off */
    double containment_thresh; /* 1: off */
    int max_masks;             /* 0: no limit */
    char *non_overlapping;     /* "smaller" or "better"; NULL: off */
    int tile, halo;            /* pixels; tile 0: the whole image at once */

    /* made of the texts above by settings_complete */
    unsigned crop_layer_set; /* bit k: layer k is chosen; 0: all are */
    double *own_points;      /* [own_point_count][2] in 0..1, x then y; owned; NULL: none */
    int own_point_count;
};

#endif
