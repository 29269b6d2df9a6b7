#include "tests/reference/tinyvit_reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "tests/reference/reference.h"

static const float NORM_EPS = 1e-5f; /* PyTorch's default, which the reference uses */

void tinyvit_reference_layout(struct tinyvit_reference_scratch *scratch,
                              const struct tinyvit_weights *weights, struct arena *arena)
{
    size_t half = weights->image_size / 2, most = weights->stem1.out * half * half;
    size_t keys = 0, width = 0;
    for (size_t i = 0; i < TINYVIT_STAGES; i++) {
        const struct tinyvit_stage *stage = &weights->stages[i];
        size_t widest = larger(stage->width, larger(stage->hidden, stage->merge.expand.out));
        for (size_t b = 0; i == 0 && b < stage->depth; b++)
            widest = larger(widest, stage->convs[b].expand.out);
        most = larger(most, widest * stage->side * stage->side);
        keys = larger(keys, stage->window * stage->window);
        width = larger(width, stage->width);
    }
    scratch->x = arena_take(arena, most, sizeof(float));
    scratch->a = arena_take(arena, most, sizeof(float));
    scratch->b = arena_take(arena, most, sizeof(float));
    scratch->window = arena_take(arena, keys * width, sizeof(float));
    scratch->qkv = arena_take(arena, keys * width, 3 * sizeof(float));
    scratch->mixed = arena_take(arena, keys * width, sizeof(float));
    scratch->scores = arena_take(arena, keys, sizeof(float));
    neck_reference_layout(&scratch->neck, &weights->neck, arena);
}

static void convolve(const struct conv *conv, size_t side, const float *x, float *y)
{
    struct reference_conv reference = {.in = conv->in,
                                       .out = conv->out,
                                       .kernel = conv->kernel,
                                       .stride = conv->stride,
                                       .padding = conv->kernel / 2,
                                       .groups = conv->groups,
                                       .weight = conv->weight,
                                       .bias = conv->bias};
    reference_convolve(&reference, side, side, x, y);
}

/* y[columns][rows] = x[rows][columns] transposed. */
static void transpose(size_t rows, size_t columns, const float *x, float *y)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++)
            y[c * rows + r] = x[r * columns + c];
}

static void add(size_t n, const float *y, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] += y[i];
}

/* x[D][positions] -> x, with the expanded planes in between. */
static void run_mbconv(const struct mbconv_weights *conv, size_t side,
                       const struct tinyvit_reference_scratch *scratch)
{
    size_t n = side * side;
    convolve(&conv->expand, side, scratch->x, scratch->a);
    reference_gelu(n * conv->expand.out, scratch->a);
    convolve(&conv->depthwise, side, scratch->a, scratch->b);
    reference_gelu(n * conv->depthwise.out, scratch->b);
    convolve(&conv->project, side, scratch->b, scratch->a);
    add(n * conv->project.out, scratch->a, scratch->x);
    reference_gelu(n * conv->project.out, scratch->x);
}

/* x[D][positions] -> x[D of the next stage][its positions]. */
static void run_merge(const struct mbconv_weights *merge, size_t side,
                      const struct tinyvit_reference_scratch *scratch)
{
    size_t next = side / merge->depthwise.stride;
    convolve(&merge->expand, side, scratch->x, scratch->a);
    reference_gelu(side * side * merge->expand.out, scratch->a);
    convolve(&merge->depthwise, side, scratch->a, scratch->b);
    reference_gelu(next * next * merge->depthwise.out, scratch->b);
    convolve(&merge->project, next, scratch->b, scratch->x);
}

/* The bias for a query and a key of a window, both counted row by row. */
static float bias_between(size_t window, const float *biases, size_t query, size_t key)
{
    long down = (long)(query / window) - (long)(key / window);
    long right = (long)(query % window) - (long)(key % window);
    return biases[(size_t)labs(down) * window + (size_t)labs(right)];
}

/* One head's attention within a window; qkv points at the head's q of the first token. */
static void attend_head(const struct tinyvit_stage *stage, const float *biases, const float *qkv,
                        float *scores, float *mixed)
{
    size_t keys = stage->window * stage->window, e = stage->width / stage->heads;
    size_t row = 3 * stage->width;
    for (size_t query = 0; query < keys; query++) {
        for (size_t key = 0; key < keys; key++) {
            double sum = 0;
            for (size_t i = 0; i < e; i++)
                sum += (double)qkv[query * row + i] * qkv[key * row + e + i];
            scores[key] =
                (float)(sum / sqrt((double)e) + bias_between(stage->window, biases, query, key));
        }
        reference_softmax(keys, scores);
        for (size_t i = 0; i < e; i++) {
            double sum = 0;
            for (size_t key = 0; key < keys; key++)
                sum += (double)scores[key] * qkv[key * row + 2 * e + i];
            mixed[query * stage->width + i] = (float)sum;
        }
    }
}

