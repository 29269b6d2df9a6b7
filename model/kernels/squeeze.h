/* squeeze.h - squeeze-excite: a gate for each channel, made from the means of all channels.
 *
 *   gate = sigmoid(W2 relu(W1 mean + b1) + b2);  x[position][channel] *= gate[channel] */
#ifndef MODEL_KERNELS_SQUEEZE_H
#define MODEL_KERNELS_SQUEEZE_H

#include <stddef.h>

/* The pointers are not owned. */
struct squeeze {
    size_t channels, reduced;
    const float *reduce, *reduce_bias;   /* W1 [reduced][channels], b1 [reduced] */
    const float *restore, *restore_bias; /* W2 [channels][reduced], b2 [channels] */
};

/* sums[channels] = the sum of x[rows][channels] over the rows, from the first to the last. */
void squeeze_sum(size_t rows, size_t channels, const float *x, float *sums);

/* gate[channels] from the sums of `strips` strips, sums[strips][channels], which together have
 * `positions` rows. They are added from the first to the last, so the bits do not depend on who
 * summed which strip. `hidden` has room for `reduced` floats. */
void squeeze_gate(const struct squeeze *squeeze, size_t strips, size_t positions, const float *sums,
                  float *hidden, float *gate);

/* x[rows][channels] *= gate[channels] */
void squeeze_scale(size_t rows, size_t channels, const float *gate, float *x);

#endif
