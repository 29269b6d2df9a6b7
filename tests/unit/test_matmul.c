/* Products of every shape class and instruction set against the reference. */
#include "model/kernels/matmul.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "model/kernels/half16.h"
#include "model/kernels/matmul_openblas.h"
#include "tests/reference/reference.h"
#include "tests/unit/unit.h"

enum { SIDE = 110, DEPTH_MAX = 600 };

/* The instruction sets that can be tested here; returns their number. */
static size_t find_isas(enum isa isas[ISA_OPENBLAS + 1])
{
    size_t count = 0;
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        isas[count++] = isa;
    if (matmul_openblas_ready())
        isas[count++] = ISA_OPENBLAS;
    return count;
}

/* How a right side is packed: as floats for an instruction set, or as elements of half16. */
struct packing {
    enum isa isa;
    const struct half16_kernel *half16; /* NULL: floats */
};

enum { PACKINGS = ISA_OPENBLAS + 1 + HALF16_WAYS };

/* Those that can be tested here; returns their number. */
static size_t find_packings(struct packing packings[PACKINGS])
{
    enum isa isas[ISA_OPENBLAS + 1];
    size_t count = find_isas(isas);
    for (size_t i = 0; i < count; i++)
        packings[i] = (struct packing){isas[i], NULL};
    for (enum half16_way way = HALF16_BF16_PAIRS; way < HALF16_WAYS; way++)
        if (half16_kernel(way))
            packings[count++] = (struct packing){isa_best(), half16_kernel(way)};
    return count;
}

static float random_float(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 23) - 1.0f;
}

static float *random_floats(size_t n, uint32_t seed)
{
    float *x = malloc(n * sizeof(float));
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++)
        x[i] = random_float(&seed);
    return x;
}

static void expect_close(const float *got, const float *want, size_t n, size_t k)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabsf(got[i] - want[i]) <= 1e-6f * (float)(k + 8), "[%zu] %g, wanted %g", i,
                      (double)got[i], (double)want[i]);
}

static const struct matmul_shape shapes[] = {{1, 1, 1},     {5, 7, 3},      {12, 32, 64},
                                             {13, 33, 257}, {25, 16, 31},   {96, 64, 256},
                                             {97, 49, 513}, {110, 100, 600}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void check_product(enum isa isa, struct matmul_shape shape, bool a_across, bool b_across,
                          bool add)
{
    size_t m = shape.m, n = shape.n, k = shape.k;
    float *a = random_floats(SIDE * DEPTH_MAX, 1), *b = random_floats(SIDE * DEPTH_MAX, 2);
    float *got = random_floats(SIDE * SIDE, 3), *want = random_floats(SIDE * SIDE, 3);
    struct matmul_view left = a_across ? matmul_transposed(a, m) : matmul_rows(a, k);
    struct matmul_view right = b_across ? matmul_transposed(b, k) : matmul_rows(b, n);
    matmul(isa, shape, left, right, (struct matmul_result){got, n + 3, add});
    reference_matmul(shape, left, right, (struct matmul_result){want, n + 3, add});
    expect_close(got, want, m * (n + 3), k);
    free(a);
    free(b);
    free(got);
    free(want);
}

START_TEST(products_match_the_reference)
{
    enum isa isas[ISA_OPENBLAS + 1];
    size_t count = find_isas(isas);
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < SHAPES; s++)
            for (int way = 0; way < 8; way++)
                check_product(isas[i], shapes[s], way & 1, way & 2, way & 4);
}
END_TEST

static void check_packed(enum isa isa, struct matmul_shape shape)
{
    size_t m = shape.m, n = shape.n, k = shape.k;
    struct error error;
    struct matmul_packed packed;
    float *a = random_floats(SIDE * DEPTH_MAX, 1), *b = random_floats(SIDE * DEPTH_MAX, 2);
    float *bias = random_floats(SIDE, 4);
    float *got = random_floats(SIDE * SIDE, 3), *want = random_floats(SIDE * SIDE, 3);
    struct matmul_right right = matmul_linear(k, n, b, bias);
    ck_assert_int_eq(matmul_pack(&packed, isa, right, "test", &error), 0);
    reference_matmul(shape, matmul_rows(a, k), right.b, matmul_add(want, n));
    for (size_t i = 0; i < m * n; i++)
        want[i] += bias[i % n];
    size_t first = n / packed.width / 2 * packed.width;
    matmul_columns(m, matmul_rows(a, k), &packed, first, n - first, matmul_add(got + first, n));
    matmul_columns(m, matmul_rows(a, k), &packed, 0, first, matmul_add(got, n));
    expect_close(got, want, m * n, k);
    matmul_packed_free(&packed);
    free(a);
    free(b);
    free(bias);
    free(got);
    free(want);
}