/* scratch->window = what the attention makes of scratch->window. Padding counts as tokens of zeros
 * here, so the norm turns them into its bias. */
static void attend(const struct tinyvit_stage *stage, const struct tinyvit_block *block,
                   const struct tinyvit_reference_scratch *scratch)
{
    size_t keys = stage->window * stage->window, d = stage->width, e = d / stage->heads;
    struct reference_norm norm = {d, block->norm.weight, block->norm.bias, NORM_EPS};
    struct reference_linear qkv = {d, 3 * d, block->qkv.weight, block->qkv.bias};
    struct reference_linear proj = {d, d, block->proj.weight, block->proj.bias};
    reference_layer_norm(&norm, keys, scratch->window, scratch->window);
    reference_linear(&qkv, keys, scratch->window, scratch->qkv);
    for (size_t h = 0; h < stage->heads; h++)
        attend_head(stage, block->biases + h * keys, scratch->qkv + h * 3 * e, scratch->scores,
                    scratch->mixed + h * e);
    reference_linear(&proj, keys, scratch->mixed, scratch->window);
}

/* x[positions][D] += attention within the window at (top, left). */
static void attend_window(const struct tinyvit_stage *stage, const struct tinyvit_block *block,
                          size_t top, size_t left, const struct tinyvit_reference_scratch *scratch,
                          float *x)
{
    size_t w = stage->window, d = stage->width;
    size_t rows = w < stage->side - top ? w : stage->side - top;
    size_t columns = w < stage->side - left ? w : stage->side - left;
    memset(scratch->window, 0, w * w * d * sizeof(float));
    for (size_t r = 0; r < rows; r++)
        memcpy(scratch->window + r * w * d, x + ((top + r) * stage->side + left) * d,
               columns * d * sizeof(float));
    attend(stage, block, scratch);
    for (size_t r = 0; r < rows; r++)
        add(columns * d, scratch->window + r * w * d, x + ((top + r) * stage->side + left) * d);
}

/* x[D][positions] -> x. */
static void run_block(const struct tinyvit_stage *stage, const struct tinyvit_block *block,
                      const struct tinyvit_reference_scratch *scratch)
{
    size_t n = stage->side * stage->side, d = stage->width, hidden = stage->hidden;
    struct reference_norm norm = {d, block->mlp_norm.weight, block->mlp_norm.bias, NORM_EPS};
    struct reference_linear fc1 = {d, hidden, block->fc1.weight, block->fc1.bias};
    struct reference_linear fc2 = {hidden, d, block->fc2.weight, block->fc2.bias};
    transpose(d, n, scratch->x, scratch->a);
    for (size_t top = 0; top < stage->side; top += stage->window)
        for (size_t left = 0; left < stage->side; left += stage->window)
            attend_window(stage, block, top, left, scratch, scratch->a);
    transpose(n, d, scratch->a, scratch->x);
    convolve(&block->local, stage->side, scratch->x, scratch->a);
    transpose(d, n, scratch->a, scratch->x);
    reference_layer_norm(&norm, n, scratch->x, scratch->a);
    reference_linear(&fc1, n, scratch->a, scratch->b);
    reference_gelu(n * stage->hidden, scratch->b);
    reference_linear(&fc2, n, scratch->b, scratch->a);
    add(n * d, scratch->a, scratch->x);
    transpose(n, d, scratch->x, scratch->a);
    memcpy(scratch->x, scratch->a, n * d * sizeof(float));
}

void tinyvit_reference_run(const struct tinyvit_weights *weights,
                           const struct tinyvit_reference_scratch *scratch, const float *input,
                           float *embedding)
{
    size_t half = weights->image_size / 2;
    convolve(&weights->stem1, weights->image_size, input, scratch->a);
    reference_gelu(weights->stem1.out * half * half, scratch->a);
    convolve(&weights->stem2, half, scratch->a, scratch->x);
    for (size_t i = 0; i < TINYVIT_STAGES; i++) {
        const struct tinyvit_stage *stage = &weights->stages[i];
        for (size_t b = 0; b < stage->depth; b++) {
            if (i == 0)
                run_mbconv(&stage->convs[b], stage->side, scratch);
            else
                run_block(stage, &stage->blocks[b], scratch);
        }
        if (i < TINYVIT_STAGES - 1)
            run_merge(&stage->merge, stage->side, scratch);
    }
    const struct tinyvit_stage *last = &weights->stages[TINYVIT_STAGES - 1];
    transpose(last->width, last->side * last->side, scratch->x, scratch->a);
    neck_reference_run(&weights->neck, &scratch->neck, scratch->a, embedding);
}
