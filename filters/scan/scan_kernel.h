/* scan_kernel.h - the inner loops of the scan, compiled for each instruction set; internal to the
 * scan.
 *
 * Both enlargements work alike. A column of the input is first spread: each output row gets the
 * input above it and the one below it. An output column is then blended from two spread columns.
 * All kernels work on whole groups of SCAN_GROUP rows: they read and write up to SCAN_GROUP - 1
 * entries past `end`.
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

/* The spread columns left and right of an output column, and their weights. */
struct scan_blend {
    struct scan_spread left, right;
    float left_weight, right_weight;
    const struct scan_axis *rows; /* weights of upper and lower */
};

/* Pixels above +offset and above -offset. */
struct scan_count {
    uint64_t above, below;
};

enum { SCAN_PAD = 48 }; /* entries that must be readable past the end of a column to spread */

struct scan_kernel {
    bool fused; /* uses fused multiply-adds, as PyTorch on such a CPU */
    /* Spreads rows begin..end. */
    void (*spread)(const float *column, const struct scan_axis *rows, int begin, int end,
                   struct scan_spread to);
    /* Blends rows begin..end into out[begin..end). */
    void (*blend)(const struct scan_blend *from, int begin, int end, float *out);
    /* Blends rows begin..end and compares. Bit i of bits[]: row begin + i is above 0. bits[] has
     * end - begin bits, rounded up to words with zeros. Adds to *count. */
    void (*compare)(const struct scan_blend *from, int begin, int end, float offset, uint64_t *bits,
                    struct scan_count *count);
    /* Bit i of high[] and low[]: column[i] lies in (limit, SCAN_LARGEST) or (-SCAN_LARGEST,
     * -limit). Writes whole words, with zeros past `count` bits. Reads up to SCAN_PAD more samples.
     */
    void (*classify)(const float *column, int count, float limit, uint64_t *high, uint64_t *low);
};

#define SCAN_LARGEST                                                                               \
    1e30f /* sums of larger logits might overflow: never decided, always interpolated */

/* The kernels for this CPU. */
const struct scan_kernel *scan_kernel(void);

/* The reference's calculate_stability_score and its filter: the ratio of the counts, in float, into
 * *score (0 for an empty mask). True if it reaches the threshold. */
bool scan_stable(struct scan_count count, float threshold, float *score);

#endif
