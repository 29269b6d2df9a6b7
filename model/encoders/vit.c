#include "model/encoders/vit.h"

#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "model/kernels/half16.h"
#include "model/kernels/kernels.h"
#include "model/kernels/matmul_kernel.h"

static const float NORM_EPS = 1e-6f; /* segment_anything/build_sam.py */

enum { ROW_GAP = CACHE_LINE };

static void attention_scratch_layout(struct vit_attention_scratch *scratch, const struct vit *vit,
                                     struct arena *arena)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    size_t side = s->window_max, width = matmul_kernel(vit->isa)->width, gathered = 0;
    for (size_t b = 0; b < s->depth; b++) {
        size_t window = vit->weights.blocks[b].window;
        gathered = larger(gathered, vit_attends_in_place(vit, b) ? 0 : window * window);
    }
    attention_layout(&scratch->attention, vit->isa, vit->half16, s->head_width, arena);
    scratch->products = arena_take(arena, (2 * side - 1) * width, sizeof(float));
    scratch->down = arena_take(arena, ATTENTION_STRIPS * side * width, sizeof(float));
    scratch->right = arena_take(arena, ATTENTION_STRIPS * side * width, sizeof(float));
    scratch->keys = arena_take(arena, gathered * s->head_width, sizeof(float));
    scratch->values = arena_take(arena, gathered * s->head_width, sizeof(float));
}

void vit_layout(struct vit_scratch *scratch, const struct vit *vit, size_t slots,
                struct arena *arena)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    size_t n = s->grid * s->grid;
    scratch->slots = slots;
    scratch->y_row = s->width + ROW_GAP;
    scratch->hidden_row = larger(3 * s->patch * s->patch, VIT_HIDDEN) + ROW_GAP;
    scratch->x = arena_take(arena, n * s->width, sizeof(float));
    scratch->y = arena_take(arena, n * scratch->y_row, sizeof(float));
    scratch->qkv = arena_take(arena, n * s->width, 3 * sizeof(float));
    scratch->hidden = arena_take(arena, n * scratch->hidden_row, sizeof(float));
    scratch->threads = arena_take(arena, slots, sizeof *scratch->threads);
    for (size_t i = 0; i < slots; i++) {
        struct vit_attention_scratch thread;
        attention_scratch_layout(&thread, vit, arena);
        if (scratch->threads) /* NULL while the arena only measures */
            scratch->threads[i] = thread;
    }
    neck_layout(&scratch->neck, &vit->neck, arena);
}

/* Rows of y and of the hidden layer as left sides of products, from row `first` on. */
static struct matmul_view y_rows(const struct vit_scratch *scratch, size_t first)
{
    return matmul_rows(scratch->y + first * scratch->y_row, scratch->y_row);
}

static struct matmul_view hidden_rows(const struct vit_scratch *scratch, size_t first)
{
    return matmul_rows(scratch->hidden + first * scratch->hidden_row, scratch->hidden_row);
}

/* x of a strip = projected patches + position embeddings. */
static void embed(const struct vit *vit, const struct vit_scratch *scratch, const float *input,
                  size_t first, size_t rows)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    size_t p = s->patch;
    for (size_t token = first; token < first + rows; token++) {
        float *to = scratch->hidden + token * scratch->hidden_row;
        const float *from = input + token / s->grid * p * s->image_size + token % s->grid * p;
        for (size_t plane = 0; plane < 3; plane++)
            for (size_t r = 0; r < p; r++, to += p)
                memcpy(to, from + (plane * s->image_size + r) * s->image_size, p * sizeof(float));
    }
    float *x = scratch->x + first * s->width;
    memcpy(x, vit->weights.pos_embed + first * s->width, rows * s->width * sizeof(float));
    matmul_packed(rows, hidden_rows(scratch, first), &vit->patch, matmul_add(x, s->width));
}

/* y = LayerNorm of x for a strip, packed for the products. */
static void norm(const struct vit *vit, const struct vit_scratch *scratch, size_t first,
                 size_t rows, const float *weight, const float *bias)
{
    size_t d = vit->weights.sizes.width, row = scratch->y_row;
    struct layer_norm norm = {d, weight, bias, NORM_EPS};
    float *y = scratch->y + first * row;
    kernels_for(vit->isa)->layer_norm(&norm, rows, scratch->x + first * d, d, y, row);
    if (vit->half16)
        vit->half16->along(rows, d, y, row, y, row);
}

