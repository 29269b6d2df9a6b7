/* convert.h - stored numbers to float32. Internal to checkpoint.c. */
#ifndef MODEL_CHECKPOINT_CONVERT_H
#define MODEL_CHECKPOINT_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "model/checkpoint/tensor_table.h"

/* Whether tensors of that dtype can become float32: F32, F16, BF16. */
bool convert_knows(enum dtype dtype);

/* Whether the tensor's bytes are its float32 numbers in order already, aligned. */
bool convert_in_place(const struct tensor *tensor);

/* Writes the tensor's numbers to out[tensor->count], row-major; exact for each known dtype. */
void convert_tensor(const struct tensor *tensor, float *out);

/* Whether none of x[count] is NaN or infinite; if not, *bad is the index of the first. */
bool convert_is_finite(const float *x, size_t count, size_t *bad);

#endif
