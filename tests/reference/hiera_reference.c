#include "tests/reference/hiera_reference.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "tests/reference/reference.h"

static const float NORM_EPS = 1e-6f; /* sam2/modeling/backbones/hieradet.py */

static size_t after_side(const struct hiera_block *block)
{
    return block->pooled ? block->side / 2 : block->side;
}

void hiera_reference_layout(struct hiera_reference_scratch *scratch,
                            const struct hiera_weights *weights, struct arena *arena)
{
    size_t most = weights->side * weights->side * weights->widths[0], window = 0, c;
    for (size_t b = 0; b < weights->depth; b++) {
        const struct hiera_block *block = &weights->blocks[b];
        size_t wide = larger(larger(block->in, block->out), (size_t)block->lin1.out);
        most = larger(most, block->side * block->side * wide);
        window = larger(window, block->window * block->window * larger(block->in, block->out));
    }
    c = weights->fpn.channels;
    scratch->x = arena_take(arena, most, sizeof(float));
    scratch->y = arena_take(arena, most, sizeof(float));
    scratch->shortcut = arena_take(arena, most, sizeof(float));
    scratch->hidden = arena_take(arena, most, sizeof(float));
    scratch->planes = arena_take(arena, most, sizeof(float));
    scratch->window = arena_take(arena, window, sizeof(float));
    scratch->qkv = arena_take(arena, 3 * window, sizeof(float));
    scratch->mixed = arena_take(arena, window, sizeof(float));
    scratch->scores = arena_take(arena, window, sizeof(float));
    for (size_t stage = 0; stage < HIERA_STAGES; stage++) {
        size_t side = weights->side >> stage;
        scratch->levels[stage] = arena_floats(arena, side * side, c);
    }
}

/* The weight of a cell at distance x: cubic convolution with a = -0.75. */
static double cubic(double x)
{
    const double a = -0.75;
    x = fabs(x);
    if (x <= 1)
        return (a + 2) * x * x * x - (a + 3) * x * x + 1;
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
}

/* Channel `c` of the background, stretched to the grid, at a position. */
static double background_at(const struct hiera_weights *w, size_t c, size_t row, size_t column)
{
    long b = (long)w->background_side;
    double y = ((double)row + 0.5) * (double)b / (double)w->side - 0.5;
    double x = ((double)column + 0.5) * (double)b / (double)w->side - 0.5, sum = 0;
    for (long i = (long)floor(y) - 1; i <= (long)floor(y) + 2; i++)
        for (long j = (long)floor(x) - 1; j <= (long)floor(x) + 2; j++) {
            long near_i = i < 0 ? 0 : i > b - 1 ? b - 1 : i;
            long near_j = j < 0 ? 0 : j > b - 1 ? b - 1 : j;
            sum += cubic(y - (double)i) * cubic(x - (double)j) *
                   w->background[((long)c * b + near_i) * b + near_j];
        }
    return sum;
}

static void embed(const struct hiera_weights *w, const struct hiera_reference_scratch *scratch,
                  const float *input)
{
    size_t side = w->side, n = side * side, d = w->widths[0], tile = w->tile_side;
    struct reference_conv conv = {.in = 3,
                                  .out = d,
                                  .kernel = HIERA_PATCH,
                                  .stride = HIERA_STRIDE,
                                  .padding = HIERA_PADDING,
                                  .groups = 1,
                                  .weight = w->patch_weight,
                                  .bias = w->patch_bias};
    reference_convolve(&conv, w->image_size, w->image_size, input, scratch->planes);
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < d; c++) {
            size_t row = i / side, column = i % side;
            scratch->x[i * d + c] = scratch->planes[c * n + i] +
                                    (float)background_at(w, c, row, column) +
                                    w->tile[(c * tile + row % tile) * tile + column % tile];
        }
}

/* to[side / 2][side / 2][width] = maxima of each 2x2 positions of from[side][side]; rows of `from`
 * are from_row floats long. */
static void pool(size_t side, size_t width, const float *from, size_t from_row, float *to)
{
    for (size_t r = 0; r < side / 2; r++)
        for (size_t c = 0; c < side / 2; c++)
            for (size_t i = 0; i < width; i++) {
                const float *corner = from + (2 * r * side + 2 * c) * from_row + i;
                to[(r * (side / 2) + c) * width + i] =
                    fmaxf(fmaxf(corner[0], corner[from_row]),
                          fmaxf(corner[side * from_row], corner[(side + 1) * from_row]));
            }
}

/* mixed[E] = attention of one query; keys and values are columns of qkv. */
static void attend_one(const struct hiera_block *block, const float *query, const float *keys,
                       float *scores, float *mixed)
{
    size_t count = block->window * block->window, e = block->out / block->heads;
    size_t row = 3 * block->out;
    for (size_t key = 0; key < count; key++) {
        double sum = 0;
        for (size_t i = 0; i < e; i++)
            sum += (double)query[i] * keys[key * row + i];
        scores[key] = (float)(sum / sqrt((double)e));
    }
    reference_softmax(count, scores);
    for (size_t i = 0; i < e; i++) {
        double sum = 0;
        for (size_t key = 0; key < count; key++)
            sum += (double)scores[key] * keys[key * row + block->out + i];
        mixed[i] = (float)sum;
    }
}

