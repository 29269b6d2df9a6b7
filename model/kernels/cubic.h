/* cubic.h - where bicubic interpolation takes its numbers from along one axis, as PyTorch's
 * interpolate has it: a = -0.75, align_corners false, no antialiasing, and the border goes on
 * outside. */
#ifndef MODEL_KERNELS_CUBIC_H
#define MODEL_KERNELS_CUBIC_H

#include <stddef.h>

struct cubic {
    size_t at[4];
    double weight[4]; /* of each; together 1 */
};

/* Number `index` of `count` that `side` numbers are stretched to: it lies at
 * (index + 1/2) side / count - 1/2. */
struct cubic cubic_at(size_t index, size_t count, size_t side);

#endif
