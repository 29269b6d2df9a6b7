#include "model/kernels/attention_kernel.h"

#include <stdbool.h>
#include <string.h>

#include "base/size.h"
#include "model/kernels/math_simd.h"

/* The biases of a query in row `query` and a key in row `key`, at distance 0 across. The last strip
 * may reach below the square; such queries get the bias of a smaller distance, and nobody reads
 * them. */
static const float *distances_between(const struct attention_bias *bias, size_t query, size_t key)
{
    size_t down = smaller(query > key ? query - key : key - query, bias->side - 1);
    return bias->distances + down * attention_distances_row(bias->side, PANEL_WIDTH) + PANEL_WIDTH +
           bias->side - 1;
}

/* A mask for vector `j` of a strip: all ones from lane `first` of the strip on. */
static vector_int lanes_from(size_t first, size_t j)
{
    vector_int lanes = {0};
    for (size_t i = 0; i < LANES; i++)
        lanes[i] = j * LANES + i >= first ? -1 : 0;
    return lanes;
}

/* The queries of a strip are neighbours in one row of the square, or in two. Their biases with one
 * key are therefore neighbours in one row of the table, or in two. */
static void fill_distances(const struct attention_bias *bias, size_t first, size_t count,
                           float *scores)
{
    size_t side = bias->side, row = first / side, column = first % side;
    size_t below = bias->query / side, right = bias->query % side;
    bool two_rows = right + PANEL_WIDTH > side;
    vector_int second[PANEL_VECTORS];
    for (size_t j = 0; j < PANEL_VECTORS; j++)
        second[j] = lanes_from(side - right, j);
    for (size_t done = 0; done < count; row++, column = 0) {
        size_t end = smaller(column + count - done, side);
        const float *a = distances_between(bias, below, row) + right;
        const float *b = two_rows ? distances_between(bias, below + 1, row) - (side - right) : a;
        for (; column < end; column++, done++)
            for (size_t j = 0; j < PANEL_VECTORS; j++)
                vector_store(scores + done * PANEL_WIDTH + j * LANES,
                             vector_select(second[j], vector_load(b + j * LANES - column),
                                           vector_load(a + j * LANES - column)));
    }
}

static void fill_sums(const struct attention_bias *bias, size_t first, size_t count, float *scores)
{
    size_t row = first / bias->side, column = first % bias->side;
    for (size_t done = 0; done < count; row++, column = 0) {
        size_t end = smaller(column + count - done, bias->side);
        vector down[PANEL_VECTORS];
        for (size_t j = 0; j < PANEL_VECTORS; j++)
            down[j] = vector_load(bias->down + row * PANEL_WIDTH + j * LANES);
        for (; column < end; column++, done++)
            for (size_t j = 0; j < PANEL_VECTORS; j++)
                vector_store(scores + done * PANEL_WIDTH + j * LANES,
                             down[j] + vector_load(bias->right + column * PANEL_WIDTH + j * LANES));
    }
}

static void fill(const struct attention_bias *bias, size_t first, size_t count, float *scores)
{
    if (bias->table)
        memcpy(scores, bias->table + first * PANEL_WIDTH, count * PANEL_WIDTH * sizeof(float));
    else if (bias->distances)
        fill_distances(bias, first, count, scores);
    else
        fill_sums(bias, first, count, scores);
}

/* Four independent chains: an addition or a maximum has a latency of four cycles. */
enum { APART = 4 };

/* The maxima down a column vector, and of `top`. */
VECTOR_INLINE vector column_max(size_t keys, const float *s, vector top)
{
    vector part[APART] = {top, top, top, top};
    size_t k;
    for (k = 0; k + APART <= keys; k += APART)
        for (size_t i = 0; i < APART; i++)
            part[i] = vector_max(vector_load(s + (k + i) * PANEL_WIDTH), part[i]);
    for (; k < keys; k++)
        part[0] = vector_max(vector_load(s + k * PANEL_WIDTH), part[0]);
    return vector_max(vector_max(part[0], part[1]), vector_max(part[2], part[3]));
}

VECTOR_INLINE vector exponential(float *s, vector top)
{
    vector p = vector_exp2(vector_load(s) - top);
    vector_store(s, p);
    return p;
}

/* s = 2^(s - top) down a column vector. Returns the sums. */
VECTOR_INLINE vector column_exponentials(size_t keys, float *s, vector top)
{
    vector part[APART] = {0};
    size_t k;
    for (k = 0; k + APART <= keys; k += APART)
        for (size_t i = 0; i < APART; i++)
            part[i] += exponential(s + (k + i) * PANEL_WIDTH, top);
    for (; k < keys; k++)
        part[0] += exponential(s + k * PANEL_WIDTH, top);
    return (part[0] + part[1]) + (part[2] + part[3]);
}

static void softmax(size_t keys, float *s, float *max, float *sum, float *factor)
{
    for (size_t j = 0; j < PANEL_WIDTH; j += LANES) {
        vector old = vector_load(max + j), top = column_max(keys, s + j, old);
        vector keep = vector_exp2(old - top);
        vector total = column_exponentials(keys, s + j, top);
        vector_store(max + j, top);
        vector_store(sum + j, vector_load(sum + j) * keep + total);
        vector_store(factor + j, keep);
    }
}

static void scale(size_t n, const float *factor, float *x)
{
    for (size_t r = 0; r < PANEL_WIDTH; r++, x += n) {
        size_t i;
        for (i = 0; i + LANES <= n; i += LANES)
            vector_store(x + i, vector_load(x + i) * factor[r]);
        for (; i < n; i++)
            x[i] *= factor[r];
    }
}

const struct attention_kernel ISA_NAME(attention_kernel) = {fill, softmax, scale};
