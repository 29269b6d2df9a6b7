/* finish.h - the end of an image's life: its masks, found in one crop or several, become those of its
 * record. */
#ifndef PIPELINE_FINISH_H
#define PIPELINE_FINISH_H

#include <stdbool.h>

#include "base/geometry.h"
#include "filters/known_masks.h"

struct error;
struct generator_options;
struct mask_list;

/* How much a found mask may overlap a known one (filters/known_masks.h): box_nms_thresh, of the boxes and
 * of the masks; mask_nms_thresh and containment_thresh, where they are less. */
struct known_limits finish_limits(const struct generator_options *options);

/* NMS across crops at crop_nms_thresh if there are several crops, then the filters of postprocess.h.
 * The masks are those that box NMS within each crop has left, crop after crop, in the frame of the
 * image of this size. Returns 0 or -1 (ERROR_MEMORY). */
int finish_masks(struct mask_list *masks, const struct generator_options *options, bool crops,
                 struct size image, struct error *error);

/* The same beside known masks, which every mask that is left respects: those that overlap one too much are
 * dropped, and with non_overlapping the known masks keep their pixels. */
int finish_beside(struct mask_list *masks, const struct generator_options *options, bool crops,
                  const struct known_masks *known, struct error *error);

#endif
