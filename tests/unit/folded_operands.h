/* folded_operands.h - random operands and comparisons for tests of the folded decoder's kernels.
 */
#ifndef TESTS_UNIT_FOLDED_OPERANDS_H
#define TESTS_UNIT_FOLDED_OPERANDS_H

#include "model/folded/folded_kernel.h"

#include <math.h>

#include "tests/unit/random_decoder.h"
#include "tests/unit/unit.h"

enum {
    COLUMNS = FOLDED_COLUMNS,
    HEADS = FOLDED_HEADS,
    PAIRS_MAX = FOLDED_PAIRS_MAX,
    PARTS_MAX = HEADS * FOLDED_GROUPS_MAX, /* heads and groups of tokens */
    D = 3,                                 /* channels a head */
    STRIP = FOLDED_STRIP,
    STRIPS = 3,
    N = STRIPS * STRIP,        /* positions worked on */
    VALID = N - STRIP / 2 - 1, /* positions that count */
    ROWS_MAX = PAIRS_MAX + 2,  /* rows of a strip, some of them in nobody's use */
    MASKS = 4
};

/* Rows of positions, all strips alike. */
typedef float plane[STRIPS * ROWS_MAX * STRIP];

/* Random operands, each with room for the largest use. */
struct operands {
    plane x, pe, a, b, r, r2, scores;
    float weight[PARTS_MAX * D * COLUMNS];
    float gram[PARTS_MAX * PAIRS_MAX * COLUMNS], cross[PARTS_MAX * PAIRS_MAX * COLUMNS];
    float bias[PARTS_MAX * COLUMNS], linear[PARTS_MAX * COLUMNS];
};

/* Numbers of kept tokens: the fewest, those of points and boxes, groups that are full or have one
 * more, and the most. */
static const size_t kept_counts[] = {4, 5, 6, 7, 8, 9, 11, 15, 16, FOLDED_KEPT_MAX};
enum { KEPT_COUNTS = sizeof kept_counts / sizeof *kept_counts };

static inline struct folded_rows rows_of(const float *x)
{
    return (struct folded_rows){x, ROWS_MAX * STRIP};
}

/* Row `row` at position n. */
static inline double at(struct folded_rows rows, size_t row, size_t n)
{
    return rows.at[n / STRIP * rows.strip + row * STRIP + n % STRIP];
}

static inline void fill(float *x, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0.3f * random_number(name, i);
}

#define FILL(operands, field)                                                                      \
    fill((operands)->field, sizeof(operands)->field / sizeof(float), #field)

static inline struct operands *operands_new(void)
{
    struct operands *o = malloc(sizeof *o);
    ck_assert_ptr_nonnull(o);
    FILL(o, x);
    FILL(o, pe);
    FILL(o, weight);
    FILL(o, a);
    FILL(o, b);
    FILL(o, gram);
    FILL(o, cross);
    FILL(o, bias);
    FILL(o, linear);
    FILL(o, scores);
    for (size_t i = 0; i < sizeof o->r / sizeof *o->r; i++) {
        o->r[i] = 1 + 0.2f * random_number("r", i);
        o->r2[i] = 1 + 0.2f * random_number("r2", i);
    }
    return o;
}

static inline void check_within(double bound, const char *what, size_t at, double got, double want)
{
    ck_assert_msg(fabs(got - want) < bound * (1 + fabs(want)), "%s[%zu]: %.9g, expected %.9g", what,
                  at, got, want);
}

static inline void check_close(const char *what, size_t at, double got, double want)
{
    check_within(3e-6, what, at, got, want);
}

#endif
