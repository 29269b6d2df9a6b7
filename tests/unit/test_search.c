/* The search against straight loops in whole numbers, on every instruction set: with ties, near ties, awkward
 * widths, ranges and any number of threads. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/isa.h"
#include "random.h"
#include "search/search.h"
#include "search/search_kernel.h"
#include "search/search_scan.h"
#include "tests/reference/search_reference.h"

/* Which rows there are. */
enum kind {
    SPREAD,    /* anywhere on the sphere */
    NARROW,    /* around one direction, as embeddings are: similarities lie close together */
    NEAR_TIES, /* a few rows, and copies that differ in one last bit */
    TIES,      /* copies of a few rows */
    KINDS
};

static double noise(struct random *random)
{
    double sum = -6; /* about a normal distribution */
    for (int i = 0; i < 12; i++)
        sum += random_below(random, 1 << 20) / 0x1p20;
    return sum;
}

static void fill_row(struct random *random, enum kind kind, uint16_t *row, size_t width)
{
    double *values = malloc(width * sizeof *values), square = 0;
    for (size_t i = 0; i < width; i++) {
        values[i] = kind == NARROW ? 1 + noise(random) / 8 : noise(random);
        square += values[i] * values[i];
    }
    for (size_t i = 0; i < width; i++)
        row[i] = half_of_reference(values[i] / sqrt(square));
    free(values);
}

/* The halves are freed with free(3). */
static struct search_rows make_rows(uint64_t seed, enum kind kind, uint64_t count, size_t width)
{
    struct random random = {seed};
    uint16_t *halves = malloc(count * width * sizeof *halves);
    const uint64_t own = kind == TIES || kind == NEAR_TIES ? 7 : count;
    for (uint64_t r = 0; r < count; r++)
        if (r < own)
            fill_row(&random, kind, halves + r * width, width);
        else {
            memcpy(halves + r * width, halves + r % own * width, width * sizeof *halves);
            if (kind == NEAR_TIES)
                halves[r * width + random_below(&random, (uint32_t)width)] ^= 1;
        }
    return (struct search_rows){halves, count, width};
}

static void free_rows(struct search_rows rows)
{
    free((void *)rows.halves);
}

enum { QUERIES = 11 };

/* Rows of the collection, each with another range. */
static void make_queries(const struct search_rows *rows, struct search_query *queries)
{
    for (size_t q = 0; q < QUERIES; q++) {
        uint64_t row = q * 13 % rows->count;
        queries[q] = (struct search_query){rows->halves + row * rows->width, 0, rows->count,
                                           q % 2 ? row : SEARCH_NO_ROW};
        if (q % 3 == 2) {
            queries[q].first = rows->count / 3;
            queries[q].end = rows->count - rows->count / 4;
        }
    }
}

static void expect_nearest(const struct search_rows *rows, size_t most, double least, int threads)
{
    struct error error = {0};
    struct search_query queries[QUERIES];
    size_t found[QUERIES];
    struct search_hit *hits = malloc(QUERIES * most * sizeof *hits);
    struct search_hit *expected = malloc(rows->count * sizeof *expected);
    const struct search_nearest search = {*rows, most, least, threads};
    make_queries(rows, queries);
    ck_assert_int_eq(search_nearest(&search, queries, QUERIES, hits, found, &error), 0);
    for (size_t q = 0; q < QUERIES; q++) {
        size_t count = search_reference(rows, &queries[q], least, expected);
        ck_assert_uint_eq(found[q], count < most ? count : most);
        for (size_t i = 0; i < found[q]; i++) {
            ck_assert_uint_eq(hits[q * most + i].row, expected[i].row);
            ck_assert_double_eq(hits[q * most + i].similarity, expected[i].similarity);
        }
    }
    free(hits);
    free(expected);
}

static const struct {
    uint64_t rows;
    size_t width, most;
    int threads;
} shapes[] = {
    {1, 1, 1, 1},      {5, 3, 10, 1},     {16, 16, 1, 2},    {17, 15, 4, 3},
    {300, 256, 10, 1}, {5000, 40, 10, 2}, {4500, 33, 25, 5}, {40, 1280, 7, 2},
};

START_TEST(nearest_rows_are_those_of_the_reference)
{
    ck_assert_int_eq(setenv("MASKMILL_ISA", isa_name((enum isa)_i), 1), 0);
    for (enum kind kind = SPREAD; kind < KINDS; kind++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
            struct search_rows rows = make_rows(s + 1, kind, shapes[s].rows, shapes[s].width);
            expect_nearest(&rows, shapes[s].most, -INFINITY, shapes[s].threads);
            expect_nearest(&rows, shapes[s].most, kind == NARROW ? 0.985 : 0.2, shapes[s].threads);
            free_rows(rows);
        }
}
END_TEST

static size_t count_pairs(const struct search_rows *rows, const struct search_query *queries,
                          double least, const struct search_pairs *pairs)
{
    size_t at = 0;
    for (size_t q = 0; q < QUERIES; q++)
        for (uint64_t row = queries[q].first; row < queries[q].end; row++) {
            double similarity =
                product_reference(queries[q].halves, rows->halves + row * rows->width, rows->width);
            if (row == queries[q].skip || similarity < least)
                continue;
            ck_assert_uint_lt(at, pairs->count);
            ck_assert_uint_eq(pairs->items[at].query, q);
            ck_assert_uint_eq(pairs->items[at].hit.row, row);
            ck_assert_double_eq(pairs->items[at].hit.similarity, similarity);
            at++;
        }
    return at;
}

