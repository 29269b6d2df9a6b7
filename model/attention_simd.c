#include "model/attention_kernel.h"

#include <string.h>

#include "model/math_simd.h"

static void fill(const struct attention_bias *bias, size_t first, size_t count, float *scores)
{
    if (bias->table) {
        memcpy(scores, bias->table + first * PANEL_WIDTH, count * PANEL_WIDTH * sizeof(float));
        return;
    }
    size_t row = first / bias->side, column = first % bias->side;
    for (size_t done = 0; done < count; row++, column = 0) {
        size_t end = column + count - done < bias->side ? column + count - done : bias->side;
        vector down[PANEL_VECTORS];
        for (size_t j = 0; j < PANEL_VECTORS; j++)
            down[j] = vector_load(bias->down + row * PANEL_WIDTH + j * LANES);
        for (; column < end; column++, done++)
            for (size_t j = 0; j < PANEL_VECTORS; j++)
                vector_store(scores + done * PANEL_WIDTH + j * LANES,
                             down[j] + vector_load(bias->right + column * PANEL_WIDTH + j * LANES));
    }
}

static void softmax(size_t keys, float *s, float *max, float *sum, float *factor)
{
    for (size_t j = 0; j < PANEL_WIDTH; j += LANES) {
        vector old = vector_load(max + j), top = old;
        for (size_t k = 0; k < keys; k++)
            top = vector_max(vector_load(s + k * PANEL_WIDTH + j), top);
        vector keep = vector_exp2(old - top);
        vector total = vector_load(sum + j) * keep;
        for (size_t k = 0; k < keys; k++) {
            vector p = vector_exp2(vector_load(s + k * PANEL_WIDTH + j) - top);
            vector_store(s + k * PANEL_WIDTH + j, p);
            total += p;
        }
        vector_store(max + j, top);
        vector_store(sum + j, total);
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
