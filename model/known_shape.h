/* known_shape.h - sizes of a tensor from which an architecture is derived. */
#ifndef MODEL_KNOWN_SHAPE_H
#define MODEL_KNOWN_SHAPE_H

#include "model/checkpoint/shape.h"

struct checkpoint;
struct error;

/* The shape of tensor `name`, which must be there and have `rank` sizes, all positive.
 * Returns 0, or -1 with ERROR_MODEL. */
int known_shape(const struct checkpoint *checkpoint, const char *name, int rank,
                struct shape *shape, struct error *error);

#endif
