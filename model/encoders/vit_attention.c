/* Attention of the ViT: strips of queries of one head, within a window or over the whole grid. */
#include "model/encoders/vit.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/size.h"
#include "model/kernels/half16.h"
#include "model/kernels/matmul_kernel.h"

/* One head and one window. The keys are side x side positions; the queries are the rows x columns
 * positions of them that lie within the grid. */
struct window {
    const struct vit *vit;
    const struct vit_scratch *scratch;
    size_t block, head;
    size_t side, top, left, rows, columns;
};

/* q, k or v (`what` is 0, 1 or 2) of a position of the window. */
static float *part_at(const struct window *w, size_t what, size_t row, size_t column)
{
    const struct vit_sizes *s = &w->vit->weights.sizes;
    size_t token = (w->top + row) * s->grid + w->left + column;
    return w->scratch->qkv +
           ((what * s->heads + w->head) * s->grid * s->grid + token) * s->head_width;
}

/* to[side][side][E] = k or v of the window; padded positions get the bias. */
static void gather(const struct window *w, size_t what, float *to)
{
    const struct vit_sizes *s = &w->vit->weights.sizes;
    size_t e = s->head_width;
    const float *bias = w->vit->weights.blocks[w->block].qkv.bias + (what * s->heads + w->head) * e;
    for (size_t r = 0; r < w->side; r++)
        for (size_t c = 0; c < w->side; c++, to += e)
            memcpy(to, r < w->rows && c < w->columns ? part_at(w, what, r, c) : bias,
                   e * sizeof(float));
}

/* positions[side][width]: along one axis, the product of each key's relative position with the
 * query of each lane, which is at at[lane]. `table` is rel_h or rel_w. */
static void relative(const struct window *w, const struct vit_attention_scratch *scratch,
                     size_t strip, const float *table, const size_t *at, float *positions)
{
    const struct matmul_kernel *kernel = matmul_kernel(w->vit->isa);
    size_t e = w->vit->weights.sizes.head_width, width = kernel->width;
    size_t low = at[0], high = at[0];
    for (size_t i = 1; i < width; i++) {
        low = at[i] < low ? at[i] : low;
        high = at[i] > high ? at[i] : high;
    }
    size_t first = w->side - 1 - high;
    kernel->panel((struct matmul_shape){w->side + high - low, width, e},
                  matmul_rows(table + first * e, e), scratch->attention.strips[strip].query, NULL,
                  matmul_set(scratch->products, width));
    for (size_t key = 0; key < w->side; key++)
        for (size_t i = 0; i < width; i++)
            positions[key * width + i] = scratch->products[(high - at[i] + key) * width + i];
}

/* The row and column of a query. Queries past the last one get those of the last. */
static void query_at(const struct window *w, size_t query, size_t *row, size_t *column)
{
    size_t columns = w->columns, last = w->rows * columns - 1;
    if (query > last)
        query = last;
    assert(columns > 0);
    *row = query / columns;
    *column = query % columns;
}

/* Sets the queries and biases of a strip, from query `first` on. */
static void set_strip(const struct window *w, struct vit_attention_scratch *scratch, size_t strip,
                      size_t first)
{
    const struct vit_packed_block *block = &w->vit->blocks[w->block];
    size_t e = w->vit->weights.sizes.head_width, width = matmul_kernel(w->vit->isa)->width;
    float scale = (float)(M_LOG2E / sqrt((double)e));
    float *down = scratch->down + strip * w->side * width;
    float *right = scratch->right + strip * w->side * width;
    size_t row[MATMUL_WIDTH_MAX] = {0}, column[MATMUL_WIDTH_MAX] = {0};
    for (size_t i = 0; i < width; i++) {
        query_at(w, first + i, &row[i], &column[i]);
        attention_set_query(&scratch->attention, strip, i, e, part_at(w, 0, row[i], column[i]),
                            scale);
    }
    struct attention_bias bias = {0};
    if (block->rel_h) {
        relative(w, scratch, strip, block->rel_h, row, down);
        relative(w, scratch, strip, block->rel_w, column, right);
        bias = (struct attention_bias){.down = down, .right = right, .side = w->side};
    }
    scratch->attention.strips[strip].bias = bias;
}

