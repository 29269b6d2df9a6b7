/* winograd_kernel.h - the transforms of a tile, compiled for each instruction set. */
#ifndef MODEL_KERNELS_WINOGRAD_KERNEL_H
#define MODEL_KERNELS_WINOGRAD_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"

/* Where a tile of results goes. */
struct winograd_place {
    float *at;          /* channel 0 of the first position */
    size_t row, column; /* floats between positions, down and across */
    bool gelu, add;
};

enum { WINOGRAD_GROUPS = 36, WINOGRAD_ELEMENTS_MAX = 81 };

/* The elements of B^T d B, in groups that have the same weights. Group i belongs to element i of
 * the 6x6 G g G^T. */
struct winograd_elements {
    size_t count;
    unsigned char group[WINOGRAD_GROUPS]; /* elements of each group; they lie one group after the
                                             other */
};

struct winograd_kernel {
    /* y[elements] = B^T d B for each channel of the positions at x, whose rows lie `row` floats
     * apart, positions `channels`; elements of y lie `apart` floats apart. Index: stride - 1. */
    void (*input[2])(size_t channels, const float *x, size_t row, float *y, size_t apart);

    /* The results A^T x A + bias of the sums x[elements] for n channels; elements of x lie `apart`
     * floats apart. */
    void (*output[2])(size_t n, const float *x, size_t apart, const float *bias,
                      const struct winograd_place *to);
};

const struct winograd_kernel *winograd_kernel(enum isa isa);

#endif
