#include "tests/reference/search_reference.h"

#include <math.h>
#include <stdlib.h>

double half_reference(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    double value = exponent == 0    ? ldexp(fraction, -24)
                   : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                                    : ldexp(1024 + fraction, exponent - 25);
    return half & 0x8000 ? -value : value;
}

uint16_t half_of_reference(double value)
{
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    const double size = fabs(value);
    int exponent = size < 0x1p-14 ? -14 : ilogb(size);
    int fraction = (int)nearbyint(ldexp(size, 10 - exponent)); /* 1024 to 2048; less below 2^-14 */
    return (uint16_t)(sign + ((exponent + 14) << 10) + fraction);
}

/* A finite number in multiples of 2^-24. */
static int64_t units(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    const int64_t size = exponent ? (int64_t)(1024 + fraction) << (exponent - 1) : fraction;
    return half & 0x8000 ? -size : size;
}

double product_reference(const uint16_t *a, const uint16_t *b, size_t width)
{
    int64_t sum = 0;
    for (size_t i = 0; i < width; i++)
        sum += units(a[i]) * units(b[i]);
    return ldexp((double)sum, -48);
}

static int by_similarity(const void *left, const void *right)
{
    const struct search_hit *a = left, *b = right;
    if (a->similarity != b->similarity)
        return a->similarity > b->similarity ? -1 : 1;
    return a->row < b->row ? -1 : 1;
}

size_t search_reference(const struct search_rows *rows, const struct search_query *query,
                        double least, struct search_hit *hits)
{
    size_t count = 0;
    for (uint64_t row = query->first; row < query->end; row++) {
        double similarity =
            product_reference(query->halves, rows->halves + row * rows->width, rows->width);
        if (row != query->skip && similarity >= least)
            hits[count++] = (struct search_hit){row, similarity};
    }
    if (count)
        qsort(hits, count, sizeof *hits, by_similarity);
    return count;
}
