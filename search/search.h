/* search.h - the nearest among many vectors, exactly.
 *
 * Vectors are rows of `width` float16 numbers (IEEE 754 binary16, as uint16_t) of length 1, as near as float16
 * comes to it. The similarity of two is the cosine of the angle between them, which is their dot product. It is
 * computed without any rounding: a product of two float16 numbers is a multiple of 2^-48, and sums of such up to
 * 32 have a double each. So no sum depends on its order, and results are the same on every machine, for any
 * number of threads and any kernel. Ties go to the lower row.
 *
 * A first pass in float finds the few rows that may belong to the result: all whose float product, less its
 * greatest possible error, reaches what is needed. The exact product decides about those. Rows are read once for
 * SEARCH_GROUP queries.
 *
 * Vectors that are longer than 1, or hold infinities or NaNs, which a damaged file may have, give any result, but
 * never a NaN. Rows may lie in a mapped file. Functions may be called from any thread. */
#ifndef SEARCH_SEARCH_H
#define SEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum {
    SEARCH_WIDTH_MAX = 65536,
    SEARCH_GROUP = 1024 /* queries that are compared with a row while it is in the cache */
};

/* What is searched. Borrowed. */
struct search_rows {
    const uint16_t *halves; /* [count][width] */
    uint64_t count;
    size_t width; /* 1 to SEARCH_WIDTH_MAX */
};

/* What is looked for: rows first <= row < end, but for `skip`. */
struct search_query {
    const uint16_t *halves; /* [width], borrowed */
    uint64_t first, end;    /* end: at most the number of rows */
    uint64_t skip;          /* SEARCH_NO_ROW: none */
};

#define SEARCH_NO_ROW UINT64_MAX

struct search_hit {
    uint64_t row;
    double similarity; /* -1 to 1, but for the rounding of the vectors */
};

/* Whether a vector is one that can be searched: no infinities or NaNs, and of a length from 0.99 to 1.01; or of zeros
 * alone, which has the similarity 0 to all. */
bool search_is_usable(const uint16_t *halves, size_t width);

/* The exact dot product of two vectors. */
double search_similarity(const uint16_t *a, const uint16_t *b, size_t width);

/* Finds, for each query, the `most` (from 1) nearest rows of at least the similarity `least` (-INFINITY: any).
 * hits[count][most] has found[q] of query q, the nearest first. threads: from 1. Returns 0 or -1 (ERROR_MEMORY). */
struct search_nearest {
    struct search_rows rows;
    size_t most;
    double least;
    int threads;
};
int search_nearest(const struct search_nearest *search, const struct search_query *queries,
                   size_t count, struct search_hit *hits, size_t *found, struct error *error);

/* A row that is near a query. */
struct search_pair {
    size_t query;
    struct search_hit hit;
};

/* Pairs by rising query, then rising row. Begins with all zeros. */
struct search_pairs {
    struct search_pair *items; /* owned, freed with free(3) */
    size_t count, capacity;
};

/* Finds all rows of at least the similarity `search->least` for each query; `search->most` bounds the number of
 * pairs of all queries together. Replaces what `pairs` holds. Returns 0 or -1 (ERROR_USAGE: there are more;
 * ERROR_MEMORY). */
int search_pairs(const struct search_nearest *search, const struct search_query *queries,
                 size_t count, struct search_pairs *pairs, struct error *error);

#endif
