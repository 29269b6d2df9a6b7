#include "model/clip/clip_tower.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/size.h"
#include "model/kernels/kernels.h"
#include "model/kernels/matmul_kernel.h"

enum {
    TILE_ROWS = 120,   /* of a product: a multiple of the kernels' rows */
    TILE_COLUMNS = 64, /* a multiple of every panel's width */
    NORM_ROWS = 16
};

static const float NORM_EPS = 1e-5f; /* torch.nn.LayerNorm's default */
static const float MASKED = -1e30f;  /* its exponential counts as 2^-126 */

void clip_multiply(const struct clip_product *p, int threads)
{
    const struct matmul_packed *right = p->right;
    size_t down = (p->rows + TILE_ROWS - 1) / TILE_ROWS;
    size_t tiles = down * ((right->n + TILE_COLUMNS - 1) / TILE_COLUMNS);
    /* Tiles one below the other follow each other: their columns of weights stay in the cache. */
#pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (size_t tile = 0; tile < tiles; tile++) {
        size_t row = tile % down * TILE_ROWS, column = tile / down * TILE_COLUMNS;
        size_t rows = smaller(p->rows - row, TILE_ROWS);
        size_t columns = smaller(right->n - column, TILE_COLUMNS);
        float *to = p->to.data + row * p->to.row + column;
        matmul_columns(rows, matmul_rows(p->from.data + row * p->from.row, p->from.row), right,
                       column, columns, (struct matmul_result){to, p->to.row, p->to.add});
        if (p->activate)
            p->activate(rows, columns, to, p->to.row);
    }
}

void clip_normalise(enum isa isa, const struct norm *norm, size_t rows,
                    const struct clip_buffers *buffers, float *y, size_t y_row)
{
    size_t d = (size_t)norm->width;
    const struct layer_norm layer = {d, norm->weight, norm->bias, NORM_EPS};
#pragma omp parallel for num_threads(buffers->threads) schedule(dynamic)
    for (size_t row = 0; row < rows; row += NORM_ROWS)
        kernels_for(isa)->layer_norm(&layer, smaller(rows - row, NORM_ROWS), buffers->x + row * d,
                                     d, y + row * y_row, y_row);
}

/* Row r of the mask holds the biases of a key that lies r - length tokens behind the first query of a strip: none
 * for the queries at the key's place or behind it. */
int clip_tower_make_mask(struct clip_tower *tower, struct error *error)
{
    size_t width = matmul_kernel(tower->isa)->width, rows = tower->length + width;
    tower->mask = memory_new(rows * width, sizeof(float), "mask of CLIP's attention", error);
    if (!tower->mask)
        return -1;
    for (size_t row = 0; row < rows; row++)
        for (size_t lane = 0; lane < width; lane++)
            tower->mask[row * width + lane] = row <= tower->length + lane ? 0 : MASKED;
    return 0;
}

/* One head of one sequence of `count` tokens. */
struct head {
    const struct clip_tower *tower;
    const float *qkv; /* its query of the first token */
    float *y;         /* where its result for the first token goes */
    size_t count;
};

/* The attention of the queries of a strip, from query `first` on. */
static void attend_strip(const struct head *head, const struct flash_attention *attention,
                         struct attention_strip *strip, size_t first)
{
    const struct clip_tower *tower = head->tower;
    size_t d = tower->width, row = clip_qkv_row(tower), e = CLIP_HEAD_WIDTH;
    size_t width = matmul_kernel(tower->isa)->width;
    float scale = (float)(M_LOG2E / sqrt(CLIP_HEAD_WIDTH));
    for (size_t lane = 0; lane < width; lane++)
        attention_set_query(attention, 0, lane, e,
                            first + lane < head->count ? head->qkv + (first + lane) * row : NULL,
                            scale);
    strip->bias = (struct attention_bias){0};
    struct attention_keys keys = {e, head->count, head->qkv + d, head->qkv + 2 * d, row};
    if (tower->causal) {
        strip->bias.table = tower->mask + (tower->length - first) * width;
        keys.count = smaller(head->count, first + width); /* the keys behind are all masked */
    }
    attention_run(attention, 1, &keys);
    for (size_t lane = 0; lane < width && first + lane < head->count; lane++)
        memcpy(head->y + (first + lane) * clip_y_row(tower), strip->out + lane * e,
               e * sizeof(float));
}

