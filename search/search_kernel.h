/* search_kernel.h - the inner loops of the search, compiled for each instruction set; internal to search/.
 *
 * Vectors of `width` float16 numbers are widened to floats in rows of `stride` = search_stride(width) floats, of
 * which those past the width are 0. A strip is SEARCH_STRIP such rows. */
#ifndef SEARCH_SEARCH_KERNEL_H
#define SEARCH_SEARCH_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum {
    SEARCH_STRIP = 16,      /* rows */
    SEARCH_STRIDE_STEP = 16 /* floats: one vector of the widest instruction set */
};

/* A strip and the vectors that it is compared with. */
struct search_strip {
    const float *rows;    /* [SEARCH_STRIP][stride], aligned to 64 bytes */
    const float *queries; /* [count][stride], aligned likewise */
    size_t count, stride;
    const float *limits; /* [count] */
};

struct search_kernel {
    /* width float16 numbers to floats: exact, zeros up to `stride`. `to` is aligned to 64 bytes. */
    void (*widen)(const uint16_t *halves, size_t width, float *to, size_t stride);
    /* Bit r of bits[q]: the product of row r with query q is above limits[q]. Products are sums of floats: each
     * is within search_error(width) (search_scan.h) of the true one if both vectors have length 1. */
    void (*compare)(const struct search_strip *strip, uint16_t *bits);
    /* The product of two widened vectors, summed in double. */
    double (*product)(const float *a, const float *b, size_t stride);
};

/* The kernels for this CPU. */
const struct search_kernel *search_kernel(void);

/* Floats of a widened vector. */
static inline size_t search_stride(size_t width)
{
    return (width + SEARCH_STRIDE_STEP - 1) / SEARCH_STRIDE_STEP * SEARCH_STRIDE_STEP;
}

#endif
