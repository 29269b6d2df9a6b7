#include "model/encoders/tinyvit.h"

#include <omp.h>

#include "base/size.h"
#include "model/kernels/kernels.h"

static const float NORM_EPS = 1e-5f; /* PyTorch's default, as in the official code */

enum { STRIP_TOKENS = 64 }; /* a strip is the rows that hold at most this many tokens, or one row */

static size_t strip_rows(size_t side)
{
    return side < STRIP_TOKENS ? STRIP_TOKENS / side : 1;
}

/* The largest of each size in any stage. */
struct sizes {
    size_t plane, expanded;    /* floats of a plane; hidden channels of an MBConv */
    size_t keys, tokens, head; /* window^2; positions of a window or of a strip; E */
    size_t width, hidden;      /* floats: positions * D, positions * hidden */
};

static struct sizes largest(const struct tinyvit_weights *w)
{
    struct sizes most = {plane_size(w->image_size / 2, w->stem1.out), 0, 0, 0, 0, 0, 0};
    for (size_t i = 0; i < TINYVIT_STAGES; i++) {
        const struct tinyvit_stage *s = &w->stages[i];
        most.plane = larger(most.plane, plane_size(s->side, s->width));
        most.expanded = larger(most.expanded, s->merge.depthwise.out);
        for (size_t b = 0; i == 0 && b < s->depth; b++)
            most.expanded = larger(most.expanded, s->convs[b].depthwise.out);
        if (i == 0)
            continue;
        size_t tokens = larger(s->window * s->window, strip_rows(s->side) * s->side);
        most.keys = larger(most.keys, s->window * s->window);
        most.head = larger(most.head, s->width / s->heads);
        most.width = larger(most.width, tokens * s->width);
        most.hidden = larger(most.hidden, tokens * s->hidden);
    }
    return most;
}

static void thread_layout(struct tinyvit_thread *thread, const struct tinyvit *tinyvit,
                          const struct sizes *most, struct arena *arena)
{
    attention_layout(&thread->attention, tinyvit->isa, NULL, most->head, arena);
    thread->normed = arena_take(arena, most->width, sizeof(float));
    thread->qkv = arena_take(arena, most->width, 3 * sizeof(float));
    thread->keys = arena_take(arena, most->keys * most->head, sizeof(float));
    thread->values = arena_take(arena, most->keys * most->head, sizeof(float));
    thread->mixed = arena_take(arena, most->width, sizeof(float));
    thread->hidden = arena_take(arena, most->hidden, sizeof(float));
}

void tinyvit_layout(struct tinyvit_scratch *scratch, const struct tinyvit *tinyvit, size_t slots,
                    struct arena *arena)
{
    struct sizes most = largest(&tinyvit->weights);
    scratch->slots = slots;
    scratch->x = arena_take(arena, most.plane, sizeof(float));
    scratch->other = arena_take(arena, most.plane, sizeof(float));
    scratch->threads = arena_take(arena, slots, sizeof *scratch->threads);
    scratch->mbconvs = arena_take(arena, slots, sizeof *scratch->mbconvs);
    for (size_t i = 0; i < slots; i++) {
        struct tinyvit_thread thread;
        struct mbconv_scratch mbconv;
        mbconv_layout(&mbconv, most.expanded, arena);
        thread_layout(&thread, tinyvit, &most, arena);
        if (scratch->threads) { /* NULL while the arena only measures */
            scratch->threads[i] = thread;
            scratch->mbconvs[i] = mbconv;
        }
    }
    stem_layout(&scratch->stem, &tinyvit->stem, slots, arena);
    neck_layout(&scratch->neck, &tinyvit->neck, arena);
}

/* One block, applied to a plane. */
struct step {
    const struct tinyvit *tinyvit;
    size_t stage, block;
    const struct plane *from, *to;
};

/* Everything after the attention, for some rows: `to` = local convolution of `from`, then the MLP.
 */
