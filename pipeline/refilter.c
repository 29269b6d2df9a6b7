#include "pipeline/refilter.h"

#include "base/memory.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/postprocess.h"
#include "pipeline/finish.h"
#include "pipeline/options.h"

/* As prompt_worker.c judges a mask before NMS. */
static bool passes(const struct mask *mask, const struct generator_options *options,
                   double image_area)
{
    return mask_iou_passes(mask->predicted_iou, options->pred_iou_thresh) &&
           mask_stability_passes(mask->stability_score, options->stability_score_thresh) &&
           !postprocess_covers_image(mask, &options->postprocess, image_area);
}

static int select_passing(struct mask_list *masks, const struct generator_options *options,
                          double image_area, struct error *error)
{
    size_t *order = memory_new(masks->count, sizeof *order, "order of masks", error);
    size_t kept = 0;
    if (!order)
        return -1;
    for (size_t i = 0; i < masks->count; i++)
        if (passes(&masks->items[i], options, image_area))
            order[kept++] = i;
    int status = mask_list_select(masks, order, kept, error);
    memory_free(order);
    return status;
}

/* Moves the masks from `first` on whose crop is that of masks[first] to `crop`; those that were moved
 * before have no runs. */
static int take_crop(struct mask_list *masks, size_t first, struct mask_list *crop,
                     struct error *error)
{
    const struct rect rect = masks->items[first].crop;
    for (size_t i = first; i < masks->count; i++)
        if (masks->items[i].rle.counts && rect_equal(masks->items[i].crop, rect) &&
            mask_list_add(crop, &masks->items[i], error))
            return -1;
    return 0;
}

/* Box NMS within each crop; the crops in the order in which they come first. */
static int nms_each_crop(struct mask_list *masks, double threshold, struct error *error)
{
    struct mask_list kept = {0};
    int status = 0;
    for (size_t i = 0; status == 0 && i < masks->count; i++) {
        struct mask_list crop = {0};
        if (!masks->items[i].rle.counts)
            continue;
        status = take_crop(masks, i, &crop, error);
        if (status == 0)
            status = nms_within_crop(&crop, threshold, error);
        if (status == 0)
            status = mask_list_append(&kept, &crop, error);
        mask_list_free(&crop);
    }
    mask_list_free(masks);
    *masks = kept;
    return status;
}

int refilter(struct mask_list *masks, const struct refilter *how, struct size image,
             struct error *error)
{
    const struct generator_options *options = how->options;
    int status = select_passing(masks, options, (double)image.width * image.height, error);
    if (status == 0 && how->box_nms)
        status = how->one_crop ? nms_within_crop(masks, options->box_nms_thresh, error)
                               : nms_each_crop(masks, options->box_nms_thresh, error);
    return status ? -1 : finish_masks(masks, options, how->crop_nms, image, error);
}
