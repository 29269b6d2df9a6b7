#include "model/decoder_table.h"

#include <string.h>

/* E of one position is embedding + e_bias less its mean; squares of E and of P(g E) for `n`
 * positions whose channels lie `row` floats apart. */
static void squared_lengths(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                            int n, const float *embedding, size_t row, float *length,
                            float *scaled_length)
{
    int c = tensors->embed_dim;
    const float *gain = tensors->layers[0].norm[3].gain;
    float mean[DECODER_CHUNK] = {0};
    float scaled_mean[DECODER_CHUNK] = {0};
    for (int i = 0; i < c; i++)
        for (int j = 0; j < n; j++)
            mean[j] += (embedding[i * row + j] + fold->e_bias[i]) / (float)c;
    for (int i = 0; i < c; i++)
        for (int j = 0; j < n; j++) {
            float e = embedding[i * row + j] + fold->e_bias[i] - mean[j];
            length[j] += e * e;
            scaled_mean[j] += e * gain[i] / (float)c;
        }
    for (int i = 0; i < c; i++)
        for (int j = 0; j < n; j++) {
            float e = embedding[i * row + j] + fold->e_bias[i] - mean[j];
            float scaled = e * gain[i] - scaled_mean[j];
            scaled_length[j] += scaled * scaled;
        }
}

static void fill_chunk(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                       const float *embedding, int chunk, float *rows)
{
    size_t c = tensors->embed_dim;
    size_t d = tensors->inner;
    size_t first = (size_t)chunk * DECODER_CHUNK;
    size_t left = tensors->positions - first;
    size_t n = left < DECODER_CHUNK ? left : DECODER_CHUNK;
    const float *pe = fold->image_pe + (size_t)chunk * 2 * d * DECODER_CHUNK;
    memset(rows, 0, (size_t)fold->rows * DECODER_CHUNK * sizeof *rows);
    for (int i = 0; i < fold->linear_rows; i++)
        for (size_t j = 0; j < n; j++)
            rows[i * DECODER_CHUNK + j] = fold->table_bias[i];
    for (size_t i = 0; i < d * DECODER_CHUNK; i++) {
        rows[TABLE_K0 * d * DECODER_CHUNK + i] += pe[i];
        rows[TABLE_Q0 * d * DECODER_CHUNK + i] += pe[d * DECODER_CHUNK + i];
    }
    matmul(tensors->isa, fold->linear_rows, n, c, matmul_rows(fold->table_weight, c),
           matmul_rows(embedding + first, tensors->positions), true, rows, DECODER_CHUNK);
    float *length = rows + (size_t)fold->linear_rows * DECODER_CHUNK;
    squared_lengths(tensors, fold, (int)n, embedding + first, tensors->positions, length,
                    length + DECODER_CHUNK);
}

void decoder_table_fill(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                        const float *embedding, int threads, float *tables)
{
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int chunk = 0; chunk < fold->chunks; chunk++)
        fill_chunk(tensors, fold, embedding, chunk,
                   tables + (size_t)chunk * fold->rows * DECODER_CHUNK);
}
