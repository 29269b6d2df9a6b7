#include "model/kernels/winograd.h"

#include <omp.h>

#include "model/kernels/matmul_kernel.h"
#include "model/kernels/winograd_kernel.h"

enum { ELEMENTS = 36 };

ISA_DECLARE(const struct winograd_kernel, winograd_kernel);

const struct winograd_kernel *winograd_kernel(enum isa isa)
{
    static const struct winograd_kernel *const variants[] = ISA_VARIANTS(winograd_kernel);
    return variants[isa];
}

/* to[36] = G g G^T of the weights g[3][3]. */
static void transform_weights(const float *g, double *to)
{
    static const double matrix[6][3] = {{1 / 4., 0, 0},
                                        {-1 / 6., -1 / 6., -1 / 6.},
                                        {-1 / 6., 1 / 6., -1 / 6.},
                                        {1 / 24., 1 / 12., 1 / 6.},
                                        {1 / 24., -1 / 12., 1 / 6.},
                                        {0, 0, 1}};
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
    *winograd = (struct winograd){.isa = isa, .in = in, .out = out, .width = width};
    winograd->panels =
        memory_new(panels * ELEMENTS * in, width * sizeof(float), "convolution", error);
    winograd->bias = memory_new(panels * width, sizeof(float), "convolution", error);
    if (!winograd->panels || !winograd->bias)
        return -1;
    memcpy(winograd->bias, conv->bias, out * sizeof(float));
    for (size_t o = 0; o < out; o++)
        for (size_t i = 0; i < in; i++) {
            double elements[ELEMENTS];
            float *to = winograd->panels + (o / width * ELEMENTS * in + i) * width + o % width;
            transform_weights(conv->weight + (o * in + i) * 9, elements);
            for (size_t e = 0; e < ELEMENTS; e++)
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

void winograd_layout(struct winograd_scratch *scratch, size_t in, struct arena *arena)
{
    size_t tiles = ELEMENTS * WINOGRAD_TILES;
    scratch->inputs = arena_take(arena, tiles * in, sizeof(float));
    scratch->sums = arena_take(arena, tiles * MATMUL_WIDTH_MAX, sizeof(float));
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
            ->output(columns, scratch->sums + t * width, count * width, winograd->bias + column,
                     &place);
    }
}

void winograd_run(const struct winograd *winograd, const struct winograd_scratch *scratch,
                  const struct plane *from, size_t first, size_t count,
                  const struct winograd_result *to)
{
    const struct matmul_kernel *product = matmul_kernel(winograd->isa);
    size_t in = winograd->in, width = winograd->width;
    const float *panel = winograd->panels;
    for (size_t t = 0; t < count; t++) {
        const float *x = winograd_tile(from, first + t) - plane_row(from) - in;
        winograd_kernel(winograd->isa)
            ->input(in, x, plane_row(from), scratch->inputs + t * in, count * in);
    }
    for (size_t column = 0; column < winograd->out; column += width) {
        for (size_t e = 0; e < ELEMENTS; e++, panel += in * width)
            product->panel(count, width, in, scratch->inputs + e * count * in, in, panel, NULL,
                           false, scratch->sums + e * count * width, width);
        give(winograd, scratch, first, count, column, to);
    }
}

void winograd_plane(const struct winograd *winograd, const struct winograd_scratch *scratch,
                    const struct plane *from, const struct winograd_result *to, int threads)
{
    size_t tiles = winograd_tiles(from->side);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t first = 0; first < tiles; first += WINOGRAD_TILES)
        winograd_run(winograd, &scratch[omp_get_thread_num()], from, first,
                     tiles - first < WINOGRAD_TILES ? tiles - first : WINOGRAD_TILES, to);
}
