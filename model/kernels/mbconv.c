#include "model/kernels/mbconv.h"

#include <omp.h>

/* The part of the result that one task computes, in positions. */
enum { TILE_ROWS = 16, TILE_COLUMNS = 64, EXPANDED_COLUMNS = 2 * TILE_COLUMNS + 1 };

int depthwise_pack(struct depthwise *depthwise, const struct conv *conv, struct error *error)
{
    size_t channels = conv->out;
    *depthwise = (struct depthwise){channels, conv->stride, NULL, conv->bias};
    depthwise->weight = memory_new(9 * channels, sizeof(float), "convolution", error);
    if (!depthwise->weight)
        return -1;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < 9; i++)
            depthwise->weight[i * channels + c] = conv->weight[c * 9 + i];
    return 0;
}

void depthwise_free(struct depthwise *depthwise)
{
    memory_free(depthwise->weight);
    *depthwise = (struct depthwise){0};
}

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
    scratch->mixed = arena_take(arena, TILE_COLUMNS * hidden, sizeof(float));
}

/* One task: a tile of `to`. */
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

/* The place in the ring of row `row` of `from`, expanded. */
static float *ring_row(const struct tile *tile, long row)
{
    return tile->scratch->ring +
           (size_t)((row + 3) % 3) * EXPANDED_COLUMNS * tile->mbconv->depthwise.channels;
}

/* Expands row `row` of `from` into the ring; positions outside of `from` become zeros. */
static void expand(const struct tile *tile, long row)
{
    const struct mbconv *m = tile->mbconv;
    size_t hidden = m->depthwise.channels, stride = m->depthwise.stride, side = tile->from->side;
    size_t count = (tile->columns - 1) * stride + 3;
    float *to = ring_row(tile, row);
    if (row < 0 || row >= (long)side) {
        memset(to, 0, count * hidden * sizeof(float));
        return;
    }
    long first = (long)(tile->first_column * stride) - 1;
    size_t before = first < 0 ? 1 : 0;
    size_t inside = smaller(count - before, side - (size_t)(first + (long)before));
    const float *x = plane_at(tile->from, row, first + (long)before);
    float *y = to + before * hidden;
    memset(to, 0, before * hidden * sizeof(float));
    matmul_packed(inside, matmul_rows(x, m->in), &m->expand, matmul_set(y, hidden));
    kernels_for(m->expand.isa)->gelu(1, inside * hidden, y, 0);
    memset(y + inside * hidden, 0, (count - before - inside) * hidden * sizeof(float));
}

/* Row `row` of the result from the three rows in the ring. */
static void project(const struct tile *tile, size_t row)
{
    const struct mbconv *m = tile->mbconv;
    const struct kernels *kernels = kernels_for(m->expand.isa);
    size_t hidden = m->depthwise.channels;
    long middle = (long)(row * m->depthwise.stride);
    const float *const rows[3] = {ring_row(tile, middle - 1), ring_row(tile, middle),
                                  ring_row(tile, middle + 1)};
    float *mixed = tile->scratch->mixed;
    float *to = plane_at(tile->to, (long)row, (long)tile->first_column);
    kernels->depthwise(&m->depthwise, tile->columns, rows, mixed);
    kernels->gelu(1, tile->columns * hidden, mixed, 0);
    if (m->residual)
        memcpy(to, plane_at(tile->from, (long)row, (long)tile->first_column),
               tile->columns * m->out * sizeof(float));
    matmul_packed(tile->columns, matmul_rows(mixed, hidden), &m->project,
                  (struct matmul_result){to, m->out, m->residual});
    if (m->residual)
        kernels->gelu(1, tile->columns * m->out, to, 0);
}

static void run_tile(const struct tile *tile)
{
    long stride = (long)tile->mbconv->depthwise.stride, next = (long)tile->first_row * stride - 1;
    for (size_t row = tile->first_row; row < tile->first_row + tile->rows; row++) {
        for (; next <= (long)row * stride + 1; next++)
            expand(tile, next);
        project(tile, row);
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
