/* resize_square.h - an RGB region to the input of SAM 2: both sides to S, in floats.
 *
 * SAM 2 scales bytes to 0..1, resizes with PyTorch's antialiased bilinear filter, and takes no
 * rounding to bytes between, unlike SAM (resize.h). The tensor agrees with the official one to about
 * 1e-6.
 *
 * There are two passes: across, then down. In a pass from n to m samples, s = n / m and
 * f = max(s, 1). Output i is centred at c = (i + 0.5) * s and takes samples int(c - f + 0.5) up to
 * but not including int(c + f + 0.5), cut to 0..n. Sample j weighs max(0, 1 - |j + 0.5 - c| / f),
 * divided by the sum of the weights. Weights are computed in float with ATen's roundings: at
 * thousands of pixels they move a centre by 1e-4. Sources: SAM2Transforms (sam2);
 * _compute_indices_min_size_weights_aa (PyTorch, UpSampleKernel.cpp). */
#ifndef IMAGES_RESIZE_SQUARE_H
#define IMAGES_RESIZE_SQUARE_H

#include <stdint.h>

struct error;
struct image_view;

/* The model's input from a view: both sides resized to `side` pixels, (x - mean) / std.
 * tensor[3][side][side] is planes R, G, B. Returns 0 or -1 (ERROR_MEMORY). */
int resize_square(const struct image_view *from, int32_t side, float *tensor, struct error *error);

#endif
