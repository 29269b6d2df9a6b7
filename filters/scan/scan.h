/* scan.h - one mask's low-resolution logits to its stability score and run lengths, in one pass.
 *
 * The reference enlarges the logits twice, bilinearly with align_corners false: low_size x low_size
 * to image_size x image_size, cuts off the padding (input_height x input_width stay), then to the
 * crop's size; and compares with -offset, 0 and +offset: stability_score = |logits > +offset| /
 * |logits > -offset|,  mask = logits > 0. The scan holds no enlarged plane. An interpolated value
 * never leaves the range of the values around it, so only output near a threshold crossing is
 * interpolated, with exactly the arithmetic of the reference (float, horizontally, then vertically;
 * see scan_axis.h). The rest is filled in as whole runs. Source: Sam.postprocess_masks,
 * calculate_stability_score (segment_anything).
 */
#ifndef FILTERS_SCAN_SCAN_H
#define FILTERS_SCAN_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/geometry.h"

struct error;
struct mask;

/* Sizes of one crop, from logits to pixels. SAM 2 enlarges once (scan_size_direct): the first of the
 * two steps goes from L to L, and gives each logit back as it is. */
struct scan_size {
    int low_size;                  /* L: logits along one side */
    int image_size;                /* S: side of the model's input */
    int input_height, input_width; /* the part that the resized crop fills, 1..S */
    int crop_height, crop_width;   /* pixels of the crop, at least 1; product below 2^32 */
};

/* Sizes for logits that are enlarged in one step to the crop's size (SAM2Transforms,
 * postprocess_masks). */
struct scan_size scan_size_direct(int low_size, struct size crop);

struct scan_options {
    float stability_offset;    /* 0 or more; the reference's default: 1.0 */
    float stability_threshold; /* masks below it are rejected; 0 or less: no limit */
};

/* Index and weight tables of one crop: built once, then shared read-only by all threads. */
struct scan_geometry;

/* NULL with ERROR_USAGE (a size out of range) or ERROR_MEMORY. Freed by scan_geometry_free. */
struct scan_geometry *scan_geometry_new(const struct scan_size *size, struct error *error);
void scan_geometry_free(struct scan_geometry *geometry);

/* Working memory of one thread. Usable with any geometry; grows as needed. */
struct scan_scratch;

/* NULL with ERROR_MEMORY. Freed by scan_scratch_free. */
struct scan_scratch *scan_scratch_new(struct error *error);
void scan_scratch_free(struct scan_scratch *scratch);

/* Fills rle, box (both in the crop's frame), area and stability_score of *mask from logits[L][L],
 * leaving its other fields alone; mask->rle must be zeroed or reusable. Logits are finite. The
 * result has the same bits on every thread. Returns 1 if the stability score reaches the threshold
 * and 0 if not; then the mask's fields are indeterminate, but mask->rle can be freed or reused. A
 * mask without a pixel above -offset always gives 0. Returns -1 with ERROR_MEMORY. */
int scan_mask(const struct scan_geometry *geometry, struct scan_scratch *scratch,
              const float *logits, const struct scan_options *options, struct mask *mask,
              struct error *error);

#endif
