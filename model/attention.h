/* attention.h - one head's attention for a tile of queries at a time, without storing the scores of
 * all keys: an online softmax over chunks of keys that stay in the innermost caches.
 *
 * Scores are held transposed, [keys][width]: a vector is one key and LANES queries, so that the
 * softmax runs down columns without any sum across lanes. `width` is that of matmul_kernel. All
 * scores are in base 2: queries carry a factor log2(e). */
#ifndef MODEL_ATTENTION_H
#define MODEL_ATTENTION_H

#include <stddef.h>

#include "base/isa.h"
#include "base/memory.h"

enum { ATTENTION_CHUNK = 256 }; /* keys a step of the softmax: 32 KB of scores */

/* The memory of one tile. */
struct attention_tile {
    float *query;              /* [E][width], in: queries as columns, times log2(e) / sqrt(E) */
    float *scores;             /* [ATTENTION_CHUNK][width] */
    float *max, *sum, *factor; /* [width] */
    float *out; /* [width][E], out: what the queries' attention makes of the values */
};

void attention_layout(struct attention_tile *tile, enum isa isa, size_t head_width,
                      struct arena *arena);

/* What is added to the scores, times log2(e): table[key] when there is a table, else
 * down[key / side] + right[key % side]. */
struct attention_bias {
    const float *table;        /* [keys][width] or NULL */
    const float *down, *right; /* [keys / side][width], [side][width] */
    size_t side;
};

/* out = softmax2(keys @ query + bias) @ values for keys[count][E] and values[count][E]. The same
 * bits whatever the other columns hold. */
void attention_run(enum isa isa, const struct attention_tile *tile, size_t head_width, size_t count,
                   const float *keys, const float *values, const struct attention_bias *bias);

/* Column `lane` of the query tile = from[E] * factor, or zeros where `from` is NULL. */
void attention_set_query(enum isa isa, const struct attention_tile *tile, size_t head_width,
                         size_t lane, const float *from, float factor);

#endif
