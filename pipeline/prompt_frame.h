/* prompt_frame.h - where a point of a region lies in the frame of the model's prompts, and how the
 * model's logits become the region's pixels. Models differ in both. */
#ifndef PIPELINE_PROMPT_FRAME_H
#define PIPELINE_PROMPT_FRAME_H

#include <stdbool.h>

#include "base/geometry.h"
#include "filters/scan/scan.h"

struct sam_info;

struct prompt_frame {
    bool square;         /* whether the region is stretched over the whole square of prompts */
    struct size region;  /* pixels */
    struct size prompts; /* the part of the square of prompts that the region fills */
};

/* Of a region that is `region` pixels large. */
struct prompt_frame prompt_frame_of(const struct sam_info *info, struct size region);

/* The way from a low-resolution mask to the region. SAM: over the square of prompts, without its
 * padding. SAM 2: in one step. */
struct scan_size prompt_frame_scan(const struct prompt_frame *frame, const struct sam_info *info);

/* A coordinate in pixels as the generator keeps it: SAM 2's has floats. */
double prompt_frame_round(const struct prompt_frame *frame, double pixels);

/* A coordinate of the region in the frame of the prompts; axis 0 is x, 1 is y. SAM: x times new
 * width / width in double. SAM 2: x / width * S in float (transform_coords). */
double prompt_frame_place(const struct prompt_frame *frame, int axis, double pixels);

#endif