START_TEST(pairs_are_those_of_the_reference)
{
    struct error error = {0};
    ck_assert_int_eq(setenv("MASKMILL_ISA", isa_name((enum isa)_i), 1), 0);
    for (enum kind kind = SPREAD; kind < KINDS; kind++)
        for (int threads = 1; threads < 4; threads++) {
            struct search_rows rows = make_rows(9, kind, 4100, 21);
            struct search_query queries[QUERIES];
            struct search_pairs pairs = {0};
            struct search_nearest search = {rows, 1000000, kind == NARROW ? 0.99 : 0.7, threads};
            make_queries(&rows, queries);
            ck_assert_int_eq(search_pairs(&search, queries, QUERIES, &pairs, &error), 0);
            ck_assert_uint_gt(pairs.count, 0);
            ck_assert_uint_eq(count_pairs(&rows, queries, search.least, &pairs), pairs.count);
            search.most = pairs.count;
            ck_assert_int_eq(search_pairs(&search, queries, QUERIES, &pairs, &error), 0);
            search.most = pairs.count - 1;
            ck_assert_int_eq(search_pairs(&search, queries, QUERIES, &pairs, &error), -1);
            ck_assert_int_eq(error.code, ERROR_USAGE);
            free(pairs.items);
            free_rows(rows);
        }
}
END_TEST

/* More queries than are searched for at a time. */
START_TEST(groups_of_queries_are_joined)
{
    enum { MANY = SEARCH_GROUP + 90, MOST = 3 };
    struct error error = {0};
    struct search_rows rows = make_rows(4, SPREAD, MANY, 8);
    struct search_query *queries = malloc(MANY * sizeof *queries);
    struct search_hit *hits = malloc(MANY * MOST * sizeof *hits),
                      *expected = malloc(MANY * sizeof *hits);
    size_t *found = malloc(MANY * sizeof *found);
    for (size_t q = 0; q < MANY; q++)
        queries[q] = (struct search_query){rows.halves + q * rows.width, 0, MANY, q};
    const struct search_nearest search = {rows, MOST, -INFINITY, 2};
    ck_assert_int_eq(search_nearest(&search, queries, MANY, hits, found, &error), 0);
    for (size_t q = 0; q < MANY; q += 41) {
        search_reference(&rows, &queries[q], -INFINITY, expected);
        ck_assert_uint_eq(found[q], MOST);
        for (size_t i = 0; i < MOST; i++)
            ck_assert_uint_eq(hits[q * MOST + i].row, expected[i].row);
    }
    free(queries);
    free(hits);
    free(expected);
    free(found);
    free_rows(rows);
}
END_TEST

START_TEST(all_float16_numbers_are_widened)
{
    ck_assert_int_eq(setenv("MASKMILL_ISA", isa_name((enum isa)_i), 1), 0);
    _Alignas(64) float wide[16];
    for (uint32_t half = 0; half < 65536; half++) {
        uint16_t halves[3] = {0, 0, (uint16_t)half};
        search_kernel()->widen(halves, 3, wide, 16);
        double value = half_reference(halves[2]);
        if (isnan(value))
            ck_assert(isnan(wide[2]));
        else
            ck_assert_double_eq(wide[2], value);
        ck_assert_float_eq(wide[3], 0);
    }
}
END_TEST

/* Damaged rows: infinities and NaNs never come out as NaN, and are not usable. */
START_TEST(damaged_rows_do_no_harm)
{
    enum { COUNT = 40, WIDTH = 20, MOST = 8 };
    struct error error = {0};
    ck_assert_int_eq(setenv("MASKMILL_ISA", isa_name((enum isa)_i), 1), 0);
    struct search_rows rows = make_rows(2, SPREAD, COUNT, WIDTH);
    uint16_t *halves = (uint16_t *)rows.halves;
    ck_assert(search_is_usable(halves, WIDTH));
    halves[3 * WIDTH] = 0x7e00;     /* a NaN */
    halves[5 * WIDTH + 1] = 0x7c00; /* infinity */
    memset(halves + 7 * WIDTH, 0, WIDTH * sizeof *halves);
    ck_assert(!search_is_usable(halves + 3 * WIDTH, WIDTH));
    ck_assert(!search_is_usable(halves + 5 * WIDTH, WIDTH));
    ck_assert(search_is_usable(halves + 7 * WIDTH, WIDTH)); /* zeros */
    halves[7 * WIDTH] = 0x3bc0;                             /* 0.97 */
    ck_assert(!search_is_usable(halves + 7 * WIDTH, WIDTH));
    for (uint64_t row = 0; row < 8; row++) {
        const struct search_query query = {halves + row * WIDTH, 0, COUNT, SEARCH_NO_ROW};
        const struct search_nearest search = {rows, MOST, -INFINITY, 2};
        struct search_hit hits[MOST];
        size_t found;
        ck_assert_int_eq(search_nearest(&search, &query, 1, hits, &found, &error), 0);
        for (size_t i = 0; i < found; i++)
            ck_assert(!isnan(hits[i].similarity));
    }
    free_rows(rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("search");
    TCase *tests = tcase_create("search");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, nearest_rows_are_those_of_the_reference, ISA_GENERIC,
                        isa_best() + 1);
    tcase_add_loop_test(tests, pairs_are_those_of_the_reference, ISA_GENERIC, isa_best() + 1);
    tcase_add_loop_test(tests, all_float16_numbers_are_widened, ISA_GENERIC, isa_best() + 1);
    tcase_add_loop_test(tests, damaged_rows_do_no_harm, ISA_GENERIC, isa_best() + 1);
    tcase_add_test(tests, groups_of_queries_are_joined);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
