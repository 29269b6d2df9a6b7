#include "model/kernels/fused_mbconv.h"

#include <omp.h>

#include "base/size.h"

enum {
    POSITIONS = WINOGRAD_TILES * WINOGRAD_POSITIONS, /* of a task */
    PROJECTED = 128                                  /* projected at a time: they stay in cache */
};

int fused_mbconv_pack(struct fused_mbconv *fused, enum isa isa,
                      const struct fused_mbconv_weights *weights, bool residual,
                      struct error *error)
{
    const struct conv *project = &weights->project;
    *fused = (struct fused_mbconv){.residual = residual};
    if (winograd_pack(&fused->spatial, isa, &weights->spatial, error) < 0)
        return -1;
    return matmul_pack(&fused->project, isa,
                       matmul_linear(project->in, project->out, project->weight, project->bias),
                       "convolution", error);
}

void fused_mbconv_free(struct fused_mbconv *fused)
{
    winograd_free(&fused->spatial);
    matmul_packed_free(&fused->project);
}

void fused_mbconv_measure(struct fused_mbconv_sizes *sizes,
                          const struct fused_mbconv_weights *weights)
{
    sizes->inputs = larger(sizes->inputs, winograd_inputs(&weights->spatial));
    sizes->hidden = larger(sizes->hidden, POSITIONS * weights->spatial.out);
    sizes->result = larger(sizes->result, POSITIONS * weights->project.out);
}

void fused_mbconv_layout(struct fused_mbconv_scratch *scratch,
                         const struct fused_mbconv_sizes *sizes, struct arena *arena)
{
    winograd_layout(&scratch->winograd, sizes->inputs, arena);
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

/* result = the projection of the hidden positions; added to it if there is a residual. */
static void project(const struct fused_mbconv *fused, size_t positions, const float *hidden,
                    float *result)
{
    size_t in = fused->project.k, out = fused->project.n;
    for (size_t p = 0; p < positions; p += PROJECTED)
        matmul_packed(positions - p < PROJECTED ? positions - p : PROJECTED,
                      matmul_rows(hidden + p * in, in), &fused->project,
                      (struct matmul_result){result + p * out, out, fused->residual});
}

static void run_tiles(const struct fused_mbconv *fused, const struct fused_mbconv_scratch *scratch,
                      const struct plane *from, const struct plane *to, size_t first)
{
    size_t tiles = winograd_tiles(to->side) - first;
    size_t count = tiles < WINOGRAD_TILES ? tiles : WINOGRAD_TILES;
    struct winograd_result hidden = {.tiles = scratch->hidden, .gelu = true};
    winograd_run(&fused->spatial, &scratch->winograd, from, first, count, &hidden);
    if (fused->residual)
        copy_tiles(from, first, count, scratch->result, false);
    project(fused, count * WINOGRAD_POSITIONS, scratch->hidden, scratch->result);
    copy_tiles(to, first, count, scratch->result, true);
}

void fused_mbconv_run(const struct fused_mbconv *fused, const struct fused_mbconv_scratch *scratch,
                      const struct plane *from, const struct plane *to, int threads)
{
    size_t tiles = winograd_tiles(to->side);
    plane_clear_frame(to);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t first = 0; first < tiles; first += WINOGRAD_TILES)
        run_tiles(fused, &scratch[omp_get_thread_num()], from, to, first);
}