START_TEST(packed_products_match_the_reference)
{
    enum isa isas[ISA_OPENBLAS + 1];
    size_t count = find_isas(isas);
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < SHAPES; s++)
            check_packed(isas[i], shapes[s]);
}
END_TEST

/* Convolutions take windows of a row of pixels as rows of a left side. */
START_TEST(rows_of_the_left_side_may_overlap)
{
    enum isa isas[ISA_OPENBLAS + 1];
    size_t count = find_isas(isas);
    struct matmul_shape shape = {64, 48, 96};
    float *a = random_floats(64 * 32 + 96, 1), *b = random_floats(96 * 48, 2);
    float *got = random_floats(64 * 48, 3), *want = random_floats(64 * 48, 4);
    reference_matmul(shape, matmul_rows(a, 32), matmul_rows(b, 48), matmul_set(want, 48));
    for (size_t i = 0; i < count; i++) {
        struct error error;
        struct matmul_packed packed;
        struct matmul_right right = {96, 48, matmul_rows(b, 48), NULL};
        ck_assert_int_eq(matmul_pack(&packed, isas[i], right, "test", &error), 0);
        matmul_packed(64, matmul_rows(a, 32), &packed, matmul_set(got, 48));
        expect_close(got, want, 64 * 48, 96);
        matmul_packed_free(&packed);
    }
    free(a);
    free(b);
    free(got);
    free(want);
}
END_TEST

/* To `bits` significant bits, to the nearest, ties to even; for numbers that are normal in 16 bits.
 */
static float rounded(float x, int bits)
{
    float unit = ldexpf(1, ilogbf(x) - bits + 1);
    return nearbyintf(x / unit) * unit;
}

/* Sums in half precision are rounded at each step: so in the mean, not one by one. */
static void expect_close_on_average(const float *got, const float *want, size_t n)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        difference += pow((double)got[i] - (double)want[i], 2);
        norm += pow((double)want[i], 2);
    }
    ck_assert_msg(difference <= pow(1.5e-3, 2) * norm, "relative difference %g",
                  sqrt(difference / norm));
}

static void check_half16(enum half16_way way, struct matmul_shape shape)
{
    const struct half16_kernel *half16 = half16_kernel(way);
    size_t m = shape.m, n = shape.n, k = shape.k;
    size_t depth = (k + half16->group - 1) / half16->group;
    struct error error;
    struct matmul_packed packed;
    float *a = random_floats(SIDE * DEPTH_MAX, 1), *b = random_floats(SIDE * DEPTH_MAX, 2);
    float *elements = random_floats(SIDE * DEPTH_MAX, 5);
    float *bias = random_floats(SIDE, 4);
    float *got = random_floats(SIDE * SIDE, 3), *want = random_floats(SIDE * SIDE, 3);
    struct matmul_right right = {k, n, matmul_rows(b, n), bias};
    ck_assert_int_eq(matmul_pack_half16(&packed, half16, right, "test", &error), 0);
    half16->along(m, k, a, k, elements, depth);
    matmul_packed(m, matmul_rows(elements, depth), &packed, matmul_add(got, n));
    for (size_t i = 0; i < SIDE * DEPTH_MAX; i++) {
        a[i] = rounded(a[i], way == HALF16_F16 ? 11 : 8);
        b[i] = rounded(b[i], way == HALF16_F16 ? 11 : 8);
    }
    reference_matmul(shape, matmul_rows(a, k), matmul_rows(b, n), matmul_add(want, n));
    for (size_t i = 0; i < m * n; i++)
        want[i] += bias[i % n];
    if (way == HALF16_BF16_HALVES || way == HALF16_F16)
        expect_close_on_average(got, want, m * n);
    else
        expect_close(got, want, m * n, k);
    matmul_packed_free(&packed);
    free(a);
    free(b);
    free(elements);
    free(bias);
    free(got);
    free(want);
}

