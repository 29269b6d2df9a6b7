/* scan_bits.h - sets of rows, one bit a row; internal to the scan. */
#ifndef FILTERS_SCAN_SCAN_BITS_H
#define FILTERS_SCAN_SCAN_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool scan_is_set(const uint64_t *bits, int r)
{
    return bits[r / 64] >> (r % 64) & 1;
}

/* The first row from r on whose bit is clear, or `end`. */
static inline int scan_first_clear(const uint64_t *bits, int r, int end)
{
    while (r < end) {
        uint64_t clear = ~bits[r / 64] >> (r % 64);
        if (clear) {
            r += __builtin_ctzll(clear);
            break;
        }
        r += 64 - r % 64;
    }
    return r < end ? r : end;
}

#endif
