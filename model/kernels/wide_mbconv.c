#include "model/kernels/wide_mbconv.h"

#include <omp.h>

enum {
    PART = 512,          /* hidden channels at a time */
    STRIP_POSITIONS = 64 /* of a task; or one row, if a row is longer */
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t strip_rows(size_t side)
{
    return side < STRIP_POSITIONS ? STRIP_POSITIONS / side : 1;
}

static int pack_part(struct wide_mbconv_part *part, enum isa isa,
                     const struct mbconv_weights *weights, size_t first, struct error *error)
{
    const struct conv *expand = &weights->expand, *project = &weights->project;
    size_t hidden = expand->out, count = smaller(PART, hidden - first);
    struct conv depthwise = weights->depthwise;
    depthwise.in = depthwise.out = depthwise.groups = count;
    depthwise.weight += first * depthwise.kernel * depthwise.kernel;
    depthwise.bias += first;
    struct matmul_right right = {count, project->out,
                                 matmul_transposed(project->weight + first, hidden),
                                 first == 0 ? project->bias : NULL};
    if (depthwise_pack(&part->depthwise, &depthwise, error) < 0 ||
        matmul_pack(&part->expand, isa,
                    matmul_linear(expand->in, count, expand->weight + first * expand->in,
                                  expand->bias + first),
                    "convolution", error) < 0)
        return -1;
    return matmul_pack(&part->project, isa, right, "convolution", error);
}

int wide_mbconv_pack(struct wide_mbconv *mbconv, enum isa isa, const struct mbconv_weights *weights,
                     bool residual, struct error *error)
{
    size_t hidden = weights->expand.out, count = (hidden + PART - 1) / PART;
    *mbconv = (struct wide_mbconv){.in = weights->expand.in,
                                   .out = weights->project.out,
                                   .stride = weights->depthwise.stride,
                                   .residual = residual};
    mbconv->parts = memory_new(count, sizeof *mbconv->parts, "convolution", error);
    if (!mbconv->parts)
        return -1;
    mbconv->part_count = count;
    for (size_t i = 0; i < count; i++)
        if (pack_part(&mbconv->parts[i], isa, weights, i * PART, error) < 0)
            return -1;
    return 0;
}

void wide_mbconv_free(struct wide_mbconv *mbconv)
{
    for (size_t i = 0; i < mbconv->part_count; i++) {
        matmul_packed_free(&mbconv->parts[i].expand);
        matmul_packed_free(&mbconv->parts[i].project);
        depthwise_free(&mbconv->parts[i].depthwise);
    }
    memory_free(mbconv->parts);
    *mbconv = (struct wide_mbconv){0};
}

void wide_mbconv_measure(struct wide_mbconv_sizes *sizes, const struct mbconv_weights *weights,
                         size_t side)
{
    size_t to = side / weights->depthwise.stride, hidden = smaller(PART, weights->expand.out);
    size_t before = strip_rows(side) * side, after = strip_rows(to) * to;
    sizes->expanded = larger(sizes->expanded, plane_size(side, hidden));
    sizes->outside = larger(sizes->outside, before * weights->expand.in);
    sizes->outside = larger(sizes->outside, after * weights->project.out);
    sizes->hidden = larger(sizes->hidden, larger(before, after) * hidden);
}

void wide_mbconv_layout(struct wide_mbconv_scratch *scratch, const struct wide_mbconv_sizes *sizes,
                        size_t threads, struct arena *arena)
{
    scratch->expanded = arena_take(arena, sizes->expanded, sizeof(float));
    scratch->outside_size = sizes->outside;
    scratch->hidden_size = sizes->hidden;
    scratch->outside = arena_take(arena, threads * sizes->outside, sizeof(float));
    scratch->hidden = arena_take(arena, threads * sizes->hidden, sizeof(float));
}

/* A task: some rows, and the memory of its thread. */
struct strip {
    size_t first, rows;
    float *outside; /* [positions][in], [positions][out] */
    float *hidden;  /* [positions][channels of a part] */
};

static struct strip strip_at(const struct wide_mbconv_scratch *scratch, size_t side, size_t number)
{
    size_t rows = strip_rows(side), thread = (size_t)omp_get_thread_num();
    return (struct strip){number * rows, smaller(rows, side - number * rows),
                          scratch->outside + thread * scratch->outside_size,
                          scratch->hidden + thread * scratch->hidden_size};
}

static size_t strip_count(size_t side)
{
    size_t rows = strip_rows(side);
    return (side + rows - 1) / rows;
}

/* Rows of `from` into the expanded plane. */
static void expand(const struct wide_mbconv_part *part, const struct plane *from,
                   const struct plane *to, const struct strip *strip)
{
    size_t positions = strip->rows * from->side, channels = to->channels;
    plane_take_rows(from, strip->first, strip->rows, strip->outside);
    matmul_packed(positions, matmul_rows(strip->outside, from->channels), &part->expand,
                  matmul_set(strip->hidden, channels));
    kernels_for(part->expand.isa)->gelu_tanh(1, positions * channels, strip->hidden, 0);
    plane_put_rows(to, strip->first, strip->rows, strip->hidden);
}

/* Rows of the result from the expanded plane, added to what is there if `add`. */
static void project(const struct wide_mbconv_part *part, const struct plane *from,
                    const struct plane *to, bool add, const struct strip *strip)
{
    const struct kernels *kernels = kernels_for(part->expand.isa);
    size_t channels = from->channels, side = to->side, positions = strip->rows * side;
    for (size_t r = 0; r < strip->rows; r++) {
        long middle = (long)((strip->first + r) * part->depthwise.stride);
        const float *const rows[3] = {plane_at(from, middle - 1, -1), plane_at(from, middle, -1),
                                      plane_at(from, middle + 1, -1)};
        kernels->depthwise(&part->depthwise, side, rows, strip->hidden + r * side * channels);
    }
    kernels->gelu_tanh(1, positions * channels, strip->hidden, 0);
    if (add)
        plane_take_rows(to, strip->first, strip->rows, strip->outside);
    matmul_packed(positions, matmul_rows(strip->hidden, channels), &part->project,
                  (struct matmul_result){strip->outside, to->channels, add});
    plane_put_rows(to, strip->first, strip->rows, strip->outside);
}

void wide_mbconv_run(const struct wide_mbconv *mbconv, const struct wide_mbconv_scratch *scratch,
                     const struct plane *from, const struct plane *to, int threads)
{
    plane_clear_frame(to);
    if (mbconv->residual)
        memcpy(to->at, from->at, plane_size(from->side, from->channels) * sizeof(float));
    for (size_t i = 0; i < mbconv->part_count; i++) {
        const struct wide_mbconv_part *part = &mbconv->parts[i];
        struct plane expanded = {scratch->expanded, from->side, part->depthwise.channels};
        plane_clear_frame(&expanded);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t s = 0; s < strip_count(from->side); s++) {
            struct strip strip = strip_at(scratch, from->side, s);
            expand(part, from, &expanded, &strip);
        }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t s = 0; s < strip_count(to->side); s++) {
            struct strip strip = strip_at(scratch, to->side, s);
            project(part, &expanded, to, mbconv->residual || i > 0, &strip);
        }
    }
}
