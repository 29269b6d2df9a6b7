#include "model/encoders/hiera.h"

#include <omp.h>
#include <string.h>

#include "base/size.h"
#include "model/kernels/kernels.h"

static const float NORM_EPS = 1e-6f; /* sam2/modeling/backbones/hieradet.py */

enum { PATCH_FLOATS = 3 * HIERA_PATCH * HIERA_PATCH };

/* The grid of a stage's tokens. */
static struct hiera_grid grid_of(const struct hiera *hiera, size_t stage)
{
    return (struct hiera_grid){hiera->weights.side >> stage, HIERA_UNIT >> stage};
}

static size_t tokens_of(const struct hiera *hiera, size_t stage)
{
    size_t side = hiera->weights.side >> stage;
    return side * side;
}

struct hiera_grid hiera_grid_before(const struct hiera *hiera, size_t b)
{
    const struct hiera_block *block = &hiera->weights.blocks[b];
    return grid_of(hiera, block->pooled ? block->stage - 1 : block->stage);
}

struct hiera_grid hiera_grid_after(const struct hiera *hiera, size_t b)
{
    return grid_of(hiera, hiera->weights.blocks[b].stage);
}

float *hiera_y(const struct hiera *hiera, const struct hiera_scratch *scratch, size_t b,
               size_t token)
{
    const struct hiera_block *block = &hiera->weights.blocks[b];
    return scratch->y[block->stage % 2] + token * (block->out + HIERA_GAP);
}

/* Row `token` of x in a stage. */
static float *x_at(const struct hiera *hiera, const struct hiera_scratch *scratch, size_t stage,
                   size_t token)
{
    return scratch->x[stage % 2] + token * hiera->weights.widths[stage];
}

/* The largest of each size in any stage or block. */
struct sizes {
    size_t x[2], y[2];     /* floats */
    size_t width, project; /* of a row */
    size_t queries, keys;  /* floats of q and of k, where attention is not done in strips */
    size_t window, head;   /* positions of a gathered window; E */
};

static struct sizes largest(const struct hiera *hiera)
{
    const struct hiera_weights *w = &hiera->weights;
    struct sizes most = {.project = w->fpn.channels};
    for (size_t stage = 0; stage < HIERA_STAGES; stage++) {
        size_t n = tokens_of(hiera, stage), i = stage % 2;
        most.x[i] = larger(most.x[i], n * w->widths[stage]);
        most.y[i] = larger(most.y[i], n * (w->widths[stage] + HIERA_GAP));
        most.width = larger(most.width, w->widths[stage]);
    }
    for (size_t b = 0; b < w->depth; b++) {
        const struct hiera_block *block = &w->blocks[b];
        size_t before = block->side * block->side;
        most.project = larger(most.project, (block->pooled ? 4 : 3) * block->out);
        most.head = larger(most.head, block->out / block->heads);
        if (hiera_attends_in_strips(hiera, b))
            continue;
        most.queries = larger(most.queries, tokens_of(hiera, block->stage) * block->out);
        most.keys = larger(most.keys, before * block->out);
        if (!block->global)
            most.window = larger(most.window, block->window * block->window);
    }
    return most;
}

static void thread_layout(struct hiera_thread *thread, const struct hiera *hiera,
                          const struct hiera_scratch *scratch, const struct sizes *most,
                          struct arena *arena)
{
    attention_layout(&thread->attention, hiera->isa, NULL, most->head, arena);
    thread->normed = arena_floats(arena, HIERA_ROWS, scratch->normed_row);
    thread->projected = arena_floats(arena, HIERA_ROWS, scratch->projected_row);
    thread->hidden = arena_floats(arena, HIERA_ROWS, scratch->hidden_row);
    thread->keys = arena_floats(arena, most->window, most->head);
    thread->values = arena_floats(arena, most->window, most->head);
    thread->tokens = arena_take(arena, most->window, sizeof *thread->tokens);
}

void hiera_layout(struct hiera_scratch *scratch, const struct hiera *hiera, size_t slots,
                  struct arena *arena)
{
    struct sizes most = largest(hiera);
    size_t g = hiera->fpn.weights.grid, c = hiera->fpn.weights.channels;
    scratch->normed_row = most.width + HIERA_GAP;
    scratch->projected_row = most.project + HIERA_GAP;
    scratch->hidden_row = HIERA_HIDDEN + HIERA_GAP;
    for (size_t i = 0; i < 2; i++) {
        scratch->x[i] = arena_take(arena, most.x[i], sizeof(float));
        scratch->y[i] = arena_take(arena, most.y[i], sizeof(float));
    }
    scratch->q = arena_take(arena, most.queries, sizeof(float));
    scratch->k = arena_take(arena, most.keys, sizeof(float));
    scratch->v = arena_take(arena, most.keys, sizeof(float));
    scratch->middle = arena_floats(arena, g * g, c);
    scratch->low = arena_floats(arena, g / 2 * (g / 2), c);
    scratch->slots = slots;
    scratch->threads = arena_take(arena, slots, sizeof *scratch->threads);
    for (size_t i = 0; i < slots; i++) {
        struct hiera_thread thread;
        thread_layout(&thread, hiera, scratch, &most, arena);
        if (scratch->threads) /* NULL while the arena only measures */
            scratch->threads[i] = thread;
    }
}

