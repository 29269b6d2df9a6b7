/* finish.h - the end of an image's life: its masks, found in one crop or several, become those of its
 * record. */
#ifndef PIPELINE_FINISH_H
#define PIPELINE_FINISH_H

#include <stdbool.h>

#include "base/geometry.h"

struct error;
struct generator_options;
struct mask_list;

/* NMS across crops at crop_nms_thresh if there are several crops, then the filters of postprocess.h.
 * The masks are those that box NMS within each crop has left, crop after crop, in the frame of the
 * image of this size. Returns 0 or -1 (ERROR_MEMORY). */
int finish_masks(struct mask_list *masks, const struct generator_options *options, bool crops,
                 struct size image, struct error *error);

#endif
