/* shape.h - the sizes of a tensor, outermost dimension first. */
#ifndef MODEL_CHECKPOINT_SHAPE_H
#define MODEL_CHECKPOINT_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAPE_RANK_MAX = 8 }; /* the official checkpoints need 4 */

struct shape {
    int rank;                     /* 0 (one number) .. SHAPE_RANK_MAX */
    int64_t size[SHAPE_RANK_MAX]; /* each >= 0; 0 beyond the rank */
};

static inline struct shape shape_1d(int64_t a)
{
    return (struct shape){1, {a}};
}

static inline struct shape shape_2d(int64_t a, int64_t b)
{
    return (struct shape){2, {a, b}};
}

static inline struct shape shape_3d(int64_t a, int64_t b, int64_t c)
{
    return (struct shape){3, {a, b, c}};
}

static inline struct shape shape_4d(int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (struct shape){4, {a, b, c, d}};
}

bool shape_equal(const struct shape *a, const struct shape *b);

/* *count = the product of the sizes, 1 for rank 0. False if a size is negative or the product
 * overflows. */
bool shape_count(const struct shape *shape, size_t *count);

enum { SHAPE_TEXT_SIZE = 24 * SHAPE_RANK_MAX };

/* Writes "[64,3,7,7]" into text[SHAPE_TEXT_SIZE] and returns it. */
const char *shape_text(const struct shape *shape, char *text);

#endif
