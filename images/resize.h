/* resize.h - an RGB region to the model's input: resize, normalise, pad.
 *
 * The reference resizes with Pillow's antialiased bilinear filter on 8-bit RGB, and masks depend on
 * it. libvips' own resize differs from that by up to 78 levels when it enlarges, because its sample
 * centres lie elsewhere; so this one exists, and gives Pillow's pixels bit for bit.
 *
 * There are two passes, each rounded to 8 bits: across (along rows), then down, or the other way
 * round where height - new_height is positive and above 2 * (width - new_width) (Pillow 13; older
 * versions always go across first, which differs by one level here and there). A pass that would
 * not change the size is left out.
 *
 * In a pass from n to m samples, s = n / m and f = max(s, 1). Output i is centred at
 * c = (i + 0.5) * s and takes samples int(c - f + 0.5) up to but not including int(c + f + 0.5),
 * cut to 0..n. Sample j weighs max(0, 1 - |j + 0.5 - c| * (1 / f)), divided by the sum of the
 * weights and rounded to 22 fractional bits. Sums are rounded to nearest, halves up. Source:
 * Pillow, src/libImaging/Resample.c.
 */
#ifndef IMAGES_RESIZE_H
#define IMAGES_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"

struct error;
struct image;

/* Scratch: weights and the few rows that the vertical pass looks at. One a thread. */
struct resize;

/* NULL with ERROR_MEMORY. */
struct resize *resize_new(struct error *error);
void resize_free(struct resize *resize);

/* The size of a width x height region whose longest side becomes `size`: int(side * scale + 0.5)
 * with scale = size / max(width, height), as ResizeLongestSide of the reference has it, but at
 * least 1 (the reference fails on an image so narrow that a side would round to 0). */
void resize_longest_side(int32_t width, int32_t height, int32_t size, int32_t *new_width,
                         int32_t *new_height);

/* Resizes from[height][stride] (RGB, stride in bytes, at least 3 * width) to
 * to[new_height][new_width][3]. All sizes are at least 1. Returns 0 or -1 (ERROR_MEMORY). */
int resize_rgb(struct resize *resize, const uint8_t *from, size_t stride, int32_t width,
               int32_t height, uint8_t *to, int32_t new_width, int32_t new_height,
               struct error *error);

/* The model's input from region `crop` of `image` (inside it, not empty): resized by
 * resize_longest_side, (x - mean) / std, zeros to the right and below. tensor[3][size][size] is
 * planes R, G, B. *new_width, *new_height: the size of the part that is not padding.
 * Returns 0 or -1 (ERROR_MEMORY). */
int resize_tensor(struct resize *resize, const struct image *image, struct rect crop, int32_t size,
                  float *tensor, int32_t *new_width, int32_t *new_height, struct error *error);

#endif