/* Stores the results of the queries from `first` on, out[width][E], in their tokens' rows of y. */
static void store_strip(const struct window *w, const float *out, size_t first)
{
    const struct vit_sizes *s = &w->vit->weights.sizes;
    size_t e = s->head_width, width = matmul_kernel(w->vit->isa)->width;
    for (size_t i = 0; i < width && first + i < w->rows * w->columns; i++, out += e) {
        size_t row, column;
        query_at(w, first + i, &row, &column);
        size_t token = (w->top + row) * s->grid + w->left + column;
        float *y = w->scratch->y + token * w->scratch->y_row;
        if (w->vit->half16)
            w->vit->half16->along(1, e, out, 0, y + w->head * e / w->vit->half16->group, 0);
        else
            memcpy(y + w->head * e, out, e * sizeof(float));
    }
}

/* Computes and stores the attention of up to ATTENTION_STRIPS strips of queries from `first` on. */
static void attend_strips(const struct window *w, struct vit_attention_scratch *scratch,
                          size_t first, const float *keys, const float *values)
{
    size_t e = w->vit->weights.sizes.head_width, queries = w->rows * w->columns;
    size_t width = matmul_kernel(w->vit->isa)->width, strips = 0;
    for (; strips < ATTENTION_STRIPS && first + strips * width < queries; strips++)
        set_strip(w, scratch, strips, first + strips * width);
    struct attention_keys all = {e, w->side * w->side, keys, values, e};
    attention_run(&scratch->attention, strips, &all);
    for (size_t t = 0; t < strips; t++, first += width)
        store_strip(w, scratch->attention.strips[t].out, first);
}

/* A whole window. Gathers its keys and values first. */
static void attend_window(const struct window *w, struct vit_attention_scratch *scratch)
{
    size_t width = matmul_kernel(w->vit->isa)->width;
    size_t e = w->vit->weights.sizes.head_width, keys = w->side * w->side;
    gather(w, 1, scratch->keys);
    gather(w, 2, scratch->values);
    const struct half16_kernel *half16 = w->vit->half16;
    if (half16) {
        half16->along(keys, e, scratch->keys, e, scratch->keys, e);
        half16->across(keys, e, scratch->values, e, scratch->values, half16->group * e);
    }
    for (size_t first = 0; first < w->rows * w->columns; first += ATTENTION_STRIPS * width)
        attend_strips(w, scratch, first, scratch->keys, scratch->values);
}

static void attend_windows(const struct vit *vit, size_t b, const struct vit_scratch *scratch,
                           int threads)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    size_t side = vit->weights.blocks[b].window;
    size_t across = (s->grid + side - 1) / side, windows = across * across;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t task = 0; task < s->heads * windows; task++) {
        struct window w = {vit, scratch, b, task / windows, side, 0, 0, 0, 0};
        w.top = task % windows / across * side;
        w.left = task % across * side;
        w.rows = smaller(side, s->grid - w.top);
        w.columns = smaller(side, s->grid - w.left);
        attend_window(&w, &scratch->threads[omp_get_thread_num()]);
    }
}

static void attend_globally(const struct vit *vit, size_t b, const struct vit_scratch *scratch,
                            int threads)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    size_t queries = ATTENTION_STRIPS * matmul_kernel(vit->isa)->width;
    size_t parts = (s->grid * s->grid + queries - 1) / queries;
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t task = 0; task < s->heads * parts; task++) {
        struct window w = {vit, scratch, b, task / parts, s->grid, 0, 0, s->grid, s->grid};
        attend_strips(&w, &scratch->threads[omp_get_thread_num()], task % parts * queries,
                      part_at(&w, 1, 0, 0), part_at(&w, 2, 0, 0));
    }
}

bool vit_attends_in_place(const struct vit *vit, size_t b)
{
    size_t grid = vit->weights.sizes.grid;
    return vit->weights.blocks[b].window == grid &&
           (!vit->half16 || grid % vit->half16->group == 0);
}

void vit_attend(const struct vit *vit, size_t b, const struct vit_scratch *scratch, int threads)
{
    if (vit_attends_in_place(vit, b))
        attend_globally(vit, b, scratch, threads);
    else
        attend_windows(vit, b, scratch, threads);
}
