#include "model/folded/folded_tables.h"

#include <string.h>

/* lengths[2][STRIP] of the `n` positions from `embedding` on: the squares of E and of P(g E). E is
 * embedding + e_bias less its mean. */
static void squared_lengths(const struct decoder_tensors *tensors,
                            const struct folded_weights *weights, size_t n, const float *embedding,
                            float *lengths)
{
    size_t row = tensors->positions;
    float *scaled_lengths = lengths + FOLDED_STRIP;
    int c = tensors->embed_dim;
    const float *norm_weight = tensors->layers[0].norm[3].weight;
    float mean[FOLDED_STRIP] = {0};
    float scaled_mean[FOLDED_STRIP] = {0};
    for (int i = 0; i < c; i++)
        for (size_t j = 0; j < n; j++)
            mean[j] += (embedding[i * row + j] + weights->e_bias[i]) / (float)c;
    for (int i = 0; i < c; i++)
        for (size_t j = 0; j < n; j++) {
            float e = embedding[i * row + j] + weights->e_bias[i] - mean[j];
            lengths[j] += e * e;
            scaled_mean[j] += e * norm_weight[i] / (float)c;
        }
    for (int i = 0; i < c; i++)
        for (size_t j = 0; j < n; j++) {
            float e = embedding[i * row + j] + weights->e_bias[i] - mean[j];
            float scaled = e * norm_weight[i] - scaled_mean[j];
            scaled_lengths[j] += scaled * scaled;
        }
}

static void fill_strip(const struct decoder_tensors *tensors, const struct folded_weights *weights,
                       const float *embedding, int strip, float *rows)
{
    size_t c = tensors->embed_dim;
    size_t d_size = (size_t)tensors->inner * FOLDED_STRIP; /* of one table */
    size_t first = (size_t)strip * FOLDED_STRIP;
    size_t left = tensors->positions - first;
    size_t n = left < FOLDED_STRIP ? left : FOLDED_STRIP;
    const float *pe = weights->image_pe + (size_t)strip * 2 * d_size;
    float *lengths = rows + (size_t)weights->linear_rows * FOLDED_STRIP;
    for (int i = 0; i < weights->linear_rows; i++)
        for (size_t j = 0; j < FOLDED_STRIP; j++)
            rows[i * FOLDED_STRIP + j] = weights->table_bias[i];
    for (size_t i = 0; i < d_size; i++) {
        rows[FOLDED_TABLE_K0 * d_size + i] += pe[i];
        rows[FOLDED_TABLE_Q0 * d_size + i] += pe[d_size + i];
    }
    matmul(tensors->isa, (struct matmul_shape){weights->linear_rows, n, c},
           matmul_rows(weights->table_weight, c),
           matmul_rows(embedding + first, tensors->positions), matmul_add(rows, FOLDED_STRIP));
    memset(lengths, 0, 2 * FOLDED_STRIP * sizeof *lengths);
    squared_lengths(tensors, weights, n, embedding + first, lengths);
}

void folded_tables_fill(const struct decoder_tensors *tensors, const struct folded_weights *weights,
                        const float *embedding, int threads, float *tables)
{
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int strip = 0; strip < weights->strips; strip++)
        fill_strip(tensors, weights, embedding, strip,
                   tables + (size_t)strip * weights->rows * FOLDED_STRIP);
}
