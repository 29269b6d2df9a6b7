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

struct winograd_kernel {
    /* y[36] = B^T d B for each channel of the 6x6 positions at x, whose rows lie `row` floats
     * apart, positions `channels`; elements of y lie `apart` floats apart. */
    void (*input)(size_t channels, const float *x, size_t row, float *y, size_t apart);

    /* The results A^T x A + bias of the sums x[36] for n channels; elements of x lie `apart` floats
     * apart. */
    void (*output)(size_t n, const float *x, size_t apart, const float *bias,
                   const struct winograd_place *to);
};

const struct winograd_kernel *winograd_kernel(enum isa isa);

#endif
