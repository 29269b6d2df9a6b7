/* resize_rows.h - the inner loops of resize.c: weighted sums along a row, and of rows. */
#ifndef IMAGES_RESIZE_ROWS_H
#define IMAGES_RESIZE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fractional bits of a weight: 32, less 8 for the pixel and 2 to spare, as in Pillow. */
enum { RESIZE_FRACTION_BITS = 22 };

/* A weight is high * 2^11 + low, so that each part fits a signed 16-bit multiplication. */
enum { RESIZE_LOW_BITS = 11 };

/* Two neighbouring weights; past the end, the second is 0. */
struct resize_pair {
    int16_t low[2], high[2];
};

/* One pass from `inputs` to `outputs` samples: output i is the sum over t < count[i] of
 * weights[i * taps + t] * input[first[i] + t]. Weights add up to 1, except for rounding; if none is
 * negative, sums stay in 0..255, else they are cut to that. */
struct resize_pass {
    int32_t inputs, outputs;
    int32_t taps;              /* room for the weights of one output, even */
    bool negative;             /* some weights are below 0 */
    int32_t *first;            /* [outputs], never falling */
    int32_t *count;            /* [outputs] */
    int32_t *weights;          /* [outputs][taps], RESIZE_FRACTION_BITS fractional bits */
    struct resize_pair *pairs; /* [outputs][taps / 2], the same weights */
    /* Outputs 0 .. inner - 1 may read two whole pixels and one byte more at every second tap
     * without leaving the row of inputs. */
    int32_t inner;
};

/* from[inputs][3] to to[outputs][3]; equal sizes copy. */
void resize_across(const struct resize_pass *pass, const uint8_t *from, uint8_t *to);

/* The reference of resize_across, and what it does without SSE2 or NEON; sizes differ. */
void resize_across_reference(const struct resize_pass *pass, const uint8_t *from, uint8_t *to);

/* Rows of samples, all of them or a ring of the last ones: row y begins at
 * bytes + (y % slots) * stride. */
struct resize_rows {
    const uint8_t *bytes;
    size_t stride;
    int32_t slots;
};

/* Output i of a pass down the rows, `length` samples wide, to to[length]. */
void resize_down(const struct resize_pass *pass, int32_t i, const struct resize_rows *rows,
                 size_t length, uint8_t *to);

#endif