/* y = the attention of all heads. */
static void attend(const struct clip_tower *tower, const struct clip_buffers *buffers,
                   size_t sequences)
{
    size_t width = matmul_kernel(tower->isa)->width;
#pragma omp parallel for num_threads(buffers->threads) schedule(dynamic)
    for (size_t task = 0; task < sequences * tower->heads; task++) {
        size_t start = buffers->starts[task / tower->heads];
        size_t column = task % tower->heads * CLIP_HEAD_WIDTH;
        struct flash_attention *attention = &buffers->attentions[omp_get_thread_num()];
        const struct head head = {
            .tower = tower,
            .qkv = buffers->qkv + start * clip_qkv_row(tower) + column,
            .y = buffers->y + start * clip_y_row(tower) + column,
            .count = buffers->starts[task / tower->heads + 1] - start,
        };
        for (size_t first = 0; first < head.count; first += width)
            attend_strip(&head, attention, &attention->strips[0], first);
    }
}

/* Moves the tokens that are asked for to the front, with their attention. */
static void pick(const struct clip_tower *tower, const struct clip_buffers *buffers,
                 size_t sequences)
{
    size_t d = tower->width, y_row = clip_y_row(tower);
    for (size_t i = 0; i < sequences; i++) {
        size_t from = tower->causal ? buffers->starts[i + 1] - 1 : buffers->starts[i];
        if (from == i)
            continue;
        memcpy(buffers->x + i * d, buffers->x + from * d, d * sizeof(float));
        memcpy(buffers->y + i * y_row, buffers->y + from * y_row, d * sizeof(float));
    }
}

/* q, k and v of all tokens. */
static void project(const struct clip_tower *tower, const struct clip_block *block,
                    const struct clip_buffers *buffers, size_t rows)
{
    size_t d = tower->width, y_row = clip_y_row(tower);
    clip_normalise(tower->isa, &block->ln_1, rows, buffers, buffers->y, y_row);
    for (size_t i = 0; i < 3; i++) {
        const struct clip_product product = {
            .rows = rows,
            .from = matmul_rows(buffers->y, y_row),
            .right = &block->qkv[i],
            .to = matmul_set(buffers->qkv + i * d, clip_qkv_row(tower)),
        };
        clip_multiply(&product, buffers->threads);
    }
}

/* Everything after the attention of a block. */
static void finish(const struct clip_tower *tower, const struct clip_block *block,
                   const struct clip_buffers *buffers, size_t rows)
{
    size_t d = tower->width, y_row = clip_y_row(tower), hidden_row = clip_hidden_row(tower);
    const struct clip_product out = {
        .rows = rows,
        .from = matmul_rows(buffers->y, y_row),
        .right = &block->out.packed,
        .to = matmul_add(buffers->x, d),
    };
    const struct clip_product fc = {
        .rows = rows,
        .from = matmul_rows(buffers->y, y_row),
        .right = &block->fc.packed,
        .to = matmul_set(buffers->hidden, hidden_row),
        .activate = tower->activate,
    };
    const struct clip_product proj = {
        .rows = rows,
        .from = matmul_rows(buffers->hidden, hidden_row),
        .right = &block->proj.packed,
        .to = matmul_add(buffers->x, d),
    };
    clip_multiply(&out, buffers->threads);
    clip_normalise(tower->isa, &block->ln_2, rows, buffers, buffers->y, y_row);
    clip_multiply(&fc, buffers->threads);
    clip_multiply(&proj, buffers->threads);
}

void clip_tower_run(const struct clip_tower *tower, const struct clip_buffers *buffers,
                    size_t sequences)
{
    size_t rows = buffers->starts[sequences];
    for (size_t b = 0; b < tower->depth; b++) {
        project(tower, &tower->blocks[b], buffers, rows);
        attend(tower, buffers, sequences);
        if (b + 1 == tower->depth) {
            pick(tower, buffers, sequences);
            rows = sequences;
        }
        finish(tower, &tower->blocks[b], buffers, rows);
    }
}