/* scratch->window = proj(attention) of scratch->window, whose padded positions are zero. */
static void attend(const struct hiera_block *block, const struct hiera_reference_scratch *scratch)
{
    size_t side = block->window, out = block->out, e = out / block->heads, row = 3 * out;
    size_t queries = side * side, query_row = row;
    struct reference_linear qkv = {block->in, row, block->qkv.weight, block->qkv.bias};
    struct reference_linear proj = {out, out, block->proj.weight, block->proj.bias};
    const float *query = scratch->qkv;
    reference_linear(&qkv, side * side, scratch->window, scratch->qkv);
    if (block->pooled) {
        pool(side, out, scratch->qkv, row, scratch->window);
        query = scratch->window;
        query_row = out;
        queries = side / 2 * (side / 2);
    }
    for (size_t i = 0; i < queries; i++)
        for (size_t head = 0; head < block->heads; head++)
            attend_one(block, query + i * query_row + head * e, scratch->qkv + out + head * e,
                       scratch->scores, scratch->mixed + i * out + head * e);
    reference_linear(&proj, queries, scratch->mixed, scratch->window);
}

/* scratch->shortcut += the attention within the window at (top, left) of scratch->y. */
static void attend_window(const struct hiera_block *block,
                          const struct hiera_reference_scratch *scratch, size_t top, size_t left)
{
    size_t w = block->window, in = block->in, out = block->out, down = block->pooled ? 2 : 1;
    size_t after = after_side(block), small = w / down;
    memset(scratch->window, 0, w * w * in * sizeof(float));
    for (size_t r = 0; r < w && top + r < block->side; r++)
        for (size_t c = 0; c < w && left + c < block->side; c++)
            memcpy(scratch->window + (r * w + c) * in,
                   scratch->y + ((top + r) * block->side + left + c) * in, in * sizeof(float));
    attend(block, scratch);
    for (size_t r = 0; r < small && top / down + r < after; r++)
        for (size_t c = 0; c < small && left / down + c < after; c++)
            for (size_t i = 0; i < out; i++)
                scratch->shortcut[((top / down + r) * after + left / down + c) * out + i] +=
                    scratch->window[(r * small + c) * out + i];
}

static void run_block(const struct hiera_block *block,
                      const struct hiera_reference_scratch *scratch)
{
    size_t n = block->side * block->side, out = block->out, hidden = (size_t)block->lin1.out;
    size_t after = after_side(block) * after_side(block);
    struct reference_norm norm1 = {block->in, block->norm1.weight, block->norm1.bias, NORM_EPS};
    struct reference_norm norm2 = {out, block->norm2.weight, block->norm2.bias, NORM_EPS};
    struct reference_linear shortcut = {block->in, out, block->shortcut.weight,
                                        block->shortcut.bias};
    struct reference_linear lin1 = {out, hidden, block->lin1.weight, block->lin1.bias};
    struct reference_linear lin2 = {hidden, out, block->lin2.weight, block->lin2.bias};
    reference_layer_norm(&norm1, n, scratch->x, scratch->y);
    if (block->pooled) {
        reference_linear(&shortcut, n, scratch->y, scratch->hidden);
        pool(block->side, out, scratch->hidden, out, scratch->shortcut);
    } else {
        memcpy(scratch->shortcut, scratch->x, n * out * sizeof(float));
    }
    for (size_t top = 0; top < block->side; top += block->window)
        for (size_t left = 0; left < block->side; left += block->window)
            attend_window(block, scratch, top, left);
    reference_layer_norm(&norm2, after, scratch->shortcut, scratch->y);
    reference_linear(&lin1, after, scratch->y, scratch->hidden);
    reference_gelu(after * hidden, scratch->hidden);
    reference_linear(&lin2, after, scratch->hidden, scratch->x);
    for (size_t i = 0; i < after * out; i++)
        scratch->x[i] += scratch->shortcut[i];
}

/* levels[stage][positions][C] = the lateral of x. */
static void run_lateral(const struct hiera_weights *w,
                        const struct hiera_reference_scratch *scratch, size_t stage)
{
    const struct fpn_conv *conv = &w->fpn.laterals[stage];
    struct reference_linear lateral = {conv->in, conv->out, conv->weight, conv->bias};
    size_t side = w->side >> stage;
    reference_linear(&lateral, side * side, scratch->x, scratch->levels[stage]);
}

static void run_neck(const struct hiera_weights *w, const struct hiera_reference_scratch *scratch,
                     const struct encoding *to)
{
    size_t g = w->fpn.grid, c = w->fpn.channels;
    for (size_t i = 0; i < 2; i++) {
        const struct fpn_conv *conv = &w->fpn.above[i];
        struct reference_linear above = {conv->in, conv->out, conv->weight, conv->bias};
        size_t side = w->side >> i;
        reference_linear(&above, side * side, scratch->levels[i], to->high[i]);
    }
    for (size_t i = 0; i < g * g; i++)
        for (size_t channel = 0; channel < c; channel++) {
            size_t below = i / g / 2 * (g / 2) + i % g / 2;
            to->embedding[channel * g * g + i] = scratch->levels[2][i * c + channel] +
                                                 scratch->levels[3][below * c + channel] +
                                                 w->fpn.no_memory[channel];
        }
}

void hiera_reference_run(const struct hiera_weights *weights,
                         const struct hiera_reference_scratch *scratch, const float *input,
                         const struct encoding *to)
{
    embed(weights, scratch, input);
    for (size_t b = 0; b < weights->depth; b++) {
        run_block(&weights->blocks[b], scratch);
        if (b + 1 == weights->depth || weights->blocks[b + 1].pooled)
            run_lateral(weights, scratch, weights->blocks[b].stage);
    }
    run_neck(weights, scratch, to);
}
