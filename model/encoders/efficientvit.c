#include "model/encoders/efficientvit.h"

#include <omp.h>

#include "base/size.h"

/* The largest of each size in any stage; floats where nothing else is said. */
struct sizes {
    size_t plane, rows, local;
    size_t framed, qkv, mixed;
    size_t positions, dim; /* of an attention */
    size_t dense;          /* of a 3x3 convolution of a residual block */
    struct fused_mbconv_sizes fused;
    struct wide_mbconv_sizes inverted;
};

static void measure_attention(struct sizes *most,
                              const struct efficientvit_attention_weights *attention, size_t side)
{
    size_t framed = side + attention->local.kernel - 1, width = attention->local.in;
    most->framed = larger(most->framed, framed * framed * width);
    most->qkv = larger(most->qkv, side * side * 2 * width);
    most->mixed = larger(most->mixed, side * side * attention->proj.in);
    most->local = larger(most->local, side * width);
    most->positions = larger(most->positions, side * side);
    most->dim = larger(most->dim, attention->dim);
}

/* A block whose input has that side. */
static void measure_block(struct sizes *most, const struct efficientvit_block *block, size_t side)
{
    switch (block->kind) {
    case EFFICIENTVIT_RES:
        most->plane = larger(most->plane, plane_size(side, block->first.out));
        most->dense = larger(
            most->dense, larger(winograd_inputs(&block->first), winograd_inputs(&block->second)));
        return;
    case EFFICIENTVIT_FUSED:
        fused_mbconv_measure(&most->fused, &block->fused);
        return;
    case EFFICIENTVIT_ATTENTION:
        measure_attention(most, &block->attention, side);
        break;
    case EFFICIENTVIT_INVERTED:
        break;
    }
    wide_mbconv_measure(&most->inverted, &block->inverted, side);
}

static struct sizes largest(const struct efficientvit_weights *w)
{
    struct sizes most = {.plane = plane_size(w->image_size, 3)};
    for (size_t i = 0; i < w->stage_count; i++) {
        const struct efficientvit_stage *stage = &w->stages[i];
        size_t positions = efficientvit_strip_rows(stage->side) * stage->side;
        most.plane = larger(most.plane, plane_size(stage->side, stage->width));
        most.rows = larger(most.rows, positions * stage->width);
        for (size_t b = 0; b < stage->depth; b++)
            measure_block(&most, &stage->blocks[b],
                          i > 0 && b == 0 ? 2 * stage->side : stage->side);
    }
    size_t width = w->inputs[0].out;
    most.plane = larger(most.plane, plane_size(w->grid, width));
    most.rows = larger(most.rows, w->grid * larger(width, w->output.out));
    for (size_t i = 0; i < w->depth; i++)
        fused_mbconv_measure(&most.fused, &w->middle[i]);
    return most;
}

static void threads_layout(struct efficientvit_scratch *scratch, const struct sizes *most,
                           size_t slots, struct arena *arena)
{
    scratch->threads = arena_take(arena, slots, sizeof *scratch->threads);
    scratch->fused = arena_take(arena, slots, sizeof *scratch->fused);
    scratch->winograds = arena_take(arena, slots, sizeof *scratch->winograds);
    for (size_t i = 0; i < slots; i++) {
        struct efficientvit_thread thread;
        struct fused_mbconv_scratch fused;
        struct winograd_scratch winograd;
        thread.rows = arena_take(arena, most->rows, sizeof(float));
        thread.local = arena_take(arena, most->local, sizeof(float));
        linear_attention_layout(&thread.attention, most->positions, most->dim, arena);
        fused_mbconv_layout(&fused, &most->fused, arena);
        winograd_layout(&winograd, most->dense, arena);
        if (scratch->threads) { /* NULL while the arena only measures */
            scratch->threads[i] = thread;
            scratch->fused[i] = fused;
            scratch->winograds[i] = winograd;
        }
    }
}

void efficientvit_layout(struct efficientvit_scratch *scratch,
                         const struct efficientvit *efficientvit, size_t slots, struct arena *arena)
{
    const struct efficientvit_weights *w = &efficientvit->weights;
    struct sizes most = largest(w);
    scratch->slots = slots;
    scratch->x = arena_take(arena, most.plane, sizeof(float));
    scratch->other = arena_take(arena, most.plane, sizeof(float));
    for (size_t i = 0; i < EFFICIENTVIT_INPUTS; i++) {
        size_t side = w->stages[w->stage_count - 1 - i].side, width = w->inputs[i].out;
        float *at = arena_take(arena, plane_size(side, width), sizeof(float));
        scratch->inputs[i] = (struct plane){at, side, width};
    }
    scratch->framed = arena_take(arena, most.framed, sizeof(float));
    scratch->qkv = arena_take(arena, most.qkv, sizeof(float));
    scratch->mixed = arena_take(arena, most.mixed, sizeof(float));
    wide_mbconv_layout(&scratch->inverted, &most.inverted, slots, arena);
    threads_layout(scratch, &most, slots, arena);
}

