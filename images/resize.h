/* resize.h - an RGB region to the model's input: resize, normalise, pad.
 *
 * The reference resizes with Pillow's antialiased bilinear filter on 8-bit RGB, and masks depend on it; CLIP's
 * authors resize with its bicubic one. libvips' own resize differs from that by up to 78 levels when it enlarges,
 * because its sample centres lie elsewhere; so this one exists, and gives Pillow's pixels bit for bit.
 *
 * There are two passes, each rounded to 8 bits: across (along rows), then down, or the other way round where height
 * - new_height is positive and above 2 * (width - new_width) (Pillow 13; older versions always go across first,
 * which differs by one level here and there). A pass that would not change the size is left out.
 *
 * In a pass from n to m samples, s = n / m and f = max(s, 1). The filter w(d) is 1 - d for d < 1 (bilinear, half
 * width r = 1), or the cubic of a = -0.5 (bicubic, r = 2):
 *
 *   w(d) = (a + 2) d^3 - (a + 3) d^2 + 1         d < 1
 *          a (d^3 - 5 d^2 + 8 d - 4)             1 <= d < 2
 *
 * Output i is centred at c = (i + 0.5) * s and takes samples int(c - r f + 0.5) up to but not including int(c + r f
 * + 0.5), cut to 0..n. Sample j weighs w(|j + 0.5 - c| * (1 / f)), divided by the sum of the weights and rounded to
 * 22 fractional bits. Sums are rounded to nearest, halves up, and cut to 0..255. Source: Pillow,
 * src/libImaging/Resample.c.
 */
#ifndef IMAGES_RESIZE_H
#define IMAGES_RESIZE_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"

struct error;
struct image_view;

/* Scratch of one thread: weights, and the few rows that the vertical pass needs. */
struct resize;

enum resize_filter { RESIZE_BILINEAR, RESIZE_BICUBIC };

/* One with the bilinear filter, and one with another. NULL with ERROR_MEMORY. */
struct resize *resize_new(struct error *error);
struct resize *resize_new_filter(enum resize_filter filter, struct error *error);
void resize_free(struct resize *resize);

/* The size of a region whose longest side becomes `longest` pixels: int(side * scale + 0.5) with
 * scale = longest / max(width, height), as the reference's ResizeLongestSide, but at least 1. (The
 * reference fails on an image so narrow that a side would round to 0.) */
struct size resize_longest_side(struct size size, int32_t longest);

/* Resizes a view to to[height][width][3]. All sizes are at least 1. Returns 0 or -1
 * (ERROR_MEMORY). */
int resize_rgb(struct resize *resize, const struct image_view *from, struct size size, uint8_t *to,
               struct error *error);

/* Rows of an image that are made as they are needed, from the top, each once: row(context, y) gives
 * width * 3 bytes, which are valid until the next call, or NULL if all of its pixels are `fill`. */
struct resize_source {
    int32_t width, height;
    const uint8_t *(*row)(void *context, int32_t y);
    void *context;
    uint8_t fill[3];
};

/* As resize_rgb, to a square. `from` is a square, too, for then the pass across comes first. */
int resize_rgb_made(struct resize *resize, const struct resize_source *from, int32_t side,
                    uint8_t *to, struct error *error);

/* The model's input from a view: resized by resize_longest_side, (x - mean) / std, zeros to the
 * right and below. tensor[3][side][side] is planes R, G, B. *filled: the size of the part that is
 * not padding. Returns 0 or -1 (ERROR_MEMORY). */
int resize_tensor(struct resize *resize, const struct image_view *from, int32_t side, float *tensor,
                  struct size *filled, struct error *error);

#endif
