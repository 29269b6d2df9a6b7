#include "model/kernels/fused_mbconv.h"

#include <omp.h>

#include "model/kernels/kernels.h"

enum {
    POSITIONS = WINOGRAD_TILES * WINOGRAD_POSITIONS, /* of a task, with stride 1 */
    PROJECTED = 128                                  /* projected at a time: they stay in cache */
};

int fused_mbconv_pack(struct fused_mbconv *fused, enum isa isa,
                      const struct fused_mbconv_weights *weights, bool residual,
                      struct error *error)
{
    const struct conv *spatial = &weights->spatial, *project = &weights->project;
    *fused = (struct fused_mbconv){.in = spatial->in,
                                   .hidden = spatial->out,
                                   .out = project->out,
                                   .stride = spatial->stride,
                                   .residual = residual};
    struct conv3_weights strided = {spatial->in, spatial->out, spatial->stride, spatial->weight,
                                    spatial->bias};
    if (spatial->stride == 1 ? winograd_pack(&fused->dense, isa, spatial, error) < 0
                             : conv3_pack(&fused->strided, isa, &strided, error) < 0)
        return -1;
    return matmul_pack(&fused->project, isa,
                       matmul_linear(project->in, project->out, project->weight, project->bias),
                       "convolution", error);
}

void fused_mbconv_free(struct fused_mbconv *fused)
{
    winograd_free(&fused->dense);
    conv3_free(&fused->strided);
    matmul_packed_free(&fused->project);
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void fused_mbconv_measure(struct fused_mbconv_sizes *sizes,
                          const struct fused_mbconv_weights *weights, size_t side)
{
    size_t hidden = weights->spatial.out, stride = weights->spatial.stride;
    size_t positions = stride == 1 ? POSITIONS : side / stride;
    sizes->in = larger(sizes->in, weights->spatial.in);
    sizes->hidden = larger(sizes->hidden, positions * hidden);
    sizes->result = larger(sizes->result, POSITIONS * weights->project.out);
}

void fused_mbconv_layout(struct fused_mbconv_scratch *scratch,
                         const struct fused_mbconv_sizes *sizes, struct arena *arena)
{
    winograd_layout(&scratch->winograd, sizes->in, arena);
    scratch->hidden = arena_take(arena, sizes->hidden, sizeof(float));
    scratch->result = arena_take(arena, sizes->result, sizeof(float));
}

/* Copies `count` tiles of a plane to tiles[count][4][4][channels], or back. */
static void copy_tiles(const struct plane *plane, size_t first, size_t count, float *tiles,
                       bool back)
{
    size_t line = WINOGRAD_SIDE * plane->channels;
    for (size_t t = 0; t < count; t++)
        for (size_t r = 0; r < WINOGRAD_SIDE; r++, tiles += line) {
            float *at = winograd_tile(plane, first + t) + r * plane_row(plane);
            memcpy(back ? at : tiles, back ? tiles : at, line * sizeof(float));
        }
}

/* result (+)= the projection of the hidden positions. */
static void project(const struct fused_mbconv *fused, size_t positions, const float *hidden,
                    float *result)
{
    for (size_t p = 0; p < positions; p += PROJECTED) {
        size_t count = positions - p < PROJECTED ? positions - p : PROJECTED;
        matmul_packed(count, matmul_rows(hidden + p * fused->hidden, fused->hidden),
                      &fused->project,
                      (struct matmul_result){result + p * fused->out, fused->out, fused->residual});
    }
}

static void run_tiles(const struct fused_mbconv *fused, const struct fused_mbconv_scratch *scratch,
                      const struct plane *from, const struct plane *to, size_t first)
{
    size_t tiles = winograd_tiles(from->side) - first;
    size_t count = tiles < WINOGRAD_TILES ? tiles : WINOGRAD_TILES;
    struct winograd_result hidden = {.tiles = scratch->hidden, .gelu = true};
    winograd_run(&fused->dense, &scratch->winograd, from, first, count, &hidden);
    if (fused->residual)
        copy_tiles(from, first, count, scratch->result, false);
    project(fused, count * WINOGRAD_POSITIONS, scratch->hidden, scratch->result);
    copy_tiles(to, first, count, scratch->result, true);
}

static void run_row(const struct fused_mbconv *fused, const struct fused_mbconv_scratch *scratch,
                    const struct plane *from, const struct plane *to, size_t row)
{
    conv3_row(&fused->strided, from, row, scratch->hidden);
    kernels_for(fused->project.isa)->gelu_tanh(1, to->side * fused->hidden, scratch->hidden, 0);
    project(fused, to->side, scratch->hidden, plane_at(to, (long)row, 0));
}

void fused_mbconv_run(const struct fused_mbconv *fused, const struct fused_mbconv_scratch *scratch,
                      const struct plane *from, const struct plane *to, int threads)
{
    plane_clear_frame(to);
    if (fused->stride == 1) {
        size_t tiles = winograd_tiles(from->side);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t first = 0; first < tiles; first += WINOGRAD_TILES)
            run_tiles(fused, &scratch[omp_get_thread_num()], from, to, first);
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < to->side; row++)
        run_row(fused, &scratch[omp_get_thread_num()], from, to, row);
}
