#include "model/kernels/linear_attention_kernel.h"
#include "model/kernels/vector_simd.h"

/* y[n] = ReLU(x[n]); added to sum[n], too, unless that is NULL. */
VECTOR_INLINE void relu_row(size_t n, const float *x, float *y, float *sum)
{
    for (size_t i = 0; i < n; i += LANES) {
        size_t lanes = n - i < LANES ? n - i : LANES;
        vector positive = vector_max(vector_load_part(x + i, lanes), (vector){0});
        vector_store_part(y + i, positive, lanes);
        if (sum)
            vector_store_part(sum + i, vector_load_part(sum + i, lanes) + positive, lanes);
    }
}

static void gather(const struct linear_attention *scratch, const struct linear_attention_head *head)
{
    size_t dim = head->dim;
    for (size_t i = 0; i < dim; i++)
        scratch->sum[i] = 0;
    for (size_t p = 0; p < head->positions; p++) {
        const float *at = head->qkv + p * head->qkv_row;
        relu_row(dim, at, scratch->queries + p * dim, NULL);
        relu_row(dim, at + dim, scratch->keys + p * dim, scratch->sum);
    }
}

static void divide(const struct linear_attention *scratch, const struct linear_attention_head *head,
                   float eps)
{
    size_t dim = head->dim;
    for (size_t p = 0; p < head->positions; p++) {
        const float *query = scratch->queries + p * dim;
        float *out = head->out + p * head->out_row;
        vector total = {0};
        for (size_t i = 0; i < dim; i += LANES) {
            size_t lanes = dim - i < LANES ? dim - i : LANES;
            total += vector_load_part(query + i, lanes) * vector_load_part(scratch->sum + i, lanes);
        }
        float factor = 1.0f / (vector_sum(total) + eps);
        for (size_t i = 0; i < dim; i++)
            out[i] *= factor;
    }
}

const struct linear_attention_kernel ISA_NAME(linear_attention_kernel) = {gather, divide};