START_TEST(half16_products_match_the_reference_of_rounded_numbers)
{
    for (enum half16_way way = HALF16_BF16_PAIRS; way < HALF16_WAYS; way++)
        for (size_t s = 0; half16_kernel(way) && s < SHAPES; s++)
            check_half16(way, shapes[s]);
}
END_TEST

/* Rows computed one at a time, and columns ten at a time, have the bits of the whole product. */
static void check_cut(enum isa isa)
{
    size_t m = 50, n = 70, k = 300;
    float *a = random_floats(m * k, 1), *b = random_floats(k * n, 2);
    float *whole = random_floats(m * n, 3), *cut = random_floats(m * n, 4);
    matmul(isa, (struct matmul_shape){m, n, k}, matmul_rows(a, k), matmul_rows(b, n),
           matmul_set(whole, n));
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < n; j += 10)
            matmul(isa, (struct matmul_shape){1, 10, k}, matmul_rows(a + i * k, k),
                   matmul_rows(b + j, n), matmul_set(cut + i * n + j, n));
    ck_assert_int_eq(memcmp(whole, cut, m * n * sizeof(float)), 0);
    free(a);
    free(b);
    free(whole);
    free(cut);
}

START_TEST(bits_do_not_depend_on_the_cut)
{
    enum isa isas[ISA_OPENBLAS + 1];
    size_t count = find_isas(isas);
    for (size_t i = 0; i < count; i++)
        check_cut(isas[i]);
}
END_TEST

static struct matmul_packed pack_as(struct packing packing, struct matmul_right right)
{
    struct error error;
    struct matmul_packed packed;
    ck_assert_int_eq(packing.half16
                         ? matmul_pack_half16(&packed, packing.half16, right, "test", &error)
                         : matmul_pack(&packed, packing.isa, right, "test", &error),
                     0);
    return packed;
}

/* A left side of m rows for such a right side; they lie k floats apart, also as elements. */
static float *random_left(struct packing packing, size_t m, size_t k)
{
    float *a = random_floats(m * k, 1);
    if (packing.half16)
        packing.half16->along(m, k, a, k, a, k);
    return a;
}

/* More rows than the largest block, and more steps of k than a chain in halves. */
enum { CUT_ROWS = 26, CUT_ROWS_MAX = 13, CUT_DEPTH = 501 };

/* c = a @ packed, `rows` rows at a time, panel by panel. */
static void multiply_in_pieces(const float *a, const struct matmul_packed *packed, size_t rows,
                               float *c)
{
    size_t n = packed->n, k = packed->k, width = packed->width;
    for (size_t i = 0; i < CUT_ROWS; i += rows)
        for (size_t j = 0; j < n; j += width)
            matmul_columns(CUT_ROWS - i < rows ? CUT_ROWS - i : rows, matmul_rows(a + i * k, k),
                           packed, j, n - j < width ? n - j : width, matmul_set(c + i * n + j, n));
}

/* Columns packed alone and multiplied in pieces: the bits of the first ones of `whole`. */
static void check_pieces(struct packing packing, struct matmul_right right, const float *a,
                         const float *whole)
{
    size_t n = right.n;
    struct matmul_packed packed = pack_as(packing, right);
    for (size_t rows = 1; rows <= CUT_ROWS_MAX; rows++) {
        float *c = random_floats(CUT_ROWS * n, 4);
        multiply_in_pieces(a, &packed, rows, c);
        for (size_t i = 0; i < CUT_ROWS; i++)
            ck_assert_msg(memcmp(c + i * n, whole + i * SIDE, n * sizeof(float)) == 0,
                          "%s in %d bits: row %zu of %zu columns, %zu rows at a time",
                          isa_name(packing.isa), packing.half16 ? 16 : 32, i, n, rows);
        free(c);
    }
    matmul_packed_free(&packed);
}

