#include "pipeline/finish.h"

#include "filters/nms.h"
#include "filters/postprocess.h"
#include "pipeline/options.h"

int finish_masks(struct mask_list *masks, const struct generator_options *options, bool crops,
                 struct size image, struct error *error)
{
    double threshold = options->box_nms_thresh > options->crop_nms_thresh
                           ? options->box_nms_thresh
                           : options->crop_nms_thresh;
    if (crops && nms_across_crops(masks, options->crop_nms_thresh, error))
        return -1;
    return postprocess(masks, &options->postprocess, threshold, image.width, image.height, error);
}
