/* attention.h - one head's attention for a tile of queries at a time, without storing the scores of
 * all keys: an online softmax over chunks of keys that stay in the innermost caches.
 *
 * Scores are held transposed, [keys][width]: a vector is one key and LANES queries, so that the
 * softmax runs down columns without any sum across lanes. `width` is that of matmul_kernel. All
 * scores are in base 2: queries carry a factor log2(e). */
#ifndef MODEL_KERNELS_ATTENTION_H
#define MODEL_KERNELS_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"
#include "base/memory.h"

struct half16_kernel;

enum {
    ATTENTION_CHUNK = 144, /* keys a step of the softmax: 18 KB of scores */
    ATTENTION_TILES =
        4 /* tiles that share a pass over the keys, so that these are read less often */
};

/* What is added to the scores, times log2(e); queries and keys are the cells of a square of `side`
 * x `side`, row by row. table[key] when there is a table; where there are `distances`, what these
 * have for the rows and columns between the cells; else down[key / side] + right[key % side]. */
struct attention_bias {
    const float *table;        /* [keys][width] or NULL */
    const float *distances;    /* of attention_distances, or NULL */
    size_t query;              /* with them: the tile's first; side >= width */
    const float *down, *right; /* [keys / side][width], [side][width] */
    size_t side;
};

/* Biases by distance, for squares too large to have a table for each pair of cells: one row for
 * each distance down, and in it the values at distances across -(side - 1) .. side - 1, the same to
 * the left and to the right, between `width` floats of padding at either end. */
static inline size_t attention_distances_row(size_t side, size_t width)
{
    return 2 * (side + width) - 1;
}

/* to[side][attention_distances_row] = biases[down * side + across] * factor. */
void attention_distances(size_t side, size_t width, const float *biases, float factor, float *to);

/* One tile of queries. */
struct attention_tile {
    float *query;               /* [E][width], in: queries as columns, times log2(e) / sqrt(E) */
    struct attention_bias bias; /* in */
    float *out;       /* [width][E], out: what the queries' attention makes of the values */
    float *max, *sum; /* [width] */
};

/* What one thread needs. */
struct flash_attention {
    enum isa isa;
    /* Where there is one, keys come as its elements along rows, and values as its elements across
     * rows, group E apart. */
    const struct half16_kernel *half16;
    struct attention_tile tiles[ATTENTION_TILES];
    float *scores; /* [ATTENTION_CHUNK][width] */
    float *factor; /* [width] */
};

/* `half16`: the kernel of both products, or NULL for floats. */
void attention_layout(struct flash_attention *attention, enum isa isa,
                      const struct half16_kernel *half16, size_t head_width, struct arena *arena);

/* Column `lane` of a tile's queries = from[head_width] * factor, or zeros where `from` is NULL. */
void attention_set_query(const struct flash_attention *attention, size_t tile, size_t lane,
                         size_t head_width, const float *from, float factor);

/* What the queries attend to. */
struct attention_keys {
    size_t head_width, count;
    const float *keys, *values; /* [count][E] */
};

/* out = softmax2(keys @ query + bias) @ values for the first `tiles` tiles; their queries are
 * overwritten. A query's result has the same bits whatever the other columns hold. */
void attention_run(const struct flash_attention *attention, size_t tiles,
                   const struct attention_keys *keys);

#endif
