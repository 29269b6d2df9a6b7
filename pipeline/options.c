#include "pipeline/options.h"

#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/parse.h"
#include "filters/crop.h"
#include "filters/grid.h"
#include "model/sam.h"

#define AT(field) offsetof(struct generator_options, field)

enum { MODEL = GENERATOR_MODEL_DEFAULT, SEARCH = GENERATOR_SEARCH };

/* clang-format off */
/* Defaults: SamAutomaticMaskGenerator.__init__ of the reference, where it has the option. */
static const struct generator_option table[GENERATOR_OPTIONS] = {
    [GENERATOR_POINTS_PER_SIDE] =
        {"points_per_side", GENERATOR_INT, AT(points_per_side), 1, 1024, 32, MODEL | SEARCH},
    [GENERATOR_POINTS_PER_BATCH] =
        {"points_per_batch", GENERATOR_INT, AT(points_per_batch), 1, 1 << 20, 64, 0},
    [GENERATOR_PRED_IOU_THRESH] =
        {"pred_iou_thresh", GENERATOR_REAL, AT(pred_iou_thresh), 0, 1, 0.88, MODEL},
    [GENERATOR_STABILITY_SCORE_THRESH] =
        {"stability_score_thresh", GENERATOR_REAL, AT(stability_score_thresh), 0, 1, 0.95, MODEL},
    [GENERATOR_STABILITY_SCORE_OFFSET] =
        {"stability_score_offset", GENERATOR_REAL, AT(stability_score_offset), 0, 100, 1, MODEL},
    [GENERATOR_BOX_NMS_THRESH] =
        {"box_nms_thresh", GENERATOR_REAL, AT(box_nms_thresh), 0, 1, 0.7, MODEL},
    [GENERATOR_CROP_N_LAYERS] =
        {"crop_n_layers", GENERATOR_INT, AT(crop_n_layers), 0, CROP_LAYERS_MAX, 0, MODEL | SEARCH},
    [GENERATOR_CROP_NMS_THRESH] =
        {"crop_nms_thresh", GENERATOR_REAL, AT(crop_nms_thresh), 0, 1, 0.7, MODEL},
    [GENERATOR_CROP_OVERLAP_RATIO] =
        {"crop_overlap_ratio", GENERATOR_REAL, AT(crop_overlap_ratio), 0, 1, 512.0 / 1500, 0},
    [GENERATOR_CROP_N_POINTS_DOWNSCALE_FACTOR] =
        {"crop_n_points_downscale_factor", GENERATOR_INT, AT(crop_n_points_downscale_factor),
         1, 1024, 1, MODEL | SEARCH},
    [GENERATOR_MIN_MASK_REGION_AREA] =
        {"min_mask_region_area", GENERATOR_INT, AT(postprocess.min_mask_region_area),
         0, INT_MAX, 0, MODEL},
    [GENERATOR_REGION_CLEANUP] =
        {"region_cleanup", GENERATOR_CHOICE, AT(postprocess.region_cleanup),
         0, REGION_CLEANUP_SA1B, REGION_CLEANUP_AMG, 0},
    [GENERATOR_MASK_THRESHOLD] =
        {"mask_threshold", GENERATOR_REAL, AT(mask_threshold), -100, 100, 0, MODEL},
    [GENERATOR_SINGLE_MASK] = {"single_mask", GENERATOR_FLAG, AT(single_mask), 0, 1, 0, 0},
    [GENERATOR_USE_M2M] = {"use_m2m", GENERATOR_FLAG, AT(use_m2m), 0, 1, 0, 0},
    [GENERATOR_MIN_AREA] = {"min_area", GENERATOR_INT, AT(postprocess.min_area), 0, INT_MAX, 0, 0},
    [GENERATOR_MAX_AREA] = {"max_area", GENERATOR_INT, AT(postprocess.max_area), 0, INT_MAX, 0, 0},
    [GENERATOR_MAX_AREA_FRACTION] =
        {"max_area_fraction", GENERATOR_REAL, AT(postprocess.max_area_fraction), 0, 1, 0, 0},
    [GENERATOR_MASK_NMS_THRESH] =
        {"mask_nms_thresh", GENERATOR_REAL, AT(postprocess.mask_nms_thresh), 0, 1, 1, 0},
    [GENERATOR_CONTAINMENT_THRESH] =
        {"containment_thresh", GENERATOR_REAL, AT(postprocess.containment_thresh), 0, 1, 1, 0},
    [GENERATOR_MAX_MASKS] =
        {"max_masks", GENERATOR_INT, AT(postprocess.max_masks), 0, INT_MAX, 0, 0},
    [GENERATOR_NON_OVERLAPPING] =
        {"non_overlapping", GENERATOR_CHOICE, AT(postprocess.non_overlapping),
         0, NON_OVERLAPPING_BETTER, NON_OVERLAPPING_OFF, 0},
    [GENERATOR_CROP_LAYER_SET] =
        {"crop_layer_set", GENERATOR_INT, AT(crop_layer_set),
         0, (2 << CROP_LAYERS_MAX) - 1, 0, SEARCH},
};
/* clang-format on */

