/* Attention of TinyViT, window by window: norm, q, k and v, attention, proj, residual. Either each
 * thread takes whole windows, or all threads share each window. */
#include "model/encoders/tinyvit.h"

#include <math.h>
#include <omp.h>

#include "base/size.h"
#include "model/kernels/kernels.h"
#include "model/kernels/matmul_kernel.h"

static const float NORM_EPS = 1e-5f; /* PyTorch's default, as in the official code */

/* One window. Its tokens are the rows x columns positions that lie within the plane, row by row.
 * The attention covers all window^2 positions. */
struct window {
    const struct tinyvit *tinyvit;
    const struct tinyvit_stage *stage;
    const struct tinyvit_block *block;
    const struct tinyvit_packed_block *packed;
    struct tinyvit_thread
        *team;   /* of the threads that share the window; the first one's holds its rows */
    int threads; /* in the team, if the window is shared */
    const struct plane *x;
    size_t top, left, rows, columns;
};

/* The first row of thread `i`, if each thread takes a part of the window's rows. */
static size_t part_start(const struct window *w, int i)
{
    return w->rows * (size_t)i / (size_t)w->threads;
}

/* team->qkv = q, k and v of the tokens in rows [first, end). */
static void project_rows(const struct window *w, size_t first, size_t end)
{
    size_t d = w->stage->width, e = d / w->stage->heads, tokens = w->rows * w->columns;
    size_t start = first * w->columns, count = (end - first) * w->columns;
    struct layer_norm norm = {d, w->block->norm.weight, w->block->norm.bias, NORM_EPS};
    for (size_t r = first; r < end; r++)
        kernels_for(w->tinyvit->isa)
            ->layer_norm(&norm, w->columns, plane_at(w->x, (long)(w->top + r), (long)w->left), d,
                         w->team->normed + r * w->columns * d, d);
    for (size_t i = 0; i < 3 * w->stage->heads; i++)
        matmul_packed(count, matmul_rows(w->team->normed + start * d, d), &w->packed->qkv[i],
                      matmul_set(w->team->qkv + (i * tokens + start) * e, e));
}

/* to[window^2][E] = part `i` of qkv, with the padded positions filled in. */
static void gather(const struct window *w, size_t i, float *to)
{
    size_t e = w->stage->width / w->stage->heads, tokens = w->rows * w->columns;
    const float *from = w->team->qkv + i * tokens * e;
    for (size_t r = 0; r < w->stage->window; r++)
        for (size_t c = 0; c < w->stage->window; c++, to += e) {
            bool padded = r >= w->rows || c >= w->columns;
            memcpy(to, padded ? w->packed->padded + i * e : from + (r * w->columns + c) * e,
                   e * sizeof(float));
        }
}

/* The token at position `query` of the window; false if the position is padded. */
static bool token_at(const struct window *w, size_t query, size_t *token)
{
    size_t row = query / w->stage->window, column = query % w->stage->window;
    *token = row * w->columns + column;
    return row < w->rows && column < w->columns;
}

/* The bias of the strip of queries from `first` on; `biases` are the head's. */
static struct attention_bias strip_bias(const struct window *w, const float *biases, size_t first)
{
    size_t side = w->stage->window;
    if (side < matmul_kernel(w->tinyvit->isa)->width)
        return (struct attention_bias){.table = biases + first * side * side};
    return (struct attention_bias){.distances = biases, .query = first, .side = side};
}

/* One head's attention for up to ATTENTION_STRIPS strips of queries from `first` on. */
static void attend_strips(const struct window *w, struct tinyvit_thread *thread, size_t head,
                          size_t first, const float *biases)
{
    struct flash_attention *attention = &thread->attention;
    size_t d = w->stage->width, e = d / w->stage->heads, side = w->stage->window;
    size_t width = matmul_kernel(w->tinyvit->isa)->width, strips = 0, token;
    const float *queries = w->team->qkv + 3 * head * w->rows * w->columns * e;
    for (; strips < ATTENTION_STRIPS && first + strips * width < w->rows * side; strips++) {
        size_t start = first + strips * width;
        attention->strips[strips].bias = strip_bias(w, biases, start);
        for (size_t i = 0; i < width; i++)
            attention_set_query(attention, strips, i, e,
                                token_at(w, start + i, &token) ? queries + token * e : NULL,
                                (float)(M_LOG2E / sqrt((double)e)));
    }
    struct attention_keys keys = {e, side * side, thread->keys, thread->values, e};
    attention_run(attention, strips, &keys);
    for (size_t i = 0; i < strips * width; i++)
        if (token_at(w, first + i, &token))
            memcpy(w->team->mixed + token * d + head * e,
                   attention->strips[i / width].out + i % width * e, e * sizeof(float));
}