/* input[3][S][S] -> other, a plane of three channels -> x */
static void run_stem(const struct efficientvit *efficientvit, const float *input,
                     const struct plane *other, const struct plane *x, int threads)
{
    size_t side = other->side;
    plane_clear_frame(other);
    plane_clear_frame(x);
#pragma omp parallel for num_threads(threads)
    for (size_t row = 0; row < side; row++)
        for (size_t i = 0; i < 3 * side; i++)
            plane_at(other, (long)row, 0)[i] = input[(i % 3 * side + row) * side + i / 3];
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < x->side; row++) {
        float *y = plane_at(x, (long)row, 0);
        conv3_row(&efficientvit->stem, other, row, y);
        kernels_for(efficientvit->isa)->gelu_tanh(1, x->side * x->channels, y, 0);
    }
}

static void swap(struct plane *a, struct plane *b)
{
    struct plane c = *a;
    *a = *b;
    *b = c;
}

/* x += the second convolution of GELU of the first. */
static void run_res(const struct efficientvit_packed_block *block,
                    const struct efficientvit_scratch *scratch, const struct plane *x,
                    struct plane *other, int threads)
{
    struct winograd_result hidden = {.plane = other, .gelu = true}, sum = {.plane = x, .add = true};
    *other = (struct plane){other->at, x->side, block->first.out};
    plane_clear_frame(other);
    winograd_plane(&block->first, scratch->winograds, x, &hidden, threads);
    winograd_plane(&block->second, scratch->winograds, other, &sum, threads);
}

/* Block `b` of stage `i`: x -> x. */
static void run_block(const struct efficientvit *efficientvit, size_t i, size_t b,
                      const struct efficientvit_scratch *scratch, struct plane planes[2],
                      int threads)
{
    const struct efficientvit_packed_block *block = &efficientvit->blocks[i][b];
    const struct efficientvit_stage *stage = &efficientvit->weights.stages[i];
    struct plane *x = &planes[0], *other = &planes[1];
    enum efficientvit_kind kind = stage->blocks[b].kind;
    if (kind == EFFICIENTVIT_RES) {
        run_res(block, scratch, x, other, threads);
        return;
    }
    if (kind == EFFICIENTVIT_ATTENTION)
        efficientvit_attend(efficientvit, i, b, scratch, x, threads);
    *other = (struct plane){other->at, stage->side, stage->width};
    if (kind == EFFICIENTVIT_FUSED)
        fused_mbconv_run(&block->fused, scratch->fused, x, other, threads);
    else
        wide_mbconv_run(&block->inverted, &scratch->inverted, x, other, threads);
    swap(x, other);
}

/* Input `i` of the neck, from the stage that it belongs to. */
static void run_input(const struct efficientvit *efficientvit, size_t i,
                      const struct efficientvit_scratch *scratch, const struct plane *x,
                      int threads)
{
    const struct plane *to = &scratch->inputs[i];
    plane_clear_frame(to);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t row = 0; row < x->side; row++)
        matmul_packed(x->side, matmul_rows(plane_at(x, (long)row, 0), x->channels),
                      &efficientvit->inputs[i],
                      matmul_set(plane_at(to, (long)row, 0), to->channels));
}

void efficientvit_encode(const struct efficientvit *efficientvit,
                         const struct efficientvit_scratch *scratch, const float *input,
                         int threads, float *embedding)
{
    const struct efficientvit_weights *w = &efficientvit->weights;
    struct plane planes[2] = {{scratch->x, w->stages[0].side, w->stem.out},
                              {scratch->other, w->image_size, 3}};
    if ((size_t)threads > scratch->slots)
        threads = (int)scratch->slots;
    run_stem(efficientvit, input, &planes[1], &planes[0], threads);
    for (size_t i = 0; i < w->stage_count; i++) {
        for (size_t b = 0; b < w->stages[i].depth; b++)
            run_block(efficientvit, i, b, scratch, planes, threads);
        size_t last = w->stage_count - 1 - i;
        if (last < EFFICIENTVIT_INPUTS)
            run_input(efficientvit, last, scratch, &planes[0], threads);
    }
    efficientvit_run_neck(efficientvit, scratch, threads, embedding);
}
