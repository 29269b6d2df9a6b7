/* options.h - the options of the automatic stage: numbers and enums, no text. */
#ifndef PIPELINE_OPTIONS_H
#define PIPELINE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "filters/postprocess.h"

struct error;
struct sam;

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

/* The options that are one number each, by which the library and the program set them. */
enum generator_option_id {
    GENERATOR_POINTS_PER_SIDE,
    GENERATOR_POINTS_PER_BATCH,
    GENERATOR_PRED_IOU_THRESH,
    GENERATOR_STABILITY_SCORE_THRESH,
    GENERATOR_STABILITY_SCORE_OFFSET,
    GENERATOR_BOX_NMS_THRESH,
    GENERATOR_CROP_N_LAYERS,
    GENERATOR_CROP_NMS_THRESH,
    GENERATOR_CROP_OVERLAP_RATIO,
    GENERATOR_CROP_N_POINTS_DOWNSCALE_FACTOR,
    GENERATOR_MIN_MASK_REGION_AREA,
    GENERATOR_REGION_CLEANUP,
    GENERATOR_MASK_THRESHOLD,
    GENERATOR_SINGLE_MASK,
    GENERATOR_USE_M2M,
    GENERATOR_MIN_AREA,
    GENERATOR_MAX_AREA,
    GENERATOR_MAX_AREA_FRACTION,
    GENERATOR_MASK_NMS_THRESH,
    GENERATOR_CONTAINMENT_THRESH,
    GENERATOR_MAX_MASKS,
    GENERATOR_NON_OVERLAPPING,
    GENERATOR_CROP_LAYER_SET,
    GENERATOR_OPTIONS
};

enum generator_option_kind {
    GENERATOR_INT,
    GENERATOR_REAL,
    GENERATOR_FLAG,
    GENERATOR_CHOICE /* a value of the enum that the member has */
};

enum generator_option_flag {
    GENERATOR_MODEL_DEFAULT = 1, /* a model's metadata may hold another default */
    GENERATOR_SEARCH = 2         /* it says where prompts are set */
};

struct generator_option {
    const char *key; /* its name with underscores, as in metadata */
    enum generator_option_kind kind;
    size_t offset;      /* of the member in struct generator_options */
    double least, most; /* allowed range, inclusive */
    double standard;    /* default */
    unsigned flags;     /* enum generator_option_flag */
};

/* NULL where there is no such option. */
const struct generator_option *generator_option(enum generator_option_id id);

/* Fills in the reference's defaults; nothing is owned yet. */
void generator_options_default(struct generator_options *options);

double generator_options_get(const struct generator_options *options,
                             const struct generator_option *option);

/* Returns 0, or -1 with ERROR_USAGE for a value outside the option's range. */
int generator_options_set(struct generator_options *options, const struct generator_option *option,
                          double value, struct error *error);

/* The default that a model has of its own for option `key`, as text: what its metadata says,
 * else what its family's generator has (SAM2AutomaticMaskGenerator). NULL: none. Lives as long
 * as `sam`. */
const char *generator_model_default(const struct sam *sam, const char *key);

/* Takes over a model's own defaults. Returns 0, or -1 with ERROR_MODEL. */
int generator_options_from_model(struct generator_options *options, const struct sam *sam,
                                 struct error *error);

/* Refuses options that contradict each other. Returns 0, or -1 with ERROR_USAGE. */
int generator_options_check(const struct generator_options *options, struct error *error);

#endif
