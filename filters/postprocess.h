/* postprocess.h - the filters after NMS: clean up regions, drop unwanted masks, resolve overlaps.
 * All are off by default, as in the reference. */
#ifndef FILTERS_POSTPROCESS_H
#define FILTERS_POSTPROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct mask;
struct mask_list;

enum region_cleanup {
    REGION_CLEANUP_AMG, /* the reference's: regions_clean */
    REGION_CLEANUP_SA1B /* the SA-1B paper's: regions_clean_sa1b */
};

enum non_overlapping {
    NON_OVERLAPPING_OFF,
    NON_OVERLAPPING_SMALLER, /* the smaller mask gets the shared pixels */
    NON_OVERLAPPING_BETTER   /* the mask with the higher predicted IoU gets them */
};

struct postprocess_options {
    int min_mask_region_area; /* pixels; smaller holes and islands are removed; 0: none */
    enum region_cleanup region_cleanup;
    int min_area, max_area;    /* pixels; max_area 0: no limit */
    double max_area_fraction;  /* drop masks that cover this much of the image; 0: none */
    double mask_nms_thresh;    /* NMS on the masks themselves; 1: off */
    double containment_thresh; /* drop masks that lie this much within a better one; 1: off */
    int max_masks;             /* keep the masks of highest predicted IoU; 0: no limit */
    enum non_overlapping non_overlapping;
};

/* True if the mask covers so much of an image of `image_area` pixels that max_area_fraction drops
 * it. The SA-1B recipe applies this rule before NMS, so that such a mask suppresses no other;
 * `postprocess` applies it again, because filled holes and merged tiles make masks grow. */
bool postprocess_covers_image(const struct mask *mask, const struct postprocess_options *options,
                              double image_area);

/* The three parts of `postprocess`, one after the other: min_mask_region_area; which masks stay, by
 * min_area, max_area, max_area_fraction, mask_nms_thresh, containment_thresh and max_masks;
 * non_overlapping. 0 or -1 (ERROR_MEMORY). */
int postprocess_clean(struct mask_list *masks, const struct postprocess_options *options,
                      double nms_threshold, struct error *error);
int postprocess_select(struct mask_list *masks, const struct postprocess_options *options,
                       double image_area, struct error *error);
int postprocess_part(struct mask_list *masks, const struct postprocess_options *options,
                     struct error *error);

/* Applies the options in this order: min_mask_region_area; min_area, max_area, max_area_fraction;
 * mask_nms_thresh; containment_thresh; max_masks; non_overlapping. `nms_threshold` is for the box
 * NMS of the reference's clean-up. Masks are of the image's size, width x height pixels.
 * Returns 0 or -1 (ERROR_MEMORY). */
int postprocess(struct mask_list *masks, const struct postprocess_options *options,
                double nms_threshold, int32_t width, int32_t height, struct error *error);

#endif