/* q, k and v of block `b` for a strip. */
static void project(const struct vit *vit, size_t b, const struct vit_scratch *scratch,
                    size_t first, size_t rows)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    const struct vit_block *block = &vit->weights.blocks[b];
    size_t e = s->head_width;
    bool elements = vit->half16 && vit_attends_in_place(vit, b);
    norm(vit, scratch, first, rows, block->norm1.weight, block->norm1.bias);
    for (size_t i = 0; i < 3 * s->heads; i++) {
        float *to = scratch->qkv + (i * s->grid * s->grid + first) * e;
        matmul_packed(rows, y_rows(scratch, first), &vit->blocks[b].qkv[i], matmul_set(to, e));
        if (elements && i / s->heads == 1)
            vit->half16->along(rows, e, to, e, to, e);
        else if (elements && i / s->heads == 2)
            vit->half16->across(rows, e, to, e, to, vit->half16->group * e);
    }
}

/* x += lin2(gelu(lin1(y))) for a strip, VIT_HIDDEN columns of the hidden layer at a time. */
static void run_mlp(const struct vit *vit, size_t b, const struct vit_scratch *scratch,
                    size_t first, size_t rows)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    const struct vit_packed_block *packed = &vit->blocks[b];
    const struct kernels *kernels = kernels_for(vit->isa);
    float *hidden = scratch->hidden + first * scratch->hidden_row;
    for (size_t from = 0; from < s->hidden; from += VIT_HIDDEN) {
        const struct matmul_packed *lin2 = &packed->lin2[from / VIT_HIDDEN];
        for (size_t i = 0; i < lin2->k; i += packed->lin1.width) {
            size_t columns = lin2->k - i < packed->lin1.width ? lin2->k - i : packed->lin1.width;
            matmul_columns(rows, y_rows(scratch, first), &packed->lin1, from + i, columns,
                           matmul_set(hidden + i, scratch->hidden_row));
            kernels->gelu(rows, columns, hidden + i, scratch->hidden_row);
            if (vit->half16)
                vit->half16->along(rows, columns, hidden + i, scratch->hidden_row,
                                   hidden + i / vit->half16->group, scratch->hidden_row);
        }
        matmul_packed(rows, hidden_rows(scratch, first), lin2,
                      matmul_add(scratch->x + first * s->width, s->width));
    }
}

/* Everything after the attention of block `b`, for a strip. */
static void finish(const struct vit *vit, size_t b, const struct vit_scratch *scratch, size_t first,
                   size_t rows)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    const struct vit_block *block = &vit->weights.blocks[b];
    matmul_packed(rows, y_rows(scratch, first), &vit->blocks[b].proj,
                  matmul_add(scratch->x + first * s->width, s->width));
    norm(vit, scratch, first, rows, block->norm2.weight, block->norm2.bias);
    run_mlp(vit, b, scratch, first, rows);
}

void vit_encode(const struct vit *vit, const struct vit_scratch *scratch, const float *input,
                int threads, const struct encoding *to)
{
    const struct vit_sizes *s = &vit->weights.sizes;
    size_t n = s->grid * s->grid;
    if ((size_t)threads > scratch->slots)
        threads = (int)scratch->slots;
    for (size_t b = 0; b <= s->depth; b++) {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (size_t first = 0; first < n; first += VIT_ROWS) {
            size_t rows = n - first < VIT_ROWS ? n - first : VIT_ROWS;
            if (b == 0)
                embed(vit, scratch, input, first, rows);
            else
                finish(vit, b - 1, scratch, first, rows);
            if (b > 0 && b == vit->early)
                memcpy(to->early + first * s->width, scratch->x + first * s->width,
                       rows * s->width * sizeof(float));
            if (b < s->depth)
                project(vit, b, scratch, first, rows);
        }
        if (b < s->depth)
            vit_attend(vit, b, scratch, threads);
    }
    neck_run(&vit->neck, &scratch->neck, scratch->x, s->grid * s->width, threads, to->embedding);
}