/* team->mixed = the attention of one head. */
static void attend_head(const struct window *w, struct tinyvit_thread *thread, size_t head)
{
    size_t side = w->stage->window, width = matmul_kernel(w->tinyvit->isa)->width;
    gather(w, 3 * head + 1, thread->keys);
    gather(w, 3 * head + 2, thread->values);
    for (size_t first = 0; first < w->rows * side; first += ATTENTION_STRIPS * width)
        attend_strips(w, thread, head, first,
                      w->packed->biases + head * tinyvit_biases(side, width));
}

/* x += proj(team->mixed) for the tokens in rows [first, end). */
static void add_rows(const struct window *w, size_t first, size_t end)
{
    size_t d = w->stage->width, start = first * w->columns * d;
    matmul_packed((end - first) * w->columns, matmul_rows(w->team->mixed + start, d),
                  &w->packed->proj, matmul_set(w->team->normed + start, d));
    for (size_t r = first; r < end; r++) {
        float *to = plane_at(w->x, (long)(w->top + r), (long)w->left);
        for (size_t i = 0; i < w->columns * d; i++)
            to[i] += w->team->normed[r * w->columns * d + i];
    }
}

static void attend_window(const struct window *w)
{
    project_rows(w, 0, w->rows);
    for (size_t head = 0; head < w->stage->heads; head++)
        attend_head(w, w->team, head);
    add_rows(w, 0, w->rows);
}

/* attend_window, shared by the whole team. A team of one does not go this way: inside a parallel
 * region OpenMP starts even a team of one anew for each window. */
static void attend_together(const struct window *w)
{
#pragma omp parallel for num_threads(w->threads)
    for (int i = 0; i < w->threads; i++)
        project_rows(w, part_start(w, i), part_start(w, i + 1));
#pragma omp parallel for num_threads(w->threads) schedule(dynamic)
    for (size_t head = 0; head < w->stage->heads; head++)
        attend_head(w, &w->team[omp_get_thread_num()], head);
#pragma omp parallel for num_threads(w->threads)
    for (int i = 0; i < w->threads; i++)
        add_rows(w, part_start(w, i), part_start(w, i + 1));
}

/* Whether `count` windows finish sooner if all threads share each window, one head a thread, than
 * if each thread takes whole windows. Compares the heads that one thread computes. */
static bool better_together(size_t count, size_t heads, size_t threads)
{
    return count * ((heads + threads - 1) / threads) < (count + threads - 1) / threads * heads;
}

/* Sets the position of window `number` of the plane. */
static void place_window(struct window *w, size_t number)
{
    size_t side = w->stage->side, size = w->stage->window, across = (side + size - 1) / size;
    w->top = number / across * size;
    w->left = number % across * size;
    w->rows = smaller(size, side - w->top);
    w->columns = smaller(size, side - w->left);
}

void tinyvit_attend(const struct tinyvit *tinyvit, size_t stage, size_t b,
                    const struct tinyvit_scratch *scratch, const struct plane *x, int threads)
{
    const struct tinyvit_stage *s = &tinyvit->weights.stages[stage];
    size_t across = (s->side + s->window - 1) / s->window, count = across * across;
    struct window first = {.tinyvit = tinyvit,
                           .stage = s,
                           .block = &s->blocks[b],
                           .packed = &tinyvit->stages[stage].blocks[b],
                           .team = scratch->threads,
                           .threads = threads,
                           .x = x};
    if (better_together(count, s->heads, (size_t)threads)) {
        for (size_t i = 0; i < count; i++) {
            place_window(&first, i);
            attend_together(&first);
        }
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t i = 0; i < count; i++) {
        struct window w = first;
        w.team = &scratch->threads[omp_get_thread_num()];
        place_window(&w, i);
        attend_window(&w);
    }
}
