/* attention.h - attention of one head for a few strips of queries, without storing the scores of
 * all keys: an online softmax over chunks of keys that stay in the innermost caches ("flash
 * attention").
 *
 * Scores are stored transposed, [keys][width]: a vector holds one key and LANES queries, so the
 * softmax runs down columns and never sums across lanes. `width` is that of matmul_kernel. Scores
 * are in base 2: queries carry a factor of log2(e). */
#ifndef MODEL_KERNELS_ATTENTION_H
#define MODEL_KERNELS_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/isa.h"
#include "base/memory.h"

struct half16_kernel;

/* Keys for each step of the softmax: 18 KB of scores. */
enum { ATTENTION_CHUNK = 144 };

/* Strips that share one pass over the keys, so that keys are read less often. */
enum { ATTENTION_STRIPS = 4 };

/* What is added to the scores, times log2(e). Queries and keys are the cells of a square of side
 * `side`, row by row. The bias of a key is
 *   table[key]                               if there is a table,
 *   that of its distance from the query      if there are distances,
 *   down[key / side] + right[key % side]     if there are sums,
 *   0                                        otherwise. */
struct attention_bias {
    const float *table;        /* [keys][width] or NULL */
    const float *distances;    /* of attention_distances, or NULL */
    size_t query;              /* with distances: the strip's first query; side >= width */
    const float *down, *right; /* [keys / side][width], [side][width]; or NULL */
    size_t side;
};

/* Biases by distance, for squares that are too large for a table of all pairs of cells. There is
 * one row for each distance down, 0 .. side - 1. It holds the biases for the distances across from
 * -(side - 1) to side - 1, which are symmetric, with `width` floats of padding at either end. */
static inline size_t attention_distances_row(size_t side, size_t width)
{
    return 2 * (side + width) - 1;
}

/* to[side][attention_distances_row] = biases[down * side + across] * factor. */
void attention_distances(size_t side, size_t width, const float *biases, float factor, float *to);

/* One strip of queries. */
struct attention_strip {
    float *query;               /* [E][width], in: queries as columns, times log2(e) / sqrt(E) */
    struct attention_bias bias; /* in */
    float *out;                 /* [width][E], out: the attention, a row for each query */
    float *max, *sum;           /* [width], of the softmax so far */
};

/* The strips and the scratch of one thread. */
struct flash_attention {
    enum isa isa;
    /* The kernel of both products, or NULL for floats. With a kernel, keys are packed along rows,
     * and values across rows that lie group * E floats apart. */
    const struct half16_kernel *half16;
    struct attention_strip strips[ATTENTION_STRIPS];
    float *scores; /* [ATTENTION_CHUNK][width] */
    float *factor; /* [width] */
};

/* Takes the scratch from the arena. `half16` is NULL for float products. */
void attention_layout(struct flash_attention *attention, enum isa isa,
                      const struct half16_kernel *half16, size_t head_width, struct arena *arena);

/* Column `lane` of a strip's queries = from[head_width] * factor, or zeros if `from` is NULL. */
void attention_set_query(const struct flash_attention *attention, size_t strip, size_t lane,
                         size_t head_width, const float *from, float factor);

/* What the queries attend to. */
struct attention_keys {
    size_t head_width, count;
    const float *keys, *values; /* [count][E]; rows lie `row` floats apart */
    size_t row;
};

/* out = softmax2(keys @ query + bias) @ values for the first `strips` strips; their queries are
 * overwritten. A query's result has the same bits whatever the other columns hold. */
void attention_run(const struct flash_attention *attention, size_t strips,
                   const struct attention_keys *keys);

#endif
