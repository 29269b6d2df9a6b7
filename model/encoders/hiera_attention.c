/* Attention of Hiera: within runs of tokens, within windows that are gathered, or over the grid. */
#include "model/encoders/hiera.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/size.h"
#include "model/kernels/matmul_kernel.h"

/* One head's queries. Query i is row i of `from`, or row tokens[i]; its result goes to row i or
 * tokens[i] of `to`. */
struct queries {
    size_t count;
    const size_t *tokens; /* or NULL */
    const float *from;
    size_t from_row;
    float *to;
    size_t to_row;
};

static size_t row_of(const struct queries *queries, size_t i)
{
    return queries->tokens ? queries->tokens[i] : i;
}

/* The attention of up to ATTENTION_STRIPS strips of queries from `first` on. */
static void attend_some(struct flash_attention *attention, const struct queries *queries,
                        size_t first, const struct attention_keys *keys)
{
    size_t e = keys->head_width, width = matmul_kernel(attention->isa)->width;
    size_t count = smaller(queries->count - first, ATTENTION_STRIPS * width);
    size_t strips = (count + width - 1) / width;
    float scale = (float)(M_LOG2E / sqrt((double)e));
    for (size_t i = 0; i < strips * width; i++)
        attention_set_query(
            attention, i / width, i % width, e,
            i < count ? queries->from + row_of(queries, first + i) * queries->from_row : NULL,
            scale);
    for (size_t t = 0; t < strips; t++)
        attention->strips[t].bias = (struct attention_bias){0};
    attention_run(attention, strips, keys);
    for (size_t i = 0; i < count; i++)
        memcpy(queries->to + row_of(queries, first + i) * queries->to_row,
               attention->strips[i / width].out + i % width * e, e * sizeof(float));
}

static void attend_all(struct flash_attention *attention, const struct queries *queries,
                       const struct attention_keys *keys)
{
    size_t step = ATTENTION_STRIPS * matmul_kernel(attention->isa)->width;
    for (size_t first = 0; first < queries->count; first += step)
        attend_some(attention, queries, first, keys);
}

bool hiera_attends_in_strips(const struct hiera *hiera, size_t b)
{
    const struct hiera_block *block = &hiera->weights.blocks[b];
    size_t window = block->window;
    return !block->global && (window & (window - 1)) == 0 &&
           window <= hiera_grid_before(hiera, b).unit;
}

void hiera_attend_strip(const struct hiera *hiera, size_t b, const struct hiera_scratch *scratch,
                        struct hiera_thread *thread, size_t first, size_t rows)
{
    const struct hiera_block *block = &hiera->weights.blocks[b];
    size_t e = block->out / block->heads, row = scratch->projected_row;
    size_t tokens = block->window * block->window, pool = block->pooled ? 4 : 1;
    for (size_t at = 0; at < rows; at += tokens)
        for (size_t head = 0; head < block->heads; head++) {
            const float *part = thread->projected + head * e, *own = part + at * row;
            struct attention_keys keys = {e, tokens, own + block->out, own + 2 * block->out, row};
            struct queries queries = {
                .count = tokens / pool,
                .from = part + at / pool * row,
                .from_row = row,
                .to = hiera_y(hiera, scratch, b, (first + at) / pool) + head * e,
                .to_row = block->out + HIERA_GAP,
            };
            attend_all(&thread->attention, &queries, &keys);
        }
}

/* A block whose attention is not done in strips. */
struct attention {
    const struct hiera *hiera;
    const struct hiera_scratch *scratch;
    const struct hiera_block *block;
    size_t number;                   /* of the block */
    struct hiera_grid before, after; /* its pooling */
};

static size_t tokens_of(const struct hiera_grid *grid)
{
    return grid->side * grid->side;
}

/* All queries of a head. */
static struct queries head_queries(const struct attention *a, size_t head)
{
    size_t e = a->block->out / a->block->heads, count = tokens_of(&a->after);
    return (struct queries){
        .count = count,
        .from = a->scratch->q + head * count * e,
        .from_row = e,
        .to = hiera_y(a->hiera, a->scratch, a->number, 0) + head * e,
        .to_row = a->block->out + HIERA_GAP,
    };
}

static void attend_globally(const struct attention *a, int threads)
{
    size_t e = a->block->out / a->block->heads, keys = tokens_of(&a->before);
    size_t step = ATTENTION_STRIPS * matmul_kernel(a->hiera->isa)->width;
    size_t parts = (tokens_of(&a->after) + step - 1) / step;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t task = 0; task < a->block->heads * parts; task++) {
        size_t start = task / parts * keys * e;
        struct attention_keys all = {e, keys, a->scratch->k + start, a->scratch->v + start, e};
        struct queries queries = head_queries(a, task / parts);
        attend_some(&a->scratch->threads[omp_get_thread_num()].attention, &queries,
                    task % parts * step, &all);
    }
}

/* to[window^2][E] = k or v of a window: its `count` tokens, then the bias for each padded
 * position. Their order does not matter to a softmax. */
static void gather(const struct attention *a, const float *from, const size_t *tokens, size_t count,
                   const float *bias, float *to)
{
    size_t e = a->block->out / a->block->heads, all = a->block->window * a->block->window;
    for (size_t i = 0; i < all; i++)
        memcpy(to + i * e, i < count ? from + tokens[i] * e : bias, e * sizeof(float));
}

/* One head and one window. */
static void attend_window(const struct attention *a, size_t head, const struct hiera_window *window,
                          struct hiera_thread *thread)
{
    const struct hiera_block *block = a->block;
    size_t e = block->out / block->heads, start = head * tokens_of(&a->before) * e;
    size_t pool = block->pooled ? 2 : 1;
    const float *bias = block->qkv.bias + block->out + head * e;
    size_t count = hiera_window_tokens(&a->before, window, thread->tokens);
    gather(a, a->scratch->k + start, thread->tokens, count, bias, thread->keys);
    gather(a, a->scratch->v + start, thread->tokens, count, bias + block->out, thread->values);
    struct hiera_window pooled = {window->top / pool, window->left / pool, window->side / pool};
    struct attention_keys keys = {e, window->side * window->side, thread->keys, thread->values, e};
    struct queries queries = head_queries(a, head);
    queries.count = hiera_window_tokens(&a->after, &pooled, thread->tokens);
    queries.tokens = thread->tokens;
    attend_all(&thread->attention, &queries, &keys);
}

static void attend_windows(const struct attention *a, int threads)
{
    size_t side = a->block->window, across = (a->before.side + side - 1) / side;
    size_t windows = across * across;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t task = 0; task < a->block->heads * windows; task++) {
        size_t number = task % windows;
        struct hiera_window window = {number / across * side, number % across * side, side};
        attend_window(a, task / windows, &window, &a->scratch->threads[omp_get_thread_num()]);
    }
}

void hiera_attend(const struct hiera *hiera, size_t b, const struct hiera_scratch *scratch,
                  int threads)
{
    struct attention a = {hiera,
                          scratch,
                          &hiera->weights.blocks[b],
                          b,
                          hiera_grid_before(hiera, b),
                          hiera_grid_after(hiera, b)};
    if (a.block->global)
        attend_globally(&a, threads);
    else
        attend_windows(&a, threads);
}
