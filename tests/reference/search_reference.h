/* search_reference.h - the nearest rows by straight loops: the reference of search/. */
#ifndef TESTS_REFERENCE_SEARCH_REFERENCE_H
#define TESTS_REFERENCE_SEARCH_REFERENCE_H

#include "search/search.h"

/* The value of a float16 number, by its definition. */
double half_reference(uint16_t half);

/* The nearest float16 number to one of at most 65504; ties to even. */
uint16_t half_of_reference(double value);

/* The dot product of two vectors of float16 numbers of at most 1, in whole multiples of 2^-48: no rounding at all. */
double product_reference(const uint16_t *a, const uint16_t *b, size_t width);

/* Sorts all rows that a query looks at by falling similarity, then rising row. hits has room for all of them.
 * Returns how many have at least the similarity `least`. */
size_t search_reference(const struct search_rows *rows, const struct search_query *query,
                        double least, struct search_hit *hits);

#endif
