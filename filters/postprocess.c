#include "filters/postprocess.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"
#include "filters/mask.h"
#include "filters/nms.h"
#include "filters/partition.h"
#include "filters/regions.h"

int postprocess_clean(struct mask_list *masks, const struct postprocess_options *options,
                      double nms_threshold, struct error *error)
{
    uint64_t min_area = (uint64_t)options->min_mask_region_area;
    if (min_area == 0)
        return 0;
    if (options->region_cleanup == REGION_CLEANUP_SA1B)
        return regions_clean_sa1b(masks, min_area, error);
    return regions_clean(masks, min_area, nms_threshold, error);
}

bool postprocess_covers_image(const struct mask *mask, const struct postprocess_options *options,
                              double image_area)
{
    return options->max_area_fraction > 0 &&
           (double)mask->area >= options->max_area_fraction * image_area;
}

struct wanted_area {
    const struct postprocess_options *options;
    double image_area; /* pixels */
};

static bool has_wanted_area(const void *context, const struct mask *mask)
{
    const struct wanted_area *wanted = context;
    const struct postprocess_options *options = wanted->options;
    double area = (double)mask->area;
    return area >= options->min_area && (options->max_area == 0 || area <= options->max_area) &&
           !postprocess_covers_image(mask, options, wanted->image_area);
}

static int by_index(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;
    return x > y ? 1 : x < y ? -1 : 0;
}

/* Keeps the `most` masks with the highest predicted IoU; their order stays. */
static int select_best(struct mask_list *masks, size_t most, struct error *error)
{
    if (most == 0 || masks->count <= most)
        return 0;
    size_t *order = memory_new(masks->count, sizeof *order, "ranking of masks", error);
    int status = order ? nms_rank_masks(masks, order, error) : -1;
    if (status == 0) {
        qsort(order, most, sizeof *order, by_index);
        status = mask_list_select(masks, order, most, error);
    }
    memory_free(order);
    return status;
}

int postprocess_select(struct mask_list *masks, const struct postprocess_options *options,
                       double image_area, struct error *error)
{
    const struct wanted_area wanted = {options, image_area};
    mask_list_keep(masks, has_wanted_area, &wanted);
    if (options->mask_nms_thresh < 1 && nms_masks(masks, options->mask_nms_thresh, error))
        return -1;
    if (options->containment_thresh < 1 && nms_contained(masks, options->containment_thresh, error))
        return -1;
    return select_best(masks, (size_t)options->max_masks, error);
}

int postprocess_part(struct mask_list *masks, const struct postprocess_options *options,
                     struct error *error)
{
    if (options->non_overlapping == NON_OVERLAPPING_OFF)
        return 0;
    bool smaller = options->non_overlapping == NON_OVERLAPPING_SMALLER;
    return partition_masks(masks, smaller ? PARTITION_SMALLER : PARTITION_BETTER, error);
}

int postprocess(struct mask_list *masks, const struct postprocess_options *options,
                double nms_threshold, int32_t width, int32_t height, struct error *error)
{
    if (postprocess_clean(masks, options, nms_threshold, error) ||
        postprocess_select(masks, options, (double)width * height, error))
        return -1;
    return postprocess_part(masks, options, error);
}
