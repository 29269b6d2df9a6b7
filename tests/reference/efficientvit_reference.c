#include "tests/reference/efficientvit_reference.h"

#include <math.h>
#include <string.h>

#include "base/size.h"
#include "tests/reference/reference.h"

/* The most channels of any layer of a block. */
static size_t widest(const struct efficientvit_block *block)
{
    const struct efficientvit_attention_weights *attention = &block->attention;
    size_t most = larger(block->first.out, block->fused.spatial.out);
    most = larger(most, larger(block->inverted.expand.out, block->inverted.project.out));
    /* q, k and v of both sets of heads lie together. */
    return larger(most, larger(2 * attention->qkv.out, block->fused.project.out));
}

void efficientvit_reference_layout(struct efficientvit_reference_scratch *scratch,
                                   const struct efficientvit_weights *w, struct arena *arena)
{
    size_t grid = w->grid * w->grid, most = w->stem.out * (w->image_size / 2) * (w->image_size / 2);
    for (size_t i = 0; i < w->stage_count; i++)
        for (size_t b = 0; b < w->stages[i].depth; b++) {
            size_t side = w->stages[i].side * (b == 0 && i > 0 ? 2 : 1);
            most = larger(most, side * side * widest(&w->stages[i].blocks[b]));
        }
    for (size_t i = 0; i < w->depth; i++)
        most = larger(most, grid * w->middle[i].spatial.out);
    most = larger(most, grid * larger(w->inputs[0].out, w->output.out));
    scratch->x = arena_take(arena, most, sizeof(float));
    scratch->a = arena_take(arena, most, sizeof(float));
    scratch->b = arena_take(arena, most, sizeof(float));
    for (size_t i = 0; i < EFFICIENTVIT_INPUTS; i++)
        scratch->inputs[i] = arena_take(arena, grid * w->inputs[i].out, sizeof(float));
}

/* Returns the side of the result. */
static size_t convolve(const struct conv *conv, size_t side, const float *x, float *y)
{
    struct reference_conv reference = {conv->in,         conv->out,    conv->kernel, conv->stride,
                                       conv->kernel / 2, conv->groups, conv->weight, conv->bias};
    reference_convolve(&reference, side, side, x, y);
    return side / conv->stride;
}

static size_t convolve_gelu(const struct conv *conv, size_t side, const float *x, float *y)
{
    size_t to = convolve(conv, side, x, y);
    reference_gelu_tanh(conv->out * to * to, y);
    return to;
}

/* x = y, or x += y. */
static void update(size_t n, const float *y, bool add, float *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = add ? x[i] + y[i] : y[i];
}

static void run_fused(const struct fused_mbconv_weights *fused, size_t side, bool residual,
                      const struct efficientvit_reference_scratch *scratch)
{
    size_t to = convolve_gelu(&fused->spatial, side, scratch->x, scratch->a);
    convolve(&fused->project, to, scratch->a, scratch->b);
    update(fused->project.out * to * to, scratch->b, residual, scratch->x);
}

static void run_inverted(const struct mbconv_weights *inverted, size_t side, bool residual,
                         const struct efficientvit_reference_scratch *scratch)
{
    convolve_gelu(&inverted->expand, side, scratch->x, scratch->a);
    size_t to = convolve_gelu(&inverted->depthwise, side, scratch->a, scratch->b);
    convolve(&inverted->project, to, scratch->b, scratch->a);
    update(inverted->project.out * to * to, scratch->a, residual, scratch->x);
}

static double positive(float x)
{
    return x > 0 ? (double)x : 0;
}

/* out[dim][n] of a head's q, k and v, qkv[3 * dim][n], one query after the other. */
static void attend_head(size_t dim, size_t n, const float *qkv, float *out)
{
    for (size_t query = 0; query < n; query++) {
        double sums[256] = {0}, total = 0; /* 256: the most that efficientvit_weights_read takes */
        for (size_t key = 0; key < n; key++) {
            double score = 0;
            for (size_t i = 0; i < dim; i++)
                score += positive(qkv[i * n + query]) * positive(qkv[(dim + i) * n + key]);
            for (size_t i = 0; i < dim; i++)
                sums[i] += score * (double)qkv[(2 * dim + i) * n + key];
            total += score;
        }
        for (size_t i = 0; i < dim; i++)
            out[i * n + query] = (float)(sums[i] / (total + 1e-15));
    }
}

