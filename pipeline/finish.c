#include "pipeline/finish.h"

#include "filters/nms.h"
#include "filters/postprocess.h"
#include "pipeline/options.h"

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

struct known_limits finish_limits(const struct generator_options *options)
{
    return (struct known_limits){
        .box_iou = options->box_nms_thresh,
        .mask_iou = lesser(options->box_nms_thresh, options->postprocess.mask_nms_thresh),
        .containment = options->postprocess.containment_thresh,
    };
}

/* Of the box NMS of the reference's clean-up. */
static double clean_threshold(const struct generator_options *options)
{
    return options->box_nms_thresh > options->crop_nms_thresh ? options->box_nms_thresh
                                                              : options->crop_nms_thresh;
}

int finish_masks(struct mask_list *masks, const struct generator_options *options, bool crops,
                 struct size image, struct error *error)
{
    if (crops && nms_across_crops(masks, options->crop_nms_thresh, error))
        return -1;
    return postprocess(masks, &options->postprocess, clean_threshold(options), image.width,
                       image.height, error);
}

/* Cleaned masks and parts of masks have other boxes and pixels than those that were compared. */
int finish_beside(struct mask_list *masks, const struct generator_options *options, bool crops,
                  const struct known_masks *known, struct error *error)
{
    const struct postprocess_options *later = &options->postprocess;
    const struct known_limits limits = finish_limits(options);
    const double image_area = (double)known->image.width * known->image.height;
    if (crops && nms_across_crops(masks, options->crop_nms_thresh, error))
        return -1;
    if (postprocess_clean(masks, later, clean_threshold(options), error))
        return -1;
    known_masks_drop(known, &limits, masks);
    if (postprocess_select(masks, later, image_area, error))
        return -1;
    if (later->non_overlapping != NON_OVERLAPPING_OFF && known_masks_cut(known, masks, error))
        return -1;
    if (postprocess_part(masks, later, error))
        return -1;
    known_masks_drop(known, &limits, masks);
    return 0;
}
