/* convert.h - converts stored numbers to float32. Internal to checkpoint.c. */
#ifndef MODEL_CHECKPOINT_CONVERT_H
#define MODEL_CHECKPOINT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/checkpoint/tensor_table.h"

/* Whether that dtype can be converted to float32: F32, F16, BF16 and F64 can. */
bool convert_knows(enum dtype dtype);

/* Whether the tensor's bytes can be used in place: aligned, contiguous float32. */
bool convert_in_place(const struct tensor *tensor);

/* Writes the tensor's numbers to out[tensor->count], row-major. Exact but for F64, which is
 * rounded; what is too large for a float becomes infinite. */
void convert_tensor(const struct tensor *tensor, float *out);

/* Whether all of x[count] are finite; if not, *bad is the index of the first that is not. */
bool convert_is_finite(const float *x, size_t count, size_t *bad);

#endif
