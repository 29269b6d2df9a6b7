#include "tests/reference/vit_reference.h"

#include <math.h>
#include <string.h>

#include "tests/reference/reference.h"

static const float NORM_EPS = 1e-6f; /* segment_anything/build_sam.py */

void vit_reference_layout(struct vit_reference_scratch *scratch, const struct vit_weights *weights,
                          struct arena *arena)
{
    const struct vit_sizes *s = &weights->sizes;
    size_t n = s->grid * s->grid, keys = s->window_max * s->window_max;
    scratch->x = arena_take(arena, n * s->width, sizeof(float));
    scratch->y = arena_take(arena, n * s->width, sizeof(float));
    scratch->planes = arena_take(arena, n * s->width, sizeof(float));
    scratch->window = arena_take(arena, keys * s->width, sizeof(float));
    scratch->qkv = arena_take(arena, keys * 3 * s->width, sizeof(float));
    scratch->mixed = arena_take(arena, keys * s->width, sizeof(float));
    scratch->scores = arena_take(arena, keys, sizeof(float));
    scratch->hidden = arena_take(arena, n * s->hidden, sizeof(float));
    neck_reference_layout(&scratch->neck, &weights->neck, arena);
}

static void embed_patches(const struct vit_weights *weights,
                          const struct vit_reference_scratch *scratch, const float *input)
{
    const struct vit_sizes *s = &weights->sizes;
    size_t n = s->grid * s->grid;
    struct reference_conv conv = {.in = 3,
                                  .out = s->width,
                                  .kernel = s->patch,
                                  .stride = s->patch,
                                  .groups = 1,
                                  .weight = weights->patch_weight,
                                  .bias = weights->patch_bias};
    reference_convolve(&conv, s->image_size, s->image_size, input, scratch->planes);
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < s->width; d++)
            scratch->x[i * s->width + d] =
                scratch->planes[d * n + i] + weights->pos_embed[i * s->width + d];
}

static double dot(size_t n, const float *a, const float *b)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* Scores of the query at (down, right) of a window of side w over its keys: q.k / sqrt(E) plus,
 * if the ViT has them, the unscaled q times the relative positions of rows and of columns. qkv
 * is the head's part of the first token. */
static void score(const struct vit_sizes *s, const struct vit_block *block, const float *qkv,
                  size_t down, size_t right, float *scores)
{
    size_t w = block->window, e = s->head_width, row = 3 * s->width;
    const float *q = qkv + (down * w + right) * row;
    for (size_t y = 0; y < w; y++)
        for (size_t x = 0; x < w; x++) {
            const float *k = qkv + (y * w + x) * row + s->width;
            double sum = dot(e, q, k) / sqrt((double)e);
            if (block->rel_pos_h) {
                sum += dot(e, q, block->rel_pos_h + (down + w - 1 - y) * e);
                sum += dot(e, q, block->rel_pos_w + (right + w - 1 - x) * e);
            }
            scores[y * w + x] = (float)sum;
        }
}

/* mixed[E] = the values of a head, weighted by the scores' softmax. */
static void mix(size_t keys, size_t head_width, size_t row, const float *values, float *scores,
                float *mixed)
{
    reference_softmax(keys, scores);
    for (size_t e = 0; e < head_width; e++) {
        double sum = 0;
        for (size_t key = 0; key < keys; key++)
            sum += (double)scores[key] * values[key * row + e];
        mixed[e] = (float)sum;
    }
}

/* scratch->mixed = attention within scratch->window, projected to q, k and v first. */
static void attend(const struct vit_sizes *s, const struct vit_block *block,
                   const struct vit_reference_scratch *scratch)
{
    size_t w = block->window, row = 3 * s->width;
    struct reference_linear qkv_linear = {s->width, row, block->qkv.weight, block->qkv.bias};
    reference_linear(&qkv_linear, w * w, scratch->window, scratch->qkv);
    for (size_t h = 0; h < s->heads; h++) {
        const float *qkv = scratch->qkv + h * s->head_width;
        for (size_t down = 0; down < w; down++)
            for (size_t right = 0; right < w; right++) {
                score(s, block, qkv, down, right, scratch->scores);
                mix(w * w, s->head_width, row, qkv + 2 * s->width, scratch->scores,
                    scratch->mixed + (down * w + right) * s->width + h * s->head_width);
            }
    }
}

/* Copies between the window at (top, left) and the grid; positions outside the grid are zeros in
 * the window and have no place to go back to. */
static void window_in(const struct vit_sizes *s, size_t side, size_t top, size_t left,
                      const float *grid, float *window)
{
    memset(window, 0, side * side * s->width * sizeof(float));
    for (size_t r = top; r < top + side && r < s->grid; r++)
        for (size_t c = left; c < left + side && c < s->grid; c++)
            memcpy(window + ((r - top) * side + c - left) * s->width,
                   grid + (r * s->grid + c) * s->width, s->width * sizeof(float));
}

static void window_out(const struct vit_sizes *s, size_t side, size_t top, size_t left,
                       const float *window, float *grid)
{
    for (size_t r = top; r < top + side && r < s->grid; r++)
        for (size_t c = left; c < left + side && c < s->grid; c++)
            memcpy(grid + (r * s->grid + c) * s->width,
                   window + ((r - top) * side + c - left) * s->width, s->width * sizeof(float));
}

static void add(size_t n, const float *y, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

static void run_block(const struct vit_sizes *s, const struct vit_block *block,
                      const struct vit_reference_scratch *scratch)
{
    size_t n = s->grid * s->grid, side = block->window, d = s->width;
    struct reference_norm norm1 = {d, block->norm1.weight, block->norm1.bias, NORM_EPS};
    struct reference_norm norm2 = {d, block->norm2.weight, block->norm2.bias, NORM_EPS};
    struct reference_linear proj = {d, d, block->proj.weight, block->proj.bias};
    struct reference_linear lin1 = {d, s->hidden, block->lin1.weight, block->lin1.bias};
    struct reference_linear lin2 = {s->hidden, d, block->lin2.weight, block->lin2.bias};
    reference_layer_norm(&norm1, n, scratch->x, scratch->y);
    for (size_t top = 0; top < s->grid; top += side)
        for (size_t left = 0; left < s->grid; left += side) {
            window_in(s, side, top, left, scratch->y, scratch->window);
            attend(s, block, scratch);
            reference_linear(&proj, side * side, scratch->mixed, scratch->window);
            window_out(s, side, top, left, scratch->window, scratch->y);
        }
    add(n * d, scratch->y, scratch->x);
    reference_layer_norm(&norm2, n, scratch->x, scratch->y);
    reference_linear(&lin1, n, scratch->y, scratch->hidden);
    reference_gelu(n * s->hidden, scratch->hidden);
    reference_linear(&lin2, n, scratch->hidden, scratch->y);
    add(n * d, scratch->y, scratch->x);
}

void vit_reference_run(const struct vit_weights *weights,
                       const struct vit_reference_scratch *scratch, const float *input,
                       float *embedding)
{
    embed_patches(weights, scratch, input);
    for (size_t b = 0; b < weights->sizes.depth; b++)
        run_block(&weights->sizes, &weights->blocks[b], scratch);
    neck_reference_run(&weights->neck, &scratch->neck, scratch->x, embedding);
}
