/* Products of pairs in bfloat16 by AMX (model/kernels/half16_tiles_simd.c) against the
 * reference. The code that is shipped runs by emulation where there is no AMX, on any CPU with
 * AVX512-BF16. Operands are small whole numbers, so sums are exact in any order, unless bits are
 * compared. They end where readable memory ends, and what a product must not use is not a
 * number. */
#include "model/kernels/half16.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "model/kernels/matmul.h"
#include "tests/reference/amx_emulation.h"
#include "tests/reference/reference.h"
#include "tests/unit/random.h"
#include "tests/unit/unit.h"

#if defined(HAVE_AMX)

#include <immintrin.h>

extern const struct half16_kernel half16_bf16_tiles_avx512;

/* NULL where its vectors cannot run. */
static const struct half16_kernel *tiles_kernel(void)
{
    return half16_kernel(HALF16_BF16_PAIRS) ? &half16_bf16_tiles_avx512 : NULL;
}

enum { WIDTH = 32, PAGE = 4096 };

/* n floats behind which memory cannot be read. */
struct fenced {
    char *pages;
    size_t size;
    float *data;
};

static struct fenced fenced_new(size_t n)
{
    struct fenced fenced = {.size = (n * sizeof(float) + 2 * PAGE - 1) / PAGE * PAGE};
    fenced.pages =
        mmap(NULL, fenced.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(fenced.pages != MAP_FAILED);
    char *end = fenced.pages + fenced.size - PAGE;
    ck_assert_int_eq(mprotect(end, PAGE, PROT_NONE), 0);
    fenced.data = (float *)(void *)end - n;
    return fenced;
}

static void fenced_free(struct fenced fenced)
{
    munmap(fenced.pages, fenced.size);
}

/* x[rows][n] = numbers, and NaN up to `row` columns but in the last row, which ends after n.
 * Whole numbers from -4 to 4, or from a million of those in bfloat16 below 1. */
static struct fenced random_rows(size_t rows, size_t n, size_t row, bool whole, uint64_t seed)
{
    struct random random = {seed};
    struct fenced x = fenced_new(rows ? (rows - 1) * row + n : 0);
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < row && r * row + i < (rows - 1) * row + n; i++) {
            float number = whole ? (float)random_below(&random, 9) - 4
                                 : (float)((int)random_below(&random, 512) - 256) *
                                       ldexpf(1, -8 - (int)random_below(&random, 12));
            x.data[r * row + i] = i < n ? number : NAN;
        }
    return x;
}

/* Elements of the first n columns of x[rows][row], laid out as random_rows does. */
static struct fenced elements_across(const struct half16_kernel *kernel, struct fenced x,
                                     size_t rows, size_t n, size_t row)
{
    struct fenced to = fenced_new(rows ? (rows / 2 - 1) * row + n : 0);
    memset(to.pages, 0xff, to.size - PAGE);
    kernel->across(rows, n, x.data, row, to.data, row);
    return to;
}

static struct fenced elements_along(const struct half16_kernel *kernel, struct fenced x,
                                    size_t rows, size_t n, size_t to_row)
{
    struct fenced to = fenced_new(rows ? (rows - 1) * to_row + n / 2 : 0);
    memset(to.pages, 0xff, to.size - PAGE);
    kernel->along(rows, n, x.data, n, to.data, to_row);
    return to;
}

/* After each product: nothing that the CPU would refuse, and no tile left in use. */
static void expect_no_fault(void)
{
    const char *fault = amx_emulation_fault();
    ck_assert_msg(!fault, "%s", fault);
    ck_assert(!amx_emulation_in_use());
}

static void expect_same(struct matmul_shape shape, struct fenced got, struct fenced want)
{
    size_t bytes = got.size - PAGE;
    for (size_t i = 0; memcmp(got.pages, want.pages, bytes) != 0 && i < bytes / sizeof(float); i++)
        ck_assert_msg(memcmp(got.pages + i * sizeof(float), want.pages + i * sizeof(float),
                             sizeof(float)) == 0,
                      "%zu x %zu x %zu: the result has %g, wanted %g", shape.m, shape.n, shape.k,
                      (double)*(float *)(void *)(got.pages + i * sizeof(float)),
                      (double)*(float *)(void *)(want.pages + i * sizeof(float)));
}

enum { ADD = 1, BIAS = 2, WAYS = 4 };

