/* hiera_plan.h - heads and windows of a Hiera, which its tensors' shapes do not say. */
#ifndef MODEL_ENCODERS_HIERA_PLAN_H
#define MODEL_ENCODERS_HIERA_PLAN_H

#include "model/encoders/hiera_weights.h"

/* The plan of the published trunk with that width of stage 0 and those depths; else that of the
 * checkpoint's metadata. Returns 0, or -1 with ERROR_MODEL. */
int hiera_plan_find(struct hiera_plan *plan, const struct checkpoint *checkpoint, size_t width,
                    const size_t *depths, struct error *error);

bool hiera_plan_is_global(const struct hiera_plan *plan, size_t block);

#endif