/* patch[3][7][7] around the position (row, column) of the grid, with zeros beyond the image. */
static void gather_patch(size_t size, const float *input, size_t row, size_t column, float *patch)
{
    long top = (long)(row * HIERA_STRIDE) - HIERA_PADDING;
    long left = (long)(column * HIERA_STRIDE) - HIERA_PADDING;
    long skipped = left < 0 ? -left : 0, end = (long)size - left;
    end = end < HIERA_PATCH ? end : HIERA_PATCH;
    for (long plane = 0; plane < 3; plane++)
        for (long i = 0; i < HIERA_PATCH; i++, patch += HIERA_PATCH) {
            bool inside = top + i >= 0 && top + i < (long)size;
            if (!inside || skipped > 0 || end < HIERA_PATCH)
                memset(patch, 0, HIERA_PATCH * sizeof(float));
            if (inside)
                memcpy(patch + skipped,
                       input + (plane * (long)size + top + i) * (long)size + left + skipped,
                       (size_t)(end - skipped) * sizeof(float));
        }
}

/* A strip of tokens in a stage. */
struct strip {
    const struct hiera *hiera;
    const struct hiera_scratch *scratch;
    struct hiera_thread *thread;
    size_t first, rows;
};

/* x = projected patches + position embeddings. */
static void embed(const struct strip *s, const float *input)
{
    const struct hiera_grid grid = grid_of(s->hiera, 0);
    size_t d = s->hiera->weights.widths[0], hidden_row = s->scratch->hidden_row;
    for (size_t i = 0; i < s->rows; i++) {
        size_t row, column;
        hiera_position(&grid, s->first + i, &row, &column);
        gather_patch(s->hiera->weights.image_size, input, row, column,
                     s->thread->hidden + i * hidden_row);
    }
    float *x = x_at(s->hiera, s->scratch, 0, s->first);
    memcpy(x, s->hiera->positions + s->first * d, s->rows * d * sizeof(float));
    matmul_packed(s->rows, matmul_rows(s->thread->hidden, hidden_row), &s->hiera->patch,
                  matmul_add(x, d));
}

/* thread->normed = LayerNorm of x. */
static struct matmul_view normalise(const struct strip *s, const float *x, const struct norm *norm)
{
    size_t width = (size_t)norm->width;
    struct layer_norm layer = {width, norm->weight, norm->bias, NORM_EPS};
    kernels_for(s->hiera->isa)
        ->layer_norm(&layer, s->rows, x, width, s->thread->normed, s->scratch->normed_row);
    return matmul_rows(s->thread->normed, s->scratch->normed_row);
}

/* Everything after the attention of block `b`, for a strip of its result. */
static void finish(const struct strip *s, size_t b)
{
    const struct hiera_block *block = &s->hiera->weights.blocks[b];
    const struct hiera_packed_block *packed = &s->hiera->blocks[b];
    const struct kernels *kernels = kernels_for(s->hiera->isa);
    size_t out = block->out, row = s->scratch->hidden_row, panel = packed->lin1.width;
    float *x = x_at(s->hiera, s->scratch, block->stage, s->first), *hidden = s->thread->hidden;
    matmul_packed(s->rows, matmul_rows(hiera_y(s->hiera, s->scratch, b, s->first), out + HIERA_GAP),
                  &packed->proj, matmul_add(x, out));
    struct matmul_view normed = normalise(s, x, &block->norm2);
    for (size_t part = 0; part < packed->parts; part++) {
        const struct matmul_packed *lin2 = &packed->lin2[part];
        for (size_t i = 0; i < lin2->k; i += panel) {
            size_t columns = lin2->k - i < panel ? lin2->k - i : panel;
            matmul_columns(s->rows, normed, &packed->lin1, part * HIERA_HIDDEN + i, columns,
                           matmul_set(hidden + i, row));
            kernels->gelu(s->rows, columns, hidden + i, row);
        }
        matmul_packed(s->rows, matmul_rows(hidden, row), lin2, matmul_add(x, out));
    }
}

/* to[rows / 4][width] = maxima of each four neighbouring rows of from[rows][width]. `to` may be
 * `from`. */
