/* scan_kernel.h - the inner loops of the scan, compiled for each instruction set; of the scan only.
 *
 * Both enlargements have the same shape. A column of the input is spread first: for each output
 * row, the input above it and the one below it. An output column is then blended from two spread
 * columns. All kernels work on whole groups of SCAN_GROUP rows: they read and write up to
 * SCAN_GROUP - 1 entries behind `end`.
 */
#ifndef FILTERS_SCAN_SCAN_KERNEL_H
#define FILTERS_SCAN_SCAN_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct scan_axis;

/* A column spread over the output rows of an axis; each [outputs + SCAN_GROUP]. */
struct scan_spread {
    float *upper, *lower;
};

/* How an output column comes from the spread columns left and right of it. */
struct scan_blend {
    struct scan_spread left, right;
    float left_weight, right_weight;
    const struct scan_axis *rows; /* weights of upper and lower */
};

/* Pixels above +offset and above -offset. */
struct scan_count {
    uint64_t above, below;
};

enum { SCAN_PAD = 48 }; /* entries that must be readable behind a column that is spread */

struct scan_kernel {
    bool fused; /* products are added by fused multiply-adds, as in PyTorch on such a CPU */
    /* Spreads rows begin..end. */
    void (*spread)(const float *column, const struct scan_axis *rows, int begin, int end,
                   struct scan_spread to);
    /* Blends rows begin..end into out[begin..end). */
    void (*blend)(const struct scan_blend *from, int begin, int end, float *out);
    /* Blends rows begin..end and compares: bit i of bits[] tells whether row begin + i is above 0;
     * bits[] holds end - begin bits, rounded up to words, the rest 0. Adds to *count. */
    void (*compare)(const struct scan_blend *from, int begin, int end, float offset, uint64_t *bits,
                    struct scan_count *count);
    /* Bit i of high[] and low[]: column[i] lies in (limit, SCAN_LARGEST) or (-SCAN_LARGEST,
     * -limit). Writes whole words up to `count` bits; bits behind are 0. Reads up to SCAN_PAD more.
     */
    void (*classify)(const float *column, int count, float limit, uint64_t *high, uint64_t *low);
};

#define SCAN_LARGEST 1e30f /* above it sums might overflow, so such logits are never skipped */

/* The best kernels that this CPU has. */
const struct scan_kernel *scan_kernel(void);

/* The reference's calculate_stability_score and its filter: the ratio of the counts, in float, into
 * *score (0 for an empty mask); true where it reaches the threshold. */
bool scan_stable(struct scan_count count, float threshold, float *score);

#endif
