#include "model/encoders/repvit.h"

#include <omp.h>

#include "base/size.h"

enum {
    STRIP_POSITIONS = 60
}; /* of a strip: whole tiles of the products on every instruction set */

static size_t count_strips(size_t side)
{
    return (side * side + STRIP_POSITIONS - 1) / STRIP_POSITIONS;
}

size_t repvit_width(const struct repvit *repvit, size_t stage)
{
    return repvit->weights.blocks[repvit->weights.ends[stage] - 1].project.out;
}

size_t repvit_side(const struct repvit *repvit, size_t stage)
{
    return repvit->weights.blocks[repvit->weights.ends[stage] - 1].side;
}

/* The largest of each size in any block, in floats. */
struct sizes {
    size_t plane, before, width, hidden, sums, reduced;
};

static struct sizes largest(const struct repvit_weights *w)
{
    struct sizes most = {0};
    most.plane = larger(plane_size(w->image_size / 2, w->stem1.out),
                        plane_size(w->image_size / 4, w->stem2.out));
    for (size_t i = 0; i < w->count; i++) {
        const struct repvit_block_weights *b = &w->blocks[i];
        most.plane = larger(most.plane, plane_size(b->side, b->project.out));
        most.before = larger(most.before, b->local.out);
        most.width = larger(most.width, b->project.out);
        most.hidden = larger(most.hidden, b->expand.out);
        most.reduced = larger(most.reduced, b->squeeze.reduced);
        if (b->squeeze.reduced)
            most.sums = larger(most.sums, count_strips(b->side) * b->local.out);
    }
    return most;
}

void repvit_layout(struct repvit_scratch *scratch, const struct repvit *repvit, size_t slots,
                   struct arena *arena)
{
    struct sizes most = largest(&repvit->weights);
    scratch->slots = slots;
    scratch->planes[0] = arena_take(arena, most.plane, sizeof(float));
    scratch->planes[1] = arena_take(arena, most.plane, sizeof(float));
    scratch->sums = arena_take(arena, most.sums, sizeof(float));
    scratch->squeezed = arena_take(arena, most.reduced, sizeof(float));
    scratch->gate = arena_take(arena, most.width, sizeof(float));
    stem_layout(&scratch->stem, &repvit->stem, slots, arena);
    scratch->threads = arena_take(arena, slots, sizeof *scratch->threads);
    for (size_t i = 0; i < slots; i++) {
        struct repvit_thread thread = {arena_floats(arena, STRIP_POSITIONS, most.before),
                                       arena_floats(arena, STRIP_POSITIONS, most.width),
                                       arena_floats(arena, STRIP_POSITIONS, most.hidden)};
        if (scratch->threads) /* NULL while the arena only measures */
            scratch->threads[i] = thread;
    }
}

/* One block, applied to a plane. */
struct step {
    const struct repvit_block *block;
    const struct repvit_scratch *scratch;
    const struct kernels *kernels;
    const struct plane *from, *to;
};

/* Positions first .. first + count - 1 of the result, row by row. */
struct strip {
    size_t first, count;
};

static struct strip strip_of(const struct plane *to, size_t number)
{
    size_t first = number * STRIP_POSITIONS;
    return (struct strip){first, smaller(STRIP_POSITIONS, to->side * to->side - first)};
}

/* The part of a strip that lies in one row, from its position `done` on. */
struct part {
    size_t row, column, count;
};

static struct part part_of(const struct strip *strip, size_t side, size_t done)
{
    size_t position = strip->first + done, column = position % side;
    return (struct part){position / side, column, smaller(side - column, strip->count - done)};
}

/* mixed[count][D before] = the depthwise convolution of `from`. */
static void mix(const struct step *step, const struct strip *strip, float *mixed)
{
    const struct depthwise *local = &step->block->local;
    for (size_t done = 0; done < strip->count;) {
        struct part part = part_of(strip, step->to->side, done);
        long row = (long)(part.row * local->stride), column = (long)(part.column * local->stride);
        const float *const rows[3] = {plane_at(step->from, row - 1, column - 1),
                                      plane_at(step->from, row, column - 1),
                                      plane_at(step->from, row + 1, column - 1)};
        step->kernels->depthwise(local, part.count, rows, mixed + done * local->channels);
        done += part.count;
    }
}

static void load(const struct plane *plane, const struct strip *strip, float *tokens)
{
    for (size_t done = 0; done < strip->count;) {
        struct part part = part_of(strip, plane->side, done);
        memcpy(tokens + done * plane->channels, plane_at(plane, (long)part.row, (long)part.column),
               part.count * plane->channels * sizeof(float));
        done += part.count;
    }
}