static void pool(size_t rows, size_t width, const float *from, size_t from_row, float *to,
                 size_t to_row)
{
    for (size_t r = 0; r + 4 <= rows; r += 4, from += 4 * from_row, to += to_row)
        for (size_t i = 0; i < width; i++) {
            float a = from[i], b = from[from_row + i];
            float c = from[2 * from_row + i], d = from[3 * from_row + i];
            float left = a > b ? a : b, right = c > d ? c : d;
            to[i] = left > right ? left : right;
        }
}

/* to[H][tokens][E] = a part of thread->projected[rows][H][E], for the tokens from `first` on. */
static void store_heads(const struct hiera_block *block, const float *from, size_t from_row,
                        size_t rows, float *to, size_t tokens)
{
    size_t e = block->out / block->heads;
    for (size_t head = 0; head < block->heads; head++)
        for (size_t r = 0; r < rows; r++)
            memcpy(to + (head * tokens + r) * e, from + r * from_row + head * e, e * sizeof(float));
}

/* q, k and v of block `b` for a strip of the tokens before it, and their attention if that is done
 * in strips. Sets x if the block pools. */
static void project(const struct strip *s, size_t b)
{
    const struct hiera_block *block = &s->hiera->weights.blocks[b];
    size_t out = block->out, row = s->scratch->projected_row, down = block->pooled ? 4 : 1;
    size_t before = block->pooled ? block->stage - 1 : block->stage;
    float *projected = s->thread->projected;
    matmul_packed(s->rows,
                  normalise(s, x_at(s->hiera, s->scratch, before, s->first), &block->norm1),
                  &s->hiera->blocks[b].project, matmul_set(projected, row));
    if (block->pooled) {
        pool(s->rows, out, projected, row, projected, row);
        pool(s->rows, out, projected + 3 * out, row,
             x_at(s->hiera, s->scratch, block->stage, s->first / 4), out);
    }
    if (hiera_attends_in_strips(s->hiera, b)) {
        hiera_attend_strip(s->hiera, b, s->scratch, s->thread, s->first, s->rows);
        return;
    }
    size_t e = out / block->heads, after = tokens_of(s->hiera, block->stage);
    store_heads(block, projected, row, s->rows / down, s->scratch->q + s->first / down * e, after);
    store_heads(block, projected + out, row, s->rows, s->scratch->k + s->first * e, after * down);
    store_heads(block, projected + 2 * out, row, s->rows, s->scratch->v + s->first * e,
                after * down);
}

/* The neck's product for the result of a stage; rows go to their positions, row by row. */
static void write_level(const struct strip *s, size_t stage, const struct encoding *to)
{
    const struct hiera_grid grid = grid_of(s->hiera, stage);
    const struct matmul_packed *level = &s->hiera->fpn.levels[stage];
    float *const levels[] = {to->high[0], to->high[1], s->scratch->middle, s->scratch->low};
    size_t width = s->hiera->weights.widths[stage], row = s->scratch->projected_row;
    const float *x = x_at(s->hiera, s->scratch, stage, s->first);
    matmul_packed(s->rows, matmul_rows(x, width), level, matmul_set(s->thread->projected, row));
    for (size_t i = 0; i < s->rows; i++) {
        size_t r, c;
        hiera_position(&grid, s->first + i, &r, &c);
        memcpy(levels[stage] + (r * grid.side + c) * level->n, s->thread->projected + i * row,
               level->n * sizeof(float));
    }
}

/* Everything between the attention of block b - 1 and that of block `b`, for a strip of the tokens
 * between them. */
static void run_strip(const struct strip *s, size_t b, const float *input,
                      const struct encoding *to)
{
    const struct hiera_weights *w = &s->hiera->weights;
    if (b == 0)
        embed(s, input);
    else
        finish(s, b - 1);
    if (b == w->depth || w->blocks[b].pooled)
        write_level(s, w->blocks[b - 1].stage, to);
    if (b < w->depth)
        project(s, b);
}

void hiera_encode(const struct hiera *hiera, const struct hiera_scratch *scratch,
                  const float *input, int threads, const struct encoding *to)
{
    const struct hiera_weights *w = &hiera->weights;
    if ((size_t)threads > scratch->slots)
        threads = (int)scratch->slots;
    for (size_t b = 0; b <= w->depth; b++) {
        size_t n = tokens_of(hiera, b == 0 ? 0 : w->blocks[b - 1].stage);
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t first = 0; first < n; first += HIERA_ROWS) {
            struct strip strip = {hiera, scratch, &scratch->threads[omp_get_thread_num()], first,
                                  n - first < HIERA_ROWS ? n - first : HIERA_ROWS};
            run_strip(&strip, b, input, to);
        }
        if (b < w->depth && !hiera_attends_in_strips(hiera, b))
            hiera_attend(hiera, b, scratch, threads);
    }
    fpn_join(&hiera->fpn, scratch->middle, scratch->low, threads, to->embedding);
}
