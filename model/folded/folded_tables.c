#include "model/folded/folded_tables.h"

#include <string.h>

/* E of one position is embedding + e_bias less its mean; squares of E and of P(g E) for `n`
 * positions whose channels lie `row` floats apart. */
static void squared_lengths(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                            int n, const float *embedding, size_t row, float *length,
                            float *scaled_length)
{
    int c = tensors->embed_dim;
    const float *gain = tensors->layers[0].norm[3].gain;
    float mean[DECODER_TILE] = {0};
    float scaled_mean[DECODER_TILE] = {0};
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

static void fill_tile(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                      const float *embedding, int tile, float *rows)
{
    size_t c = tensors->embed_dim;
    size_t d_size = (size_t)tensors->inner * DECODER_TILE; /* of one table */
    size_t first = (size_t)tile * DECODER_TILE;
    size_t left = tensors->positions - first;
    size_t n = left < DECODER_TILE ? left : DECODER_TILE;
    const float *pe = fold->image_pe + (size_t)tile * 2 * d_size;
    float *lengths = rows + (size_t)fold->linear_rows * DECODER_TILE;
    for (int i = 0; i < fold->linear_rows; i++)
        for (size_t j = 0; j < DECODER_TILE; j++)
            rows[i * DECODER_TILE + j] = fold->table_bias[i];
    for (size_t i = 0; i < d_size; i++) {
        rows[TABLE_K0 * d_size + i] += pe[i];
        rows[TABLE_Q0 * d_size + i] += pe[d_size + i];
    }
    matmul(tensors->isa, (struct matmul_shape){fold->linear_rows, n, c},
           matmul_rows(fold->table_weight, c), matmul_rows(embedding + first, tensors->positions),
           matmul_add(rows, DECODER_TILE));
    memset(lengths, 0, 2 * DECODER_TILE * sizeof *lengths);
    squared_lengths(tensors, fold, (int)n, embedding + first, tensors->positions, lengths,
                    lengths + DECODER_TILE);
}

void decoder_table_fill(const struct decoder_tensors *tensors, const struct decoder_fold *fold,
                        const float *embedding, int threads, float *tables)
{
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int tile = 0; tile < fold->tiles; tile++)
        fill_tile(tensors, fold, embedding, tile,
                  tables + (size_t)tile * fold->rows * DECODER_TILE);
}