static void attend(const struct efficientvit_attention_weights *attention, size_t side,
                   const struct efficientvit_reference_scratch *scratch)
{
    size_t n = side * side, dim = attention->dim, width = attention->qkv.out;
    convolve(&attention->qkv, side, scratch->x, scratch->a);
    convolve(&attention->local, side, scratch->a, scratch->b);
    convolve(&attention->mix, side, scratch->b, scratch->a + width * n);
    for (size_t head = 0; head < 2 * attention->heads; head++)
        attend_head(dim, n, scratch->a + head * 3 * dim * n, scratch->b + head * dim * n);
    convolve(&attention->proj, side, scratch->b, scratch->a);
    update(attention->proj.out * n, scratch->a, true, scratch->x);
}

static void run_block(const struct efficientvit_block *block, size_t side,
                      const struct efficientvit_reference_scratch *scratch)
{
    switch (block->kind) {
    case EFFICIENTVIT_RES:
        convolve_gelu(&block->first, side, scratch->x, scratch->a);
        convolve(&block->second, side, scratch->a, scratch->b);
        update(block->second.out * side * side, scratch->b, true, scratch->x);
        return;
    case EFFICIENTVIT_FUSED:
        run_fused(&block->fused, side, block->residual, scratch);
        return;
    case EFFICIENTVIT_ATTENTION:
        attend(&block->attention, side, scratch);
        break;
    case EFFICIENTVIT_INVERTED:
        break;
    }
    run_inverted(&block->inverted, side, block->residual, scratch);
}

/* Keys' cubic with a = -0.75. */
static double cubic(double x)
{
    const double a = -0.75;
    x = fabs(x);
    if (x <= 1)
        return (a + 2) * x * x * x - (a + 3) * x * x + 1;
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
}

static size_t clamp(long i, size_t side)
{
    return i < 0 ? 0 : i >= (long)side ? side - 1 : (size_t)i;
}

/* y[channels][to][to] = x[channels][from][from] enlarged. */
static void enlarge(size_t channels, size_t from, size_t to, const float *x, float *y)
{
    double scale = (double)from / (double)to;
    for (size_t r = 0; r < to; r++)
        for (size_t s = 0; s < to; s++) {
            double down = ((double)r + 0.5) * scale - 0.5, right = ((double)s + 0.5) * scale - 0.5;
            for (size_t c = 0; c < channels; c++) {
                double sum = 0;
                for (long i = (long)floor(down) - 1; i <= (long)floor(down) + 2; i++)
                    for (long j = (long)floor(right) - 1; j <= (long)floor(right) + 2; j++)
                        sum += cubic(down - (double)i) * cubic(right - (double)j) *
                               (double)x[(c * from + clamp(i, from)) * from + clamp(j, from)];
                y[(c * to + r) * to + s] = (float)sum;
            }
        }
}

static void run_neck(const struct efficientvit_weights *w,
                     const struct efficientvit_reference_scratch *scratch, float *embedding)
{
    size_t n = w->grid * w->grid, width = w->inputs[0].out;
    for (size_t i = 0; i < n * width; i++)
        scratch->x[i] = scratch->inputs[0][i] + (scratch->inputs[1][i] + scratch->inputs[2][i]);
    for (size_t i = 0; i < w->depth; i++)
        run_fused(&w->middle[i], w->grid, true, scratch);
    struct reference_norm norm = {w->output.out, w->norm.weight, w->norm.bias,
                                  EFFICIENTVIT_NORM_EPS};
    convolve(&w->output, w->grid, scratch->x, embedding);
    reference_layer_norm_2d(&norm, n, embedding, embedding);
}

void efficientvit_reference_run(const struct efficientvit_weights *w,
                                const struct efficientvit_reference_scratch *scratch,
                                const float *input, float *embedding)
{
    size_t side = convolve_gelu(&w->stem, w->image_size, input, scratch->x);
    for (size_t i = 0; i < w->stage_count; i++) {
        for (size_t b = 0; b < w->stages[i].depth; b++) {
            run_block(&w->stages[i].blocks[b], side, scratch);
            side = w->stages[i].side;
        }
        size_t last = w->stage_count - 1 - i;
        if (last >= EFFICIENTVIT_INPUTS)
            continue;
        convolve(&w->inputs[last], side, scratch->x, scratch->a);
        enlarge(w->inputs[last].out, side, w->grid, scratch->a, scratch->inputs[last]);
    }
    run_neck(w, scratch, embedding);
}