const struct generator_option *generator_option(enum generator_option_id id)
{
    return (unsigned)id < GENERATOR_OPTIONS ? &table[id] : NULL;
}

/* Enums have the size of int (GCC and Clang, without -fshort-enums). */
_Static_assert(sizeof(enum non_overlapping) == sizeof(int), "choices are stored as int");

static void store(struct generator_options *options, const struct generator_option *option,
                  double value)
{
    char *at = (char *)options + option->offset;
    if (option->kind == GENERATOR_REAL)
        *(double *)(void *)at = value;
    else if (option->kind == GENERATOR_FLAG)
        *(bool *)at = value != 0;
    else
        *(int *)(void *)at = (int)value;
}

void generator_options_default(struct generator_options *options)
{
    *options = (struct generator_options){.halo = 256};
    for (size_t i = 0; i < GENERATOR_OPTIONS; i++)
        store(options, &table[i], table[i].standard);
}

double generator_options_get(const struct generator_options *options,
                             const struct generator_option *option)
{
    const char *at = (const char *)options + option->offset;
    if (option->kind == GENERATOR_REAL)
        return *(const double *)(const void *)at;
    if (option->kind == GENERATOR_FLAG)
        return *(const bool *)at;
    return *(const int *)(const void *)at;
}

int generator_options_set(struct generator_options *options, const struct generator_option *option,
                          double value, struct error *error)
{
    if (!(value >= option->least && value <= option->most))
        return error_set(error, ERROR_USAGE, "%s %g: expected %g to %g", option->key, value,
                         option->least, option->most);
    if (option->kind != GENERATOR_REAL && value != floor(value))
        return error_set(error, ERROR_USAGE, "%s %g: expected a whole number", option->key, value);
    store(options, option, value);
    return 0;
}

const char *generator_model_default(const struct sam *sam, const char *key)
{
    const char *text = sam_metadata(sam, key);
    /* The only default of SAM2AutomaticMaskGenerator that is not SAM's. */
    if (!text && sam_info(sam)->sam2 && strcmp(key, "pred_iou_thresh") == 0)
        return "0.8";
    return text;
}

int generator_options_from_model(struct generator_options *options, const struct sam *sam,
                                 struct error *error)
{
    for (size_t i = 0; i < GENERATOR_OPTIONS; i++) {
        const char *text = table[i].flags & GENERATOR_MODEL_DEFAULT
                               ? generator_model_default(sam, table[i].key)
                               : NULL;
        if (!text)
            continue;
        double value;
        if (!parse_ratio(text, &value) || generator_options_set(options, &table[i], value, error))
            return error_set(error, ERROR_MODEL,
                             "the model's metadata: %s is %s, expected %g to %g", table[i].key,
                             text, table[i].least, table[i].most);
    }
    return 0;
}

int generator_options_check(const struct generator_options *options, struct error *error)
{
    const struct postprocess_options *post = &options->postprocess;
    if (post->max_area && post->min_area > post->max_area)
        return error_set(error, ERROR_USAGE, "min_area %d is above max_area %d", post->min_area,
                         post->max_area);
    for (int layer = 0; !options->own_points && layer <= options->crop_n_layers; layer++)
        if (grid_side(options->points_per_side, options->crop_n_points_downscale_factor, layer) < 1)
            return error_set(error, ERROR_USAGE,
                             "crop_n_points_downscale_factor %d: crop layer %d would have no point "
                             "with points_per_side %d",
                             options->crop_n_points_downscale_factor, layer,
                             options->points_per_side);
    return 0;
}
