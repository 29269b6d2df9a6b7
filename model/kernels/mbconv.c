#include "model/kernels/mbconv.h"

#include <omp.h>

#include "model/kernels/kernels.h"

/* Positions of the result that a task computes. */
enum { TILE_ROWS = 16, TILE_COLUMNS = 64, EXPANDED_COLUMNS = 2 * TILE_COLUMNS + 1 };

float *depthwise_pack(const struct conv *conv, struct error *error)
{
    float *weight = memory_new(9 * conv->out, sizeof(float), "convolution", error);
    for (size_t c = 0; weight && c < conv->out; c++)
        for (size_t i = 0; i < 9; i++)
            weight[i * conv->out + c] = conv->weight[c * 9 + i];
    return weight;
}

static int pack_1x1(struct matmul_packed *packed, enum isa isa, const struct conv *conv,
                    struct error *error)
{
    return matmul_pack(packed, isa, conv->in, conv->out, matmul_transposed(conv->weight, conv->in),
                       conv->bias, "convolution", error);
}

int mbconv_pack(struct mbconv *mbconv, enum isa isa, const struct conv *expand,
                const struct conv *depthwise, const struct conv *project, bool residual,
                struct error *error)
{
    *mbconv = (struct mbconv){.in = expand->in,
                              .hidden = depthwise->out,
                              .out = project->out,
                              .stride = depthwise->stride,
                              .residual = residual,
                              .depthwise_bias = depthwise->bias};
    mbconv->depthwise = depthwise_pack(depthwise, error);
    if (!mbconv->depthwise || pack_1x1(&mbconv->expand, isa, expand, error) < 0)
        return -1;
    return pack_1x1(&mbconv->project, isa, project, error);
}

void mbconv_free(struct mbconv *mbconv)
{
    matmul_packed_free(&mbconv->expand);
    matmul_packed_free(&mbconv->project);
    memory_free(mbconv->depthwise);
}

void mbconv_layout(struct mbconv_scratch *scratch, size_t hidden, struct arena *arena)
{
    scratch->ring = arena_take(arena, 3 * EXPANDED_COLUMNS * hidden, sizeof(float));
    scratch->mixed = arena_take(arena, TILE_COLUMNS * hidden, sizeof(float));
}

/* A tile of the result: its columns, and the columns of `from` that they need. */
struct tile {
    const struct mbconv *mbconv;
    const struct mbconv_scratch *scratch;
    const struct plane *from, *to;
    size_t first_row, rows, first_column, columns;
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Row `row` of `from`, expanded, at its place in the ring; zeros where it lies outside. */
static float *ring_row(const struct tile *tile, long row)
{
    return tile->scratch->ring + (size_t)((row + 3) % 3) * EXPANDED_COLUMNS * tile->mbconv->hidden;
}

static void expand(const struct tile *tile, long row)
{
    const struct mbconv *b = tile->mbconv;
    size_t hidden = b->hidden, side = tile->from->side;
    size_t count = (tile->columns - 1) * b->stride + 3;
    float *to = ring_row(tile, row);
    if (row < 0 || row >= (long)side) {
        memset(to, 0, count * hidden * sizeof(float));
        return;
    }
    long first = (long)(tile->first_column * b->stride) - 1;
    size_t before = first < 0 ? 1 : 0;
    size_t inside = smaller(count - before, side - (size_t)(first + (long)before));
    memset(to, 0, before * hidden * sizeof(float));
    float *start = to + before * hidden;
    matmul_columns(inside, plane_at(tile->from, row, first + (long)before), b->in, &b->expand, 0,
                   hidden, false, start, hidden);
    kernels_for(b->expand.isa)->gelu(1, inside * hidden, start, 0);
    memset(start + inside * hidden, 0, (count - before - inside) * hidden * sizeof(float));
}

/* Row `row` of the result from the three rows in the ring. */
static void reduce(const struct tile *tile, size_t row)
{
    const struct mbconv *b = tile->mbconv;
    const struct kernels *kernels = kernels_for(b->expand.isa);
    long middle = (long)(row * b->stride);
    const float *const rows[3] = {ring_row(tile, middle - 1), ring_row(tile, middle),
                                  ring_row(tile, middle + 1)};
    float *to = plane_at(tile->to, (long)row, (long)tile->first_column);
    kernels->depthwise(tile->columns, b->hidden, b->stride, rows, b->depthwise, b->depthwise_bias,
                       tile->scratch->mixed);
    kernels->gelu(1, tile->columns * b->hidden, tile->scratch->mixed, 0);
    if (b->residual)
        memcpy(to, plane_at(tile->from, (long)row, (long)tile->first_column),
               tile->columns * b->out * sizeof(float));
    matmul_columns(tile->columns, tile->scratch->mixed, b->hidden, &b->project, 0, b->out,
                   b->residual, to, b->out);
    if (b->residual)
        kernels->gelu(1, tile->columns * b->out, to, 0);
}

static void run_tile(const struct tile *tile)
{
    long stride = (long)tile->mbconv->stride, next = (long)tile->first_row * stride - 1;
    for (size_t row = tile->first_row; row < tile->first_row + tile->rows; row++) {
        for (; next <= (long)row * stride + 1; next++)
            expand(tile, next);
        reduce(tile, row);
    }
}

void mbconv_run(const struct mbconv *mbconv, const struct mbconv_scratch *scratch,
                const struct plane *from, const struct plane *to, int threads)
{
    size_t down = (to->side + TILE_ROWS - 1) / TILE_ROWS;
    size_t across = (to->side + TILE_COLUMNS - 1) / TILE_COLUMNS;
    plane_clear_frame(to);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t task = 0; task < down * across; task++) {
        struct tile tile = {
            mbconv, &scratch[omp_get_thread_num()], from, to, task / across * TILE_ROWS,
            0,      task % across * TILE_COLUMNS,   0};
        tile.rows = smaller(TILE_ROWS, to->side - tile.first_row);
        tile.columns = smaller(TILE_COLUMNS, to->side - tile.first_column);
        run_tile(&tile);
    }
}
