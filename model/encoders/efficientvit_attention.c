/* Attention of EfficientViT. Each step is a parallel loop: q, k and v by strips of rows; the second
 * set of heads row by row; heads; the projection by strips. */
#include "model/encoders/efficientvit.h"

#include <omp.h>

/* One attention. */
struct attention {
    const struct efficientvit_packed_attention *packed;
    const struct efficientvit_scratch *scratch;
    const struct plane *x;
    enum isa isa;
    size_t heads, dim;
    size_t width; /* floats of q, k and v of one set of heads */
};

/* The floats between a row of `framed` and the next. */
static size_t framed_row(const struct attention *a)
{
    return (a->x->side + a->packed->local.kernel - 1) * a->width;
}

/* Zeros around the framed q, k and v. */
static void clear_frame(const struct attention *a)
{
    size_t row = framed_row(a), frame = a->packed->local.kernel / 2, side = a->x->side;
    float *at = a->scratch->framed;
    memset(at, 0, frame * row * sizeof(float));
    memset(at + (frame + side) * row, 0, frame * row * sizeof(float));
    for (size_t r = frame; r < frame + side; r++) {
        memset(at + r * row, 0, frame * a->width * sizeof(float));
        memset(at + (r + 1) * row - frame * a->width, 0, frame * a->width * sizeof(float));
    }
}

/* q, k and v of some rows: into the framed plane, and beside those of the second set. */
static void project_rows(const struct attention *a, float *rows, size_t first, size_t count)
{
    size_t side = a->x->side, frame = a->packed->local.kernel / 2;
    float *qkv = a->scratch->qkv + first * side * 2 * a->width;
    plane_take_rows(a->x, first, count, rows);
    matmul_packed(count * side, matmul_rows(rows, a->x->channels), &a->packed->qkv,
                  matmul_set(qkv, 2 * a->width));
    for (size_t r = 0; r < count; r++) {
        float *to = a->scratch->framed + (first + r + frame) * framed_row(a) + frame * a->width;
        for (size_t c = 0; c < side; c++, to += a->width)
            memcpy(to, qkv + (r * side + c) * 2 * a->width, a->width * sizeof(float));
    }
}

/* One row of the second set. */
static void mix_row(const struct attention *a, float *local, size_t row)
{
    const float *rows[DEPTHWISE_KERNEL_MAX];
    size_t side = a->x->side;
    for (size_t i = 0; i < a->packed->local.kernel; i++)
        rows[i] = a->scratch->framed + (row + i) * framed_row(a);
    kernels_for(a->isa)->depthwise(&a->packed->local, side, rows, local);
    grouped_run(&a->packed->mix, side, local, a->width,
                a->scratch->qkv + row * side * 2 * a->width + a->width, 2 * a->width);
}

/* Head `head` of both sets. */
static void attend_head(const struct attention *a, const struct linear_attention *scratch,
                        size_t head)
{
    size_t positions = a->x->side * a->x->side;
    struct linear_attention_head one = {.positions = positions,
                                        .dim = a->dim,
                                        .qkv = a->scratch->qkv + head * 3 * a->dim,
                                        .qkv_row = 2 * a->width,
                                        .out = a->scratch->mixed + head * a->dim,
                                        .out_row = 2 * a->heads * a->dim};
    linear_attention_run(a->isa, scratch, &one);
}

/* x += the projection of what the heads gave, for some rows. */
static void add_rows(const struct attention *a, float *rows, size_t first, size_t count)
{
    size_t side = a->x->side, mixed = 2 * a->heads * a->dim;
    plane_take_rows(a->x, first, count, rows);
    matmul_packed(count * side, matmul_rows(a->scratch->mixed + first * side * mixed, mixed),
                  &a->packed->proj, matmul_add(rows, a->x->channels));
    plane_put_rows(a->x, first, count, rows);
}

void efficientvit_attend(const struct efficientvit *efficientvit, size_t stage, size_t b,
                         const struct efficientvit_scratch *scratch, const struct plane *x,
                         int threads)
{
    const struct efficientvit_attention_weights *w =
        &efficientvit->weights.stages[stage].blocks[b].attention;
    const struct attention a = {&efficientvit->blocks[stage][b].attention,
                                scratch,
                                x,
                                efficientvit->isa,
                                w->heads,
                                w->dim,
                                3 * w->heads * w->dim};
    size_t side = x->side, rows = efficientvit_strip_rows(side);
    clear_frame(&a);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t first = 0; first < side; first += rows)
        project_rows(&a, scratch->threads[omp_get_thread_num()].rows, first,
                     side - first < rows ? side - first : rows);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < side; row++)
        mix_row(&a, scratch->threads[omp_get_thread_num()].local, row);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t head = 0; head < 2 * a.heads; head++)
        attend_head(&a, &scratch->threads[omp_get_thread_num()].attention, head);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t first = 0; first < side; first += rows)
        add_rows(&a, scratch->threads[omp_get_thread_num()].rows, first,
                 side - first < rows ? side - first : rows);
}
