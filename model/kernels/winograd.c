#include "model/kernels/winograd.h"

#include <omp.h>

#include "model/kernels/matmul_kernel.h"
#include "model/kernels/winograd_kernel.h"

ISA_DECLARE(const struct winograd_kernel, winograd_kernel);

const struct winograd_kernel *winograd_kernel(enum isa isa)
{
    static const struct winograd_kernel *const variants[] = ISA_VARIANTS(winograd_kernel);
    return variants[isa];
}

/* By stride - 1. */
static const struct winograd_elements elements_of[2] = {
    {36, {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
          1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    {81, {1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 4,
          1, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 16}},
};

/* to[36] = G g G^T of the weights g[3][3]. */
static void transform_weights(size_t stride, const float *g, double *to)
{
    static const double matrices[2][6][3] = {
        {{1 / 4., 0, 0},
         {-1 / 6., -1 / 6., -1 / 6.},
         {-1 / 6., 1 / 6., -1 / 6.},
         {1 / 24., 1 / 12., 1 / 6.},
         {1 / 24., -1 / 12., 1 / 6.},
         {0, 0, 1}},
        {{1 / 2., 0, 0},
         {-1 / 2., 0, -1 / 2.},
         {-1 / 6., 0, 1 / 6.},
         {1 / 6., 0, 1 / 3.},
         {0, 0, 1},
         {0, 1, 0}},
    };
    const double(*matrix)[3] = matrices[stride - 1];
    for (size_t r = 0; r < 6; r++)
        for (size_t c = 0; c < 6; c++) {
            double sum = 0;
            for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 3; j++)
                    sum += matrix[r][i] * matrix[c][j] * g[i * 3 + j];
            to[r * 6 + c] = sum;
        }
}

int winograd_pack(struct winograd *winograd, enum isa isa, const struct conv *conv,
                  struct error *error)
{
    size_t in = conv->in, out = conv->out, width = matmul_kernel(isa)->width;
    size_t panels = (out + width - 1) / width;
    *winograd =
        (struct winograd){.isa = isa, .in = in, .out = out, .stride = conv->stride, .width = width};
    winograd->panels =
        memory_new(panels * WINOGRAD_GROUPS * in, width * sizeof(float), "convolution", error);
    winograd->bias = memory_new(panels * width, sizeof(float), "convolution", error);
    if (!winograd->panels || !winograd->bias)
        return -1;
    memcpy(winograd->bias, conv->bias, out * sizeof(float));
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++) {
            double elements[WINOGRAD_GROUPS];
            float *to =
                winograd->panels + (o / width * WINOGRAD_GROUPS * in + i) * width + o % width;
            transform_weights(conv->stride, conv->weight + (o * in + i) * 9, elements);
            for (size_t e = 0; e < WINOGRAD_GROUPS; e++)
                to[e * in * width] = (float)elements[e];
        }
    return 0;
}

void winograd_free(struct winograd *winograd)
{
    memory_free(winograd->panels);
    memory_free(winograd->bias);
    *winograd = (struct winograd){0};
}

size_t winograd_inputs(const struct conv *conv)
{
    return elements_of[conv->stride - 1].count * WINOGRAD_TILES * conv->in;
}

void winograd_layout(struct winograd_scratch *scratch, size_t inputs, struct arena *arena)
{
    size_t sums = (size_t)WINOGRAD_ELEMENTS_MAX * WINOGRAD_TILES * MATMUL_WIDTH_MAX;
    scratch->inputs = arena_take(arena, inputs, sizeof(float));
    scratch->sums = arena_take(arena, sums, sizeof(float));
}

/* Columns `column` .. of all tiles, from their sums. */
static void give(const struct winograd *winograd, const struct winograd_scratch *scratch,
                 size_t first, size_t count, size_t column, const struct winograd_result *to)
{
    size_t out = winograd->out, width = winograd->width;
    size_t columns = out - column < width ? out - column : width;
    struct winograd_place place = {NULL, WINOGRAD_SIDE * out, out, to->gelu, to->add};
    if (!to->tiles)
        place.row = plane_row(to->plane);
    for (size_t t = 0; t < count; t++) {
        place.at = column + (to->tiles ? to->tiles + t * WINOGRAD_POSITIONS * out
                                       : winograd_tile(to->plane, first + t));
        winograd_kernel(winograd->isa)
            ->output[winograd->stride - 1](columns, scratch->sums + t * width, count * width,
                                           winograd->bias + column, &place);
    }
}

/* scratch->inputs = B^T d B of the tiles. */
static void take(const struct winograd *winograd, const struct winograd_scratch *scratch,
                 const struct plane *from, size_t first, size_t count)
{
    size_t step = WINOGRAD_SIDE * winograd->stride, across = from->side / step;
    for (size_t t = 0; t < count; t++) {
        size_t row = (first + t) / across * step, column = (first + t) % across * step;
        const float *x = plane_at(from, (long)row - 1, (long)column - 1);
        winograd_kernel(winograd->isa)
            ->input[winograd->stride - 1](winograd->in, x, plane_row(from),
                                          scratch->inputs + t * winograd->in, count * winograd->in);
    }
}

void winograd_run(const struct winograd *winograd, const struct winograd_scratch *scratch,
                  const struct plane *from, size_t first, size_t count,
                  const struct winograd_result *to)
{
    const struct matmul_kernel *product = matmul_kernel(winograd->isa);
    const struct winograd_elements *elements = &elements_of[winograd->stride - 1];
    size_t in = winograd->in, width = winograd->width;
    const float *panel = winograd->panels;
    take(winograd, scratch, from, first, count);
    for (size_t column = 0; column < winograd->out; column += width) {
        const float *x = scratch->inputs;
        float *y = scratch->sums;
        for (size_t g = 0; g < WINOGRAD_GROUPS; g++, panel += in * width) {
            size_t rows = elements->group[g] * count;
            product->panel((struct matmul_shape){rows, width, in}, matmul_rows(x, in), panel, NULL,
                           matmul_set(y, width));
            x += rows * in;
            y += rows * width;
        }
        give(winograd, scratch, first, count, column, to);
    }
}

void winograd_plane(const struct winograd *winograd, const struct winograd_scratch *scratch,
                    const struct plane *from, const struct winograd_result *to, int threads)
{
    size_t tiles = winograd_tiles(from->side / winograd->stride);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t first = 0; first < tiles; first += WINOGRAD_TILES)
        winograd_run(winograd, &scratch[omp_get_thread_num()], from, first,
                     tiles - first < WINOGRAD_TILES ? tiles - first : WINOGRAD_TILES, to);
}