static void finish_rows(const struct step *step, const struct tinyvit_thread *thread, size_t first,
                        size_t rows)
{
    const struct tinyvit_stage *s = &step->tinyvit->weights.stages[step->stage];
    const struct tinyvit_block *block = &s->blocks[step->block];
    const struct tinyvit_packed_block *packed =
        &step->tinyvit->stages[step->stage].blocks[step->block];
    const struct kernels *kernels = kernels_for(step->tinyvit->isa);
    size_t d = s->width, hidden = s->hidden, tokens = rows * s->side;
    struct layer_norm norm = {d, block->mlp_norm.weight, block->mlp_norm.bias, NORM_EPS};
    for (size_t r = 0; r < rows; r++) {
        long row = (long)(first + r);
        const float *const above[3] = {plane_at(step->from, row - 1, -1),
                                       plane_at(step->from, row, -1),
                                       plane_at(step->from, row + 1, -1)};
        kernels->depthwise(&packed->local, s->side, above, thread->mixed + r * s->side * d);
    }
    kernels->layer_norm(&norm, tokens, thread->mixed, d, thread->normed, d);
    matmul_packed(tokens, matmul_rows(thread->normed, d), &packed->fc1,
                  matmul_set(thread->hidden, hidden));
    kernels->gelu(1, tokens * hidden, thread->hidden, 0);
    matmul_packed(tokens, matmul_rows(thread->hidden, hidden), &packed->fc2,
                  matmul_add(thread->mixed, d));
    for (size_t r = 0; r < rows; r++)
        memcpy(plane_at(step->to, (long)(first + r), 0), thread->mixed + r * s->side * d,
               s->side * d * sizeof(float));
}

static void run_block(const struct step *step, const struct tinyvit_scratch *scratch, int threads)
{
    size_t side = step->from->side, rows = strip_rows(side);
    tinyvit_attend(step->tinyvit, step->stage, step->block, scratch, step->from, threads);
    plane_clear_frame(step->to);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t first = 0; first < side; first += rows)
        finish_rows(step, &scratch->threads[omp_get_thread_num()], first,
                    side - first < rows ? side - first : rows);
}

static void swap(struct plane *a, struct plane *b)
{
    struct plane c = *a;
    *a = *b;
    *b = c;
}

/* to[side][side][channels], without the frame. */
static void copy_plane(const struct plane *plane, float *to)
{
    size_t row = plane->side * plane->channels;
    for (size_t r = 0; r < plane->side; r++)
        memcpy(to + r * row, plane_at(plane, (long)r, 0), row * sizeof(float));
}

void tinyvit_encode(const struct tinyvit *tinyvit, const struct tinyvit_scratch *scratch,
                    const float *input, int threads, const struct encoding *to)
{
    const struct tinyvit_weights *w = &tinyvit->weights;
    struct plane x = {scratch->x, w->stages[0].side, w->stages[0].width};
    struct plane other = {scratch->other, w->image_size / 2, w->stem1.out};
    if ((size_t)threads > scratch->slots)
        threads = (int)scratch->slots;
    stem_run(&tinyvit->stem, &scratch->stem, input, &other, &x, threads);
    for (size_t i = 0; i < TINYVIT_STAGES; i++) {
        const struct tinyvit_packed_stage *packed = &tinyvit->stages[i];
        for (size_t b = 0; b < w->stages[i].depth; b++) {
            other = (struct plane){other.at, x.side, x.channels};
            struct step step = {tinyvit, i, b, &x, &other};
            if (i == 0)
                mbconv_run(&packed->convs[b], scratch->mbconvs, &x, &other, threads);
            else
                run_block(&step, scratch, threads);
            swap(&x, &other);
        }
        if (i == TINYVIT_STAGES - 1)
            break;
        other = (struct plane){other.at, w->stages[i + 1].side, w->stages[i + 1].width};
        mbconv_run(&packed->merge, scratch->mbconvs, &x, &other, threads);
        swap(&x, &other);
        if (tinyvit->early && i == TINYVIT_EARLY_STAGE)
            copy_plane(&x, to->early);
    }
    neck_run(&tinyvit->neck, &scratch->neck, plane_at(&x, 0, 0), plane_row(&x), threads,
             to->embedding);
}