static void store(const struct plane *plane, const struct strip *strip, const float *tokens)
{
    for (size_t done = 0; done < strip->count;) {
        struct part part = part_of(strip, plane->side, done);
        memcpy(plane_at(plane, (long)part.row, (long)part.column), tokens + done * plane->channels,
               part.count * plane->channels * sizeof(float));
        done += part.count;
    }
}

/* `to` = tokens + project(gelu(expand(tokens))) */
static void feed_forward(const struct step *step, const struct strip *strip, float *tokens,
                         float *hidden)
{
    const struct repvit_block *block = step->block;
    size_t d = block->expand.k, wide = block->expand.n;
    matmul_packed(strip->count, matmul_rows(tokens, d), &block->expand, matmul_set(hidden, wide));
    step->kernels->gelu(1, strip->count * wide, hidden, 0);
    matmul_packed(strip->count, matmul_rows(hidden, wide), &block->project, matmul_add(tokens, d));
    store(step->to, strip, tokens);
}

/* A whole strip of a block without squeeze-excite. */
static void run_strip(const struct step *step, const struct strip *strip)
{
    const struct repvit_thread *thread = &step->scratch->threads[omp_get_thread_num()];
    const struct matmul_packed *widen = &step->block->widen;
    mix(step, strip, thread->mixed);
    if (widen->n)
        matmul_packed(strip->count, matmul_rows(thread->mixed, widen->k), widen,
                      matmul_set(thread->tokens, widen->n));
    feed_forward(step, strip, widen->n ? thread->tokens : thread->mixed, thread->hidden);
}

/* The first pass of a block with squeeze-excite: `to` = local(from), and the sums of the strip. */
static void mix_strip(const struct step *step, size_t number)
{
    float *mixed = step->scratch->threads[omp_get_thread_num()].mixed;
    struct strip strip = strip_of(step->to, number);
    size_t d = step->to->channels;
    mix(step, &strip, mixed);
    squeeze_sum(strip.count, d, mixed, step->scratch->sums + number * d);
    store(step->to, &strip, mixed);
}

/* The second pass, in place. */
static void finish_strip(const struct step *step, const struct strip *strip)
{
    const struct repvit_thread *thread = &step->scratch->threads[omp_get_thread_num()];
    load(step->to, strip, thread->mixed);
    squeeze_scale(strip->count, step->to->channels, step->scratch->gate, thread->mixed);
    feed_forward(step, strip, thread->mixed, thread->hidden);
}

static void run_block(const struct step *step, const struct squeeze *squeeze, int threads)
{
    size_t side = step->to->side, strips = count_strips(side);
    const struct repvit_scratch *scratch = step->scratch;
    plane_clear_frame(step->to);
    if (squeeze->reduced) {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t i = 0; i < strips; i++)
            mix_strip(step, i);
        squeeze_gate(squeeze, strips, side * side, scratch->sums, scratch->squeezed, scratch->gate);
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t i = 0; i < strips; i++) {
        struct strip strip = strip_of(step->to, i);
        if (squeeze->reduced)
            finish_strip(step, &strip);
        else
            run_strip(step, &strip);
    }
}

static int at_most(int threads, size_t slots)
{
    return (size_t)threads > slots ? (int)slots : threads;
}

void repvit_run_stem(const struct repvit *repvit, const struct repvit_scratch *scratch,
                     const float *input, int threads, struct plane *x)
{
    const struct repvit_weights *w = &repvit->weights;
    struct plane between = {scratch->planes[1], w->image_size / 2, w->stem1.out};
    *x = (struct plane){scratch->planes[0], w->image_size / 4, w->stem2.out};
    stem_run(&repvit->stem, &scratch->stem, input, &between, x, at_most(threads, scratch->slots));
}

void repvit_run_stage(const struct repvit *repvit, const struct repvit_scratch *scratch,
                      size_t stage, int threads, struct plane *x)
{
    const struct repvit_weights *w = &repvit->weights;
    for (size_t i = stage ? w->ends[stage - 1] : 0; i < w->ends[stage]; i++) {
        float *other = scratch->planes[x->at == scratch->planes[0]];
        struct plane to = {other, w->blocks[i].side, w->blocks[i].project.out};
        struct step step = {&repvit->blocks[i], scratch, kernels_for(repvit->isa), x, &to};
        run_block(&step, &w->blocks[i].squeeze, at_most(threads, scratch->slots));
        *x = to;
    }
}
