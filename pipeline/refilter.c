#include "pipeline/refilter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/postprocess.h"
#include "pipeline/finish.h"
#include "pipeline/options.h"

/* As prompt_worker.c judges a mask before NMS. */
/* Masks are of the image's size. */
static bool passes(const void *context, const struct mask *mask)
{
    const struct generator_options *options = context;
    const double image_area = (double)mask->rle.width * mask->rle.height;
    return mask_iou_passes(mask->predicted_iou, options->pred_iou_thresh) &&
           mask_stability_passes(mask->stability_score, options->stability_score_thresh) &&
           !postprocess_covers_image(mask, &options->postprocess, image_area);
}

/* A mask and where it stands: among those of its crop, and the crop among the others. */
struct place {
    struct rect crop;
    size_t index, first; /* in the list: the mask, and the first one of its crop */
};

static int by_crop(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int order = memcmp(&a->crop, &b->crop, sizeof a->crop);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_first(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    int order = (a->first > b->first) - (a->first < b->first);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* The masks crop after crop, the crops in the order in which they come first; places[masks->count]. A record
 * may have as many crops as masks. */
static void sort_places(const struct mask_list *masks, struct place *places)
{
    for (size_t i = 0; i < masks->count; i++)
        places[i] = (struct place){.crop = masks->items[i].crop, .index = i};
    qsort(places, masks->count, sizeof *places, by_crop);
    for (size_t i = 0; i < masks->count; i++) {
        bool same = i > 0 && rect_equal(places[i].crop, places[i - 1].crop);
        places[i].first = same ? places[i - 1].first : places[i].index;
    }
    qsort(places, masks->count, sizeof *places, by_first);
}

/* Moves the masks of the crop that begins at places[*next] to `crop`, and *next to the following one. */
static int take_crop(struct mask_list *masks, const struct place *places, size_t *next,
                     struct mask_list *crop, struct error *error)
{
    const size_t count = masks->count, first = places[*next].first;
    for (; *next < count && places[*next].first == first; ++*next)
        if (mask_list_add(crop, &masks->items[places[*next].index], error))
            return -1;
    return 0;
}

/* Box NMS within each crop; the crops in the order in which they come first. */
static int nms_each_crop(struct mask_list *masks, double threshold, struct error *error)
{
    struct mask_list kept = {0};
    struct place *places = memory_new(masks->count, sizeof *places, "crops", error);
    int status = places ? 0 : -1;
    if (places)
        sort_places(masks, places);
    for (size_t next = 0; status == 0 && next < masks->count;) {
        struct mask_list crop = {0};
        status = take_crop(masks, places, &next, &crop, error);
        if (status == 0)
            status = nms_within_crop(&crop, threshold, error);
        if (status == 0)
            status = mask_list_append(&kept, &crop, error);
        mask_list_free(&crop);
    }
    memory_free(places);
    mask_list_free(masks);
    *masks = kept;
    return status;
}

int refilter(struct mask_list *masks, const struct refilter *how, struct size image,
             struct error *error)
{
    const struct generator_options *options = how->options;
    int status = 0;
    mask_list_keep(masks, passes, options);
    if (how->box_nms)
        status = how->one_crop ? nms_within_crop(masks, options->box_nms_thresh, error)
                               : nms_each_crop(masks, options->box_nms_thresh, error);
    return status ? -1 : finish_masks(masks, options, how->crop_nms, image, error);
}
