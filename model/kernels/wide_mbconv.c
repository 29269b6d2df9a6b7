#include "model/kernels/wide_mbconv.h"

#include <omp.h>

#include "base/size.h"

enum {
    PART = 512,          /* hidden channels at a time */
    STRIP_POSITIONS = 64 /* of a task; or one row, if a row is longer */
};

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
    sizes->expanded = larger(sizes->expanded, plane_size(side, hidden));
    sizes->mixed = larger(sizes->mixed, strip_rows(to) * (to + 2) * hidden);
}

void wide_mbconv_layout(struct wide_mbconv_scratch *scratch, const struct wide_mbconv_sizes *sizes,
                        size_t threads, struct arena *arena)
{
    scratch->expanded = arena_take(arena, sizes->expanded, sizeof(float));
    scratch->mixed = arena_take(arena, threads * sizes->mixed, sizeof(float));
    scratch->mixed_size = sizes->mixed;
}

/* The rows of a task. */
struct strip {
    size_t first, rows;
};

static struct strip strip_at(size_t side, size_t number)
{
    size_t rows = strip_rows(side);
    return (struct strip){number * rows, smaller(rows, side - number * rows)};
}

static size_t strip_count(size_t side)
{
    return (side + strip_rows(side) - 1) / strip_rows(side);
}

/* Rows of a plane lie one after the other, with two positions of frame between them. A product of
 * some rows takes the frame between them for positions, so that it is one product; what it writes
 * there is cleared afterwards. */
static size_t positions_of(size_t rows, size_t side)
{
    return rows * (side + 2) - 2;
}

/* Some rows of `from` into the expanded plane. */
static void expand(const struct wide_mbconv_part *part, const struct plane *from,
                   const struct plane *to, struct strip strip)
{
    size_t positions = positions_of(strip.rows, from->side), channels = to->channels;
    float *y = plane_at(to, (long)strip.first, 0);
    matmul_packed(positions, matmul_rows(plane_at(from, (long)strip.first, 0), from->channels),
                  &part->expand, matmul_set(y, channels));
    kernels_for(part->expand.isa)->gelu_tanh(1, positions * channels, y, 0);
    for (size_t r = 1; r < strip.rows; r++)
        memset(plane_at(to, (long)(strip.first + r), -2), 0, 2 * channels * sizeof(float));
}

/* Rows of `mixed`, each with the two positions behind it, from the expanded plane. */
static void mix(const struct wide_mbconv_part *part, const struct plane *from, size_t side,
                struct strip strip, float *mixed)
{
    const struct kernels *kernels = kernels_for(part->expand.isa);
    size_t channels = from->channels, line = (side + 2) * channels;
    for (size_t r = 0; r < strip.rows; r++) {
        long middle = (long)((strip.first + r) * part->depthwise.stride);
        const float *const above[3] = {plane_at(from, middle - 1, -1), plane_at(from, middle, -1),
                                       plane_at(from, middle + 1, -1)};
        kernels->depthwise(&part->depthwise, side, above, mixed + r * line);
        memset(mixed + (r + 1) * line - 2 * channels, 0, 2 * channels * sizeof(float));
    }
    kernels->gelu_tanh(1, positions_of(strip.rows, side) * channels, mixed, 0);
}

/* Rows of the result, added to what is there if `add`. */
static void project(const struct wide_mbconv_part *part, const struct plane *to, struct strip strip,
                    const float *mixed, bool add)
{
    matmul_packed(positions_of(strip.rows, to->side), matmul_rows(mixed, part->project.k),
                  &part->project,
                  (struct matmul_result){plane_at(to, (long)strip.first, 0), to->channels, add});
}

void wide_mbconv_run(const struct wide_mbconv *mbconv, const struct wide_mbconv_scratch *scratch,
                     const struct plane *from, const struct plane *to, int threads)
{
    if (mbconv->residual)
        memcpy(to->at, from->at, plane_size(from->side, from->channels) * sizeof(float));
    for (size_t p = 0; p < mbconv->part_count; p++) {
        const struct wide_mbconv_part *part = &mbconv->parts[p];
        struct plane expanded = {scratch->expanded, from->side, part->depthwise.channels};
        plane_clear_frame(&expanded);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t i = 0; i < strip_count(from->side); i++)
            expand(part, from, &expanded, strip_at(from->side, i));
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t i = 0; i < strip_count(to->side); i++) {
            float *mixed = scratch->mixed + (size_t)omp_get_thread_num() * scratch->mixed_size;
            mix(part, &expanded, to->side, strip_at(to->side, i), mixed);
            project(part, to, strip_at(to->side, i), mixed, mbconv->residual || p > 0);
        }
    }
    plane_clear_frame(to);
}