/* panel() of k elements. */
static void check_panel(struct matmul_shape shape, int way)
{
    const struct half16_kernel *kernel = tiles_kernel();
    size_t m = shape.m, n = shape.n, k = shape.k, a_row = k + 3, c_row = n + 5;
    struct fenced x = random_rows(m, 2 * k, 2 * k, true, 1),
                  y = random_rows(2 * k, n, WIDTH, true, 2);
    struct fenced a = elements_along(kernel, x, m, 2 * k, a_row);
    struct fenced b = fenced_new(k * WIDTH), bias = random_rows(1, WIDTH, WIDTH, true, 3);
    struct fenced got = random_rows(m, n, c_row, true, 4), want = random_rows(m, n, c_row, true, 4);
    memset(b.pages, 0xff, b.size - PAGE);
    kernel->across(2 * k, n, y.data, WIDTH, b.data, WIDTH);
    kernel->product->panel(shape, matmul_rows(a.data, a_row), b.data, way & BIAS ? bias.data : NULL,
                           (struct matmul_result){got.data, c_row, way & ADD});
    expect_no_fault();
    reference_matmul((struct matmul_shape){m, n, 2 * k}, matmul_rows(x.data, 2 * k),
                     matmul_rows(y.data, WIDTH),
                     (struct matmul_result){want.data, c_row, way & ADD});
    for (size_t i = 0; way & BIAS && i < m * n; i++)
        want.data[i / n * c_row + i % n] += bias.data[i % n];
    expect_same(shape, got, want);
    const struct fenced all[] = {x, y, a, b, bias, got, want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fenced_free(all[i]);
}

static void check_panels(size_t m, size_t n, size_t k)
{
    for (int way = 0; way < WAYS; way++)
        check_panel((struct matmul_shape){m, n, k}, way);
}

/* weighted() of k elements. */
static void check_weighted(size_t n, size_t k, bool add)
{
    const struct half16_kernel *kernel = tiles_kernel();
    size_t b_row = n + 7, c_row = n + 2;
    struct matmul_shape shape = {WIDTH, n, 2 * k};
    struct fenced x = random_rows(2 * k, WIDTH, WIDTH, true, 1),
                  y = random_rows(2 * k, n, b_row, true, 2);
    struct fenced a = elements_across(kernel, x, 2 * k, WIDTH, WIDTH);
    struct fenced b = elements_across(kernel, y, 2 * k, n, b_row);
    struct fenced got = random_rows(WIDTH, n, c_row, true, 3),
                  want = random_rows(WIDTH, n, c_row, true, 3);
    kernel->product->weighted(n, k, a.data, matmul_rows(b.data, b_row),
                              (struct matmul_result){got.data, c_row, add});
    expect_no_fault();
    reference_matmul(shape, matmul_transposed(x.data, WIDTH), matmul_rows(y.data, b_row),
                     (struct matmul_result){want.data, c_row, add});
    expect_same(shape, got, want);
    const struct fenced all[] = {x, y, a, b, got, want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fenced_free(all[i]);
}

START_TEST(panels_match_the_reference)
{
    static const size_t rows[] = {60, 96, 97, 144, 147};
    if (!tiles_kernel())
        return;
    for (size_t m = 1; m <= 40; m++) {
        check_panels(m, 32, 16);
        check_panels(m, 17, 7);
        check_panels(m, 1, 33);
    }
    for (size_t n = 1; n <= WIDTH; n++) {
        check_panels(33, n, 19);
        check_panels(7, n, 32);
    }
    for (size_t k = 1; k <= 70; k++) {
        check_panels(20, 32, k);
        check_panels(3, 5, k);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_panels(rows[i], 31 + i % 2, 40);
}
END_TEST

START_TEST(weighted_sums_match_the_reference)
{
    if (!tiles_kernel())
        return;
    for (size_t n = 1; n <= 66; n++)
        for (int add = 0; add < 2; add++)
            check_weighted(n, n % 2 ? 24 : 16, add);
    for (size_t k = 1; k <= 72; k++)
        for (int add = 0; add < 2; add++)
            check_weighted(k % 3 ? 32 : 40, k, add);
    check_weighted(80, 96, true);
    check_weighted(80, 97, false);
    check_weighted(33, 200, true);
}
END_TEST

/* As attention and the encoder call it: through packed panels, with an odd number of factors. */
START_TEST(packed_products_match_the_reference)
{
    const struct half16_kernel *kernel = tiles_kernel();
    for (size_t n = 1; kernel && n <= 100; n += n < 64 ? 1 : 12) {
        struct error *error = NULL;
        struct matmul_packed packed;
        size_t m = 50, k = 2 * (n % 40) + 1, depth = k / 2 + 1;
        struct matmul_shape shape = {m, n, k};
        struct fenced x = random_rows(m, k, k, true, 1), y = random_rows(k, n, n, true, 2);
        struct fenced bias = random_rows(1, n, n, true, 3), a = fenced_new(m * depth);
        struct fenced got = random_rows(m, n, n, true, 4), want = random_rows(m, n, n, true, 4);
        struct matmul_right right = {k, n, matmul_rows(y.data, n), bias.data};
        ck_assert_int_eq(matmul_pack_half16(&packed, kernel, right, "test", error), 0);
        kernel->along(m, k, x.data, k, a.data, depth);
        matmul_packed(m, matmul_rows(a.data, depth), &packed, matmul_add(got.data, n));
        expect_no_fault();
        reference_matmul(shape, matmul_rows(x.data, k), matmul_rows(y.data, n),
                         matmul_add(want.data, n));
        for (size_t i = 0; i < m * n; i++)
            want.data[i] += bias.data[i % n];
        expect_same(shape, got, want);
        matmul_packed_free(&packed);
        const struct fenced all[] = {x, y, bias, a, got, want};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            fenced_free(all[i]);
    }
}
END_TEST

/* Rows cut in strips, by several threads, have the bits of the whole product; so have columns of
 * weighted sums. */
START_TEST(bits_do_not_depend_on_the_cut_or_threads)
{
    static const size_t strips[] = {1, 2, 17, 31, 33, 60};
    const struct half16_kernel *kernel = tiles_kernel();
    size_t m = 70, n = 27, k = 37;
    if (!kernel)
        return;
    struct fenced a = random_rows(m, 2 * k, 2 * k, false, 1),
                  b = random_rows(2 * k, WIDTH, WIDTH, false, 2);
    struct fenced whole = random_rows(m, n, n, false, 3), cut = random_rows(m, n, n, false, 3);
    kernel->along(m, 2 * k, a.data, 2 * k, a.data, 2 * k);
    kernel->across(2 * k, WIDTH, b.data, WIDTH, b.data, WIDTH);
    kernel->product->panel((struct matmul_shape){m, n, k}, matmul_rows(a.data, 2 * k), b.data,
                           b.data, matmul_set(whole.data, n));
    for (size_t s = 0; s < sizeof strips / sizeof *strips; s++) {
#pragma omp parallel for num_threads(4)
        for (size_t first = 0; first < m; first += strips[s])
            kernel->product->panel(
                (struct matmul_shape){m - first < strips[s] ? m - first : strips[s], n, k},
                matmul_rows(a.data + first * 2 * k, 2 * k), b.data, b.data,
                matmul_set(cut.data + first * n, n));
        expect_no_fault();
        expect_same((struct matmul_shape){m, n, k}, cut, whole);
    }
    kernel->product->weighted(n, k, b.data, matmul_rows(a.data, 2 * k), matmul_set(whole.data, n));
    for (size_t j = 0; j < n; j += 5)
        kernel->product->weighted(n - j < 5 ? n - j : 5, k, b.data, matmul_rows(a.data + j, 2 * k),
                                  matmul_set(cut.data + j, n));
    expect_no_fault();
    expect_same((struct matmul_shape){WIDTH, n, k}, cut, whole);
    const struct fenced all[] = {a, b, whole, cut};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fenced_free(all[i]);
}
END_TEST

/* Sums of many steps stay near those of floats. */
START_TEST(long_sums_are_as_good_as_those_of_pairs)
{
    const struct half16_kernel *kernel = tiles_kernel(), *pairs = half16_kernel(HALF16_BF16_PAIRS);
    size_t m = 12, k = 768;
    if (!kernel)
        return;
    struct fenced a = random_rows(m, 2 * k, 2 * k, false, 1),
                  b = random_rows(2 * k, WIDTH, WIDTH, false, 2);
    struct fenced got = fenced_new(m * WIDTH), want = fenced_new(m * WIDTH);
    kernel->along(m, 2 * k, a.data, 2 * k, a.data, 2 * k);
    kernel->across(2 * k, WIDTH, b.data, WIDTH, b.data, WIDTH);
    const struct matmul_shape shape = {m, WIDTH, k};
    const struct matmul_view left = matmul_rows(a.data, 2 * k);
    kernel->product->panel(shape, left, b.data, NULL, matmul_set(got.data, WIDTH));
    pairs->product->panel(shape, left, b.data, NULL, matmul_set(want.data, WIDTH));
    expect_no_fault();
    for (size_t i = 0; i < m * WIDTH; i++)
        ck_assert_float_eq_tol(got.data[i], want.data[i], 2e-4f);
    const struct fenced all[] = {a, b, got, want};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fenced_free(all[i]);
}
END_TEST

/* What LDTILECFG reads, for c in tile 0, a in 1, b in 2; tile 3 is not configured. */
static void sound_configuration(uint8_t to[64])
{
    memset(to, 0, 64);
    to[0] = 1;
    for (size_t tile = 0; tile < 3; tile++) {
        to[16 + 2 * tile] = 64;
        to[48 + tile] = 16;
    }
}

/* Bytes 16 and up: widths of tiles; 48 and up: heights. */
static const struct {
    const char *fault;
    uint8_t place, value;
} configurations[] = {
    {NULL, 48, 16},
    {"LDTILECFG: not palette 1 from row 0", 0, 2},
    {"LDTILECFG: not palette 1 from row 0", 1, 1},
    {"LDTILECFG: reserved bytes", 15, 1},
    {"LDTILECFG: reserved bytes", 32, 1},
    {"LDTILECFG: reserved bytes", 63, 1},
    {"LDTILECFG: size of a tile", 16, 68},
    {"LDTILECFG: size of a tile", 48, 17},
    {"LDTILECFG: size of a tile", 51, 1},
    {"TDPBF16PS: sizes of tiles", 16, 60},
    {"TDPBF16PS: sizes of tiles", 48, 15},
    {"TDPBF16PS: sizes of tiles", 18, 32},
    {"TDPBF16PS: sizes of tiles", 50, 8},
};

__attribute__((target("amx-tile,amx-bf16"))) static void multiply_with(const uint8_t *configuration)
{
    __asm__ volatile("" : : "r"(configuration) : "memory");
    _tile_loadconfig(configuration);
    _tile_dpbf16ps(0, 1, 2);
    _tile_release();
}

__attribute__((target("amx-tile,amx-bf16"))) static void touch_tile_3(const uint8_t *configuration)
{
    __asm__ volatile("" : : "r"(configuration) : "memory");
    _tile_loadconfig(configuration);
    _tile_zero(3);
    _tile_release();
}

__attribute__((target("amx-tile"))) static void touch_released_tile(void)
{
    _tile_zero(0);
}

static void expect_fault(const char *want)
{
    const char *fault = amx_emulation_fault();
    if (!want)
        ck_assert_ptr_null(fault);
    else
        ck_assert_str_eq(fault ? fault : "none", want);
}

/* That the tests above can fail. Left out where the CPU runs the instructions itself, and would
 * end this. */
START_TEST(the_emulation_finds_faults)
{
    uint8_t configuration[64];
    sound_configuration(configuration);
    if (!tiles_kernel() || amx_emulation_count() == 0)
        return;
    for (size_t i = 0; i < sizeof configurations / sizeof *configurations; i++) {
        sound_configuration(configuration);
        configuration[configurations[i].place] = configurations[i].value;
        multiply_with(configuration);
        expect_fault(configurations[i].fault);
    }
    sound_configuration(configuration);
    touch_tile_3(configuration);
    expect_fault("a tile that is not configured");
    touch_released_tile();
    expect_fault("a tile that is not configured");
}
END_TEST

START_TEST(tiles_are_chosen_only_when_asked_for)
{
    unsetenv("MASKMILL_BF16");
    ck_assert_ptr_ne(half16_bf16_kernel(), &half16_bf16_tiles_avx512);
    setenv("MASKMILL_BF16", "tiles", 1);
    ck_assert_ptr_eq(half16_bf16_kernel(), half16_kernel(HALF16_BF16_TILES));
    ck_assert_ptr_null(half16_bf16_pairs());
    unsetenv("MASKMILL_BF16");
}
END_TEST

#endif

int main(void)
{
    Suite *suite = suite_create("tiles");
    TCase *products = tcase_create("products");
#if defined(HAVE_AMX)
    tcase_set_timeout(products, 60);
    tcase_add_test(products, panels_match_the_reference);
    tcase_add_test(products, weighted_sums_match_the_reference);
    tcase_add_test(products, packed_products_match_the_reference);
    tcase_add_test(products, bits_do_not_depend_on_the_cut_or_threads);
    tcase_add_test(products, long_sums_are_as_good_as_those_of_pairs);
    tcase_add_test(products, the_emulation_finds_faults);
    tcase_add_test(products, tiles_are_chosen_only_when_asked_for);
    if (!half16_kernel(HALF16_BF16_TILES))
        amx_emulation_begin();
#endif
    suite_add_tcase(suite, products);
    return unit_run(suite);
}