/* Blocks of a panel's only vector have a shape of their own (a quarter of NEON's panels). */
static void check_packed_cut(struct packing packing)
{
    float *a = random_left(packing, CUT_ROWS, CUT_DEPTH), *b = random_floats(CUT_DEPTH * SIDE, 2);
    float *bias = random_floats(SIDE, 5), *whole = random_floats(CUT_ROWS * SIDE, 3);
    struct matmul_right right = {CUT_DEPTH, SIDE, matmul_rows(b, SIDE), bias};
    struct matmul_packed packed = pack_as(packing, right);
    matmul_packed(CUT_ROWS, matmul_rows(a, CUT_DEPTH), &packed, matmul_set(whole, SIDE));
    size_t width = packed.width, columns[] = {70, width / 4, width / 2, width / 2 + width};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        right.n = columns[i];
        check_pieces(packing, right, a, whole);
    }
    matmul_packed_free(&packed);
    free(a);
    free(b);
    free(bias);
    free(whole);
}

START_TEST(bits_of_packed_products_do_not_depend_on_the_cut)
{
    struct packing packings[PACKINGS];
    size_t count = find_packings(packings);
    for (size_t i = 0; i < count; i++)
        check_packed_cut(packings[i]);
}
END_TEST

/* c = a @ packed, where each of `threads` threads has a strip of its own. */
static void multiply_in_strips(const float *a, const struct matmul_packed *packed, float *c,
                               size_t rows, int threads)
{
    size_t strip = (rows + (size_t)threads - 1) / (size_t)threads;
#pragma omp parallel for num_threads(threads)
    for (size_t first = 0; first < rows; first += strip)
        matmul_packed(rows - first < strip ? rows - first : strip,
                      matmul_rows(a + first * packed->k, packed->k), packed,
                      matmul_set(c + first * packed->n, packed->n));
}

static void check_threads(struct packing packing)
{
    enum { TRIES = 40 };
    size_t rows = 211, columns = 70, depth = 250;
    float *a = random_left(packing, rows, depth), *b = random_floats(depth * columns, 2);
    float *one = random_floats(rows * columns, 3), *many = random_floats(rows * columns, 4);
    struct matmul_right right = {depth, columns, matmul_rows(b, columns), NULL};
    struct matmul_packed packed = pack_as(packing, right);
    multiply_in_strips(a, &packed, one, rows, 1);
    for (int i = 0; i < TRIES; i++) {
        multiply_in_strips(a, &packed, many, rows, i % 2 ? 2 : 5);
        ck_assert_int_eq(memcmp(one, many, rows * columns * sizeof(float)), 0);
    }
    matmul_packed_free(&packed);
    free(a);
    free(b);
    free(one);
    free(many);
}

START_TEST(bits_do_not_depend_on_threads)
{
    struct packing packings[PACKINGS];
    size_t count = find_packings(packings);
    for (size_t i = 0; i < count; i++)
        check_threads(packings[i]);
}
END_TEST

/* Who asks for OpenBLAS where it is missing or not sound tests nothing: this says so. */
START_TEST(openblas_is_taken_when_asked_for)
{
    const char *wanted = getenv("MASKMILL_PRODUCTS");
    if (wanted && strcmp(wanted, "openblas") == 0 && isa_best() == ISA_GENERIC)
        ck_assert_msg(matmul_openblas_ready(), "libopenblas is missing or not sound: install "
                                               "libopenblas0-pthread");
    setenv("MASKMILL_ISA", "generic", 1);
    setenv("MASKMILL_PRODUCTS", "openblas", 1);
    ck_assert_int_eq(matmul_isa(), matmul_openblas_ready() ? ISA_OPENBLAS : ISA_GENERIC);
    setenv("MASKMILL_PRODUCTS", "own", 1);
    ck_assert_int_eq(matmul_isa(), ISA_GENERIC);
    unsetenv("MASKMILL_ISA");
    setenv("MASKMILL_PRODUCTS", "openblas", 1);
    if (isa_best() != ISA_GENERIC)
        ck_assert_int_eq(matmul_isa(), isa_best());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("matmul");
    TCase *products = tcase_create("products");
    tcase_add_test(products, products_match_the_reference);
    tcase_add_test(products, packed_products_match_the_reference);
    tcase_add_test(products, rows_of_the_left_side_may_overlap);
    tcase_add_test(products, half16_products_match_the_reference_of_rounded_numbers);
    tcase_add_test(products, bits_do_not_depend_on_the_cut);
    tcase_add_test(products, bits_of_packed_products_do_not_depend_on_the_cut);
    tcase_add_test(products, bits_do_not_depend_on_threads);
    tcase_add_test(products, openblas_is_taken_when_asked_for);
    suite_add_tcase(suite, products);
    return unit_run(suite);
}
