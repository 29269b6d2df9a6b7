#include "model/kernels/mbconv.h"

#include <omp.h>

#include "base/size.h"

/* The part of the result that one task computes, in positions. */
enum { STRIP_ROWS = 16, STRIP_COLUMNS = 64, EXPANDED_COLUMNS = 2 * STRIP_COLUMNS + 1 };

static int pack_1x1(struct matmul_packed *packed, enum isa isa, const struct conv *conv,
                    struct error *error)
{
    return matmul_pack(packed, isa, matmul_linear(conv->in, conv->out, conv->weight, conv->bias),
                       "convolution", error);
}

int mbconv_pack(struct mbconv *mbconv, enum isa isa, const struct mbconv_weights *weights,
                bool residual, struct error *error)
{
    *mbconv = (struct mbconv){
        .in = weights->expand.in, .out = weights->project.out, .residual = residual};
    if (depthwise_pack(&mbconv->depthwise, &weights->depthwise, error) < 0 ||
        pack_1x1(&mbconv->expand, isa, &weights->expand, error) < 0)
        return -1;
    return pack_1x1(&mbconv->project, isa, &weights->project, error);
}

void mbconv_free(struct mbconv *mbconv)
{
    matmul_packed_free(&mbconv->expand);
    matmul_packed_free(&mbconv->project);
    depthwise_free(&mbconv->depthwise);
}

void mbconv_layout(struct mbconv_scratch *scratch, size_t hidden, struct arena *arena)
{
    scratch->ring = arena_take(arena, 3 * EXPANDED_COLUMNS * hidden, sizeof(float));
    scratch->mixed = arena_take(arena, STRIP_COLUMNS * hidden, sizeof(float));
}

/* One task: a strip of `to`. */
struct strip {
    const struct mbconv *mbconv;
    const struct mbconv_scratch *scratch;
    const struct plane *from, *to;
    size_t first_row, rows, first_column, columns;
};

/* The place in the ring of row `row` of `from`, expanded. */
static float *ring_row(const struct strip *strip, long row)
{
    return strip->scratch->ring +
           (size_t)((row + 3) % 3) * EXPANDED_COLUMNS * strip->mbconv->depthwise.channels;
}

/* Expands row `row` of `from` into the ring; positions outside of `from` become zeros. */
static void expand(const struct strip *strip, long row)
{
    const struct mbconv *m = strip->mbconv;
    size_t hidden = m->depthwise.channels, stride = m->depthwise.stride, side = strip->from->side;
    size_t count = (strip->columns - 1) * stride + 3;
    float *to = ring_row(strip, row);
    if (row < 0 || row >= (long)side) {
        memset(to, 0, count * hidden * sizeof(float));
        return;
    }
    long first = (long)(strip->first_column * stride) - 1;
    size_t before = first < 0 ? 1 : 0;
    size_t inside = smaller(count - before, side - (size_t)(first + (long)before));
    const float *x = plane_at(strip->from, row, first + (long)before);
    float *y = to + before * hidden;
    memset(to, 0, before * hidden * sizeof(float));
    matmul_packed(inside, matmul_rows(x, m->in), &m->expand, matmul_set(y, hidden));
    kernels_for(m->expand.isa)->gelu(1, inside * hidden, y, 0);
    memset(y + inside * hidden, 0, (count - before - inside) * hidden * sizeof(float));
}

/* Row `row` of the result from the three rows in the ring. */
static void project(const struct strip *strip, size_t row)
{
    const struct mbconv *m = strip->mbconv;
    const struct kernels *kernels = kernels_for(m->expand.isa);
    size_t hidden = m->depthwise.channels;
    long middle = (long)(row * m->depthwise.stride);
    const float *const rows[3] = {ring_row(strip, middle - 1), ring_row(strip, middle),
                                  ring_row(strip, middle + 1)};
    float *mixed = strip->scratch->mixed;
    float *to = plane_at(strip->to, (long)row, (long)strip->first_column);
    kernels->depthwise(&m->depthwise, strip->columns, rows, mixed);
    kernels->gelu(1, strip->columns * hidden, mixed, 0);
    if (m->residual)
        memcpy(to, plane_at(strip->from, (long)row, (long)strip->first_column),
               strip->columns * m->out * sizeof(float));
    matmul_packed(strip->columns, matmul_rows(mixed, hidden), &m->project,
                  (struct matmul_result){to, m->out, m->residual});
    if (m->residual)
        kernels->gelu(1, strip->columns * m->out, to, 0);
}

static void run_strip(const struct strip *strip)
{
    long stride = (long)strip->mbconv->depthwise.stride, next = (long)strip->first_row * stride - 1;
    for (size_t row = strip->first_row; row < strip->first_row + strip->rows; row++) {
        for (; next <= (long)row * stride + 1; next++)
            expand(strip, next);
        project(strip, row);
    }
}

void mbconv_run(const struct mbconv *mbconv, const struct mbconv_scratch *scratch,
                const struct plane *from, const struct plane *to, int threads)
{
    size_t down = (to->side + STRIP_ROWS - 1) / STRIP_ROWS;
    size_t across = (to->side + STRIP_COLUMNS - 1) / STRIP_COLUMNS;
    plane_clear_frame(to);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t task = 0; task < down * across; task++) {
        struct strip strip = {
            mbconv, &scratch[omp_get_thread_num()], from, to, task / across * STRIP_ROWS,
            0,      task % across * STRIP_COLUMNS,  0};
        strip.rows = smaller(STRIP_ROWS, to->side - strip.first_row);
        strip.columns = smaller(STRIP_COLUMNS, to->side - strip.first_column);
        run_strip(&strip);
    }
}
