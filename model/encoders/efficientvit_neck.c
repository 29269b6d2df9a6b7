/* The neck of EfficientViT-SAM: three planes -> embedding. */
#include <omp.h>

#include "model/encoders/efficientvit.h"
#include "model/kernels/upsample.h"

/* The sum of all inputs, in the last of them, which has the side of the embedding. */
static void add_inputs(const struct efficientvit *efficientvit,
                       const struct efficientvit_scratch *scratch, int threads)
{
    const struct plane *sum = &scratch->inputs[EFFICIENTVIT_INPUTS - 1];
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < sum->side; row++)
        for (size_t i = EFFICIENTVIT_INPUTS - 1; i-- > 0;)
            upsample_row(efficientvit->isa, &scratch->inputs[i], sum, row,
                         scratch->threads[omp_get_thread_num()].rows);
}

/* A row of the embedding; stored as channel planes. */
static void finish_row(const struct efficientvit *efficientvit, const struct plane *x, float *rows,
                       size_t row, float *embedding)
{
    const struct efficientvit_weights *w = &efficientvit->weights;
    size_t g = w->grid, c = w->output.out;
    struct layer_norm norm = {c, w->norm.weight, w->norm.bias, EFFICIENTVIT_NORM_EPS};
    matmul_packed(g, matmul_rows(plane_at(x, (long)row, 0), x->channels), &efficientvit->output,
                  matmul_set(rows, c));
    kernels_for(efficientvit->isa)->layer_norm(&norm, g, rows, c, rows, c);
    for (size_t channel = 0; channel < c; channel++)
        for (size_t i = 0; i < g; i++)
            embedding[(channel * g + row) * g + i] = rows[i * c + channel];
}

void efficientvit_run_neck(const struct efficientvit *efficientvit,
                           const struct efficientvit_scratch *scratch, int threads,
                           float *embedding)
{
    struct plane x = scratch->inputs[EFFICIENTVIT_INPUTS - 1];
    struct plane other = {scratch->other, x.side, x.channels};
    add_inputs(efficientvit, scratch, threads);
    for (size_t i = 0; i < efficientvit->weights.depth; i++) {
        fused_mbconv_run(&efficientvit->middle[i], scratch->fused, &x, &other, threads);
        struct plane last = x;
        x = other;
        other = last;
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < x.side; row++)
        finish_row(efficientvit, &x, scratch->threads[omp_get_thread_num()].rows, row, embedding);
}
