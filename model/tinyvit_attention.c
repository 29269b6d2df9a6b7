/* Attention of TinyViT: one window at a time, from its tokens to what is added to them. */
#include "model/tinyvit.h"

#include <math.h>
#include <omp.h>

#include "model/kernels.h"
#include "model/matmul_kernel.h"

static const float NORM_EPS = 1e-5f; /* PyTorch's default, which the reference uses */

/* The `rows` x `columns` positions of a window that lie within the plane are its tokens, counted
 * row by row; the attention sees all window^2 positions. */
struct window {
    const struct tinyvit *tinyvit;
    const struct tinyvit_stage *stage;
    const struct tinyvit_block *block;
    const struct tinyvit_packed_block *packed;
    struct tinyvit_thread *thread;
    const struct plane *x;
    size_t top, left, rows, columns;
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* thread->qkv = q, k and v of the tokens. */
static void project(const struct window *w)
{
    size_t d = w->stage->width, e = d / w->stage->heads, tokens = w->rows * w->columns;
    for (size_t r = 0; r < w->rows; r++)
        kernels_for(w->tinyvit->isa)
            ->layer_norm(w->columns, d, plane_at(w->x, (long)(w->top + r), (long)w->left), d,
                         w->block->norm_weight, w->block->norm_bias, NORM_EPS,
                         w->thread->normed + r * w->columns * d, d);
    for (size_t i = 0; i < 3 * w->stage->heads; i++)
        matmul_columns(tokens, w->thread->normed, d, &w->packed->qkv[i], 0, e, false,
                       w->thread->qkv + i * tokens * e, e);
}

/* to[window^2][E] = part `i` of qkv, with the padded positions in their places. */
static void gather(const struct window *w, size_t i, float *to)
{
    size_t e = w->stage->width / w->stage->heads, tokens = w->rows * w->columns;
    const float *from = w->thread->qkv + i * tokens * e;
    for (size_t r = 0; r < w->stage->window; r++)
        for (size_t c = 0; c < w->stage->window; c++, to += e) {
            bool padded = r >= w->rows || c >= w->columns;
            memcpy(to, padded ? w->packed->padded + i * e : from + (r * w->columns + c) * e,
                   e * sizeof(float));
        }
}

/* The token at position `query` of the window; false where that is padded. */
static bool token_at(const struct window *w, size_t query, size_t *token)
{
    size_t row = query / w->stage->window, column = query % w->stage->window;
    *token = row * w->columns + column;
    return row < w->rows && column < w->columns;
}

/* One head's attention for up to ATTENTION_TILES tiles of queries from `first` on. `biases` is the
 * head's table. */
static void attend_tiles(const struct window *w, size_t head, size_t first, const float *biases)
{
    struct attention *attention = &w->thread->attention;
    size_t d = w->stage->width, e = d / w->stage->heads, side = w->stage->window;
    size_t width = matmul_kernel(w->tinyvit->isa)->width, tiles = 0, token;
    const float *queries = w->thread->qkv + 3 * head * w->rows * w->columns * e;
    for (; tiles < ATTENTION_TILES && first + tiles * width < w->rows * side; tiles++) {
        size_t start = first + tiles * width;
        attention->tiles[tiles].bias =
            (struct attention_bias){.table = biases + start * side * side};
        for (size_t i = 0; i < width; i++)
            attention_set_query(attention, tiles, i, e,
                                token_at(w, start + i, &token) ? queries + token * e : NULL,
                                (float)(M_LOG2E / sqrt((double)e)));
    }
    attention_run(attention, tiles, e, side * side, w->thread->keys, w->thread->values);
    for (size_t i = 0; i < tiles * width; i++)
        if (token_at(w, first + i, &token))
            memcpy(w->thread->mixed + token * d + head * e,
                   attention->tiles[i / width].out + i % width * e, e * sizeof(float));
}

static void attend_window(const struct window *w)
{
    size_t d = w->stage->width, side = w->stage->window, tokens = w->rows * w->columns;
    size_t width = matmul_kernel(w->tinyvit->isa)->width;
    size_t table = (side * side + width - 1) / width * width * side * side;
    project(w);
    for (size_t head = 0; head < w->stage->heads; head++) {
        gather(w, 3 * head + 1, w->thread->keys);
        gather(w, 3 * head + 2, w->thread->values);
        for (size_t first = 0; first < w->rows * side; first += ATTENTION_TILES * width)
            attend_tiles(w, head, first, w->packed->biases + head * table);
    }
    matmul_columns(tokens, w->thread->mixed, d, &w->packed->proj, 0, d, false, w->thread->normed,
                   d);
    for (size_t r = 0; r < w->rows; r++) {
        float *to = plane_at(w->x, (long)(w->top + r), (long)w->left);
        for (size_t i = 0; i < w->columns * d; i++)
            to[i] += w->thread->normed[r * w->columns * d + i];
    }
}

void tinyvit_attend(const struct tinyvit *tinyvit, size_t stage, size_t b,
                    const struct tinyvit_scratch *scratch, const struct plane *x, int threads)
{
    const struct tinyvit_stage *s = &tinyvit->weights.stages[stage];
    size_t across = (s->side + s->window - 1) / s->window;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t task = 0; task < across * across; task++) {
        struct window w = {.tinyvit = tinyvit,
                           .stage = s,
                           .block = &s->blocks[b],
                           .packed = &tinyvit->stages[stage].blocks[b],
                           .thread = &scratch->threads[omp_get_thread_num()],
                           .x = x,
                           .top = task / across * s->window,
                           .left = task % across * s->window};
        w.rows = smaller(s->window, s->side - w.top);
        w.columns = smaller(s->window, s->side - w.left);
        attend_window(&w);
    }
}
