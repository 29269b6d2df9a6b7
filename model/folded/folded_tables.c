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

/* A number of pixels, channels last, to rows[channels][STRIP] at one position; they lie `step`
 * rows apart. */
static void put_pixel(const float *pixel, size_t channels, float less, size_t step, float *rows)
{
    for (size_t i = 0; i < channels; i++)
        rows[i * step * FOLDED_STRIP] = pixel[i] - less;
}

/* The high-resolution features of position (y, x): high1[4][C/4] rows, less the mean over channels,
 * and high0[4][C/8][4] rows. Pixel (dy, dx, ey, ex) of a position lies at row 2 dy + ey, column
 * 2 dx + ex of its 16. */
static void fill_high(const struct decoder_tensors *tensors, const struct decoder_input *input,
                      size_t y, size_t x, float *rows)
{
    size_t quarter = tensors->embed_dim / 4;
    size_t eighth = tensors->embed_dim / 8;
    size_t side = 2 * (size_t)tensors->grid;
    float *fine = rows + 4 * quarter * FOLDED_STRIP;
    for (size_t s = 0; s < 4; s++) {
        size_t row = 2 * y + s / 2;
        size_t column = 2 * x + s % 2;
        const float *pixel = input->high[1] + (row * side + column) * quarter;
        float mean = 0;
        for (size_t i = 0; i < quarter; i++)
            mean += pixel[i];
        put_pixel(pixel, quarter, mean / (float)quarter, 1, rows + s * quarter * FOLDED_STRIP);
        for (size_t e = 0; e < 4; e++) {
            size_t place = (2 * row + e / 2) * 2 * side + 2 * column + e % 2;
            put_pixel(input->high[0] + place * eighth, eighth, 0, 4,
                      fine + (s * eighth * 4 + e) * FOLDED_STRIP);
        }
    }
}

/* Whether rows of a table are multiplied along, by the sums over positions. */
static bool is_along(int table)
{
    return table == FOLDED_TABLE_V0 || table == FOLDED_TABLE_EV || table == FOLDED_TABLE_FV;
}

void folded_tables_pack(const struct folded_kernels *kernels, size_t table_size, const float *rows,
                        struct folded_tables_span span, float *elements)
{
    for (int table = span.first; kernels->pack && table < span.end; table++) {
        float *to = elements + (size_t)table * table_size / kernels->group;
        kernels->pack(table_size / FOLDED_STRIP, 1,
                      (struct folded_rows){rows + (size_t)table * table_size, 0},
                      is_along(table) ? NULL : to, is_along(table) ? to : NULL, 0);
    }
}

static void fill_strip(const struct decoder_tensors *tensors, const struct folded_weights *weights,
                       const struct decoder_input *input, int strip, float *rows)
{
    const float *embedding = input->embedding;
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
    folded_tables_pack(folded_kernels_for(tensors->isa, tensors->half16), d_size, rows,
                       (struct folded_tables_span){0, FOLDED_TABLES},
                       rows + (size_t)weights->element_row * FOLDED_STRIP);
    if (!tensors->has_high)
        return;
    float *high = lengths + 2 * FOLDED_STRIP;
    memset(high, 0, 3 * c * FOLDED_STRIP * sizeof *high);
    for (size_t i = 0; i < n; i++)
        fill_high(tensors, input, (first + i) / tensors->grid, (first + i) % tensors->grid,
                  high + i);
}

void folded_tables_fill(const struct decoder_tensors *tensors, const struct folded_weights *weights,
                        const struct decoder_input *input, int threads, float *tables)
{
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (int strip = 0; strip < weights->strips; strip++)
        fill_strip(tensors, weights, input, strip,
                   tables + (size_t)strip * weights->rows * FOLDED_STRIP);
}
