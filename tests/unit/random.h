/* random.h - pseudo-random numbers and masks, the same on every machine and in mask_tables.py. */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

#include <stdint.h>
#include <stdlib.h>

struct random {
    uint64_t state;
};

/* A number in 0 .. n - 1. */
static inline uint32_t random_below(struct random *random, uint32_t n)
{
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random->state >> 33) % n);
}

/* height x width bytes of 0 and 1, row by row, `percent` of them 1. The caller frees them. */
static inline uint8_t *random_bitmap(uint64_t seed, uint32_t height, uint32_t width,
                                     uint32_t percent)
{
    struct random random = {seed};
    uint8_t *bits = calloc(height, width);
    for (size_t i = 0; bits && i < (size_t)height * width; i++)
        bits[i] = random_below(&random, 100) < percent;
    return bits;
}

/* Cells of 4 x 4 pixels, `percent` of them 1; then every 16th pixel is flipped. The caller frees
 * them. */
static inline uint8_t *random_blobs(uint64_t seed, uint32_t height, uint32_t width,
                                    uint32_t percent)
{
    struct random random = {seed};
    uint32_t columns = width / 4 + 1;
    uint8_t *bits = calloc(height, width);
    uint8_t *cells = calloc(height / 4 + 1, columns);
    for (size_t i = 0; cells && i < (size_t)(height / 4 + 1) * columns; i++)
        cells[i] = random_below(&random, 100) < percent;
    for (uint32_t y = 0; bits && cells && y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            bits[(size_t)y * width + x] =
                cells[y / 4 * columns + x / 4] ^ (random_below(&random, 16) == 0);
    free(cells);
    return bits;
}

#endif
