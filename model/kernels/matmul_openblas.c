#include "model/kernels/matmul_openblas.h"

#include <stddef.h>

#ifndef HAVE_OPENBLAS

#include <assert.h>

bool matmul_openblas_ready(void)
{
    return false;
}

void matmul_openblas_panel(struct matmul_shape shape, struct matmul_view a, const float *panel,
                           const float *bias, struct matmul_result c)
{
    (void)shape;
    (void)a;
    (void)panel;
    (void)bias;
    (void)c;
    assert(!"never called: OpenBLAS is not ready");
}

#else

#include <cblas.h>
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/size.h"

/* A product is cut into calls of at most TILE rows, columns and steps of k. OpenBLAS divides a call
 * among threads from TILE^3 multiply-adds on (SMP_THRESHOLD_MIN * GEMM_MULTITHREAD_THRESHOLD).
 * Rows and columns are filled up to multiples of a register block's: 8 and 16 are enough for all
 * CPUs that OpenBLAS knows. Its kernels for partial blocks add in another order. */
enum { TILE = MATMUL_OPENBLAS_WIDTH, ROW_STEP = 8, COLUMN_STEP = 16 };

/* OpenBLAS is opened once per process; these say so. Set by open_once alone. */
static pthread_once_t open_control = PTHREAD_ONCE_INIT;
static __typeof__(cblas_sgemm) *sgemm;

static size_t rounded_up(size_t n, size_t step)
{
    return (n + step - 1) / step * step;
}

/* c[m][n] += a[m][k] @ b[k][n], all at most TILE; rows of b lie TILE floats apart. */
static void multiply(struct matmul_shape shape, struct matmul_view a, const float *b,
                     struct matmul_result c)
{
    sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (blasint)shape.m, (blasint)shape.n,
          (blasint)shape.k, 1, a.data, (blasint)a.row, b, TILE, 1, c.data, (blasint)c.row);
}

/* Some of its AVX kernels leave the upper halves of registers dirty, and SSE code is then several
 * times slower. */
static void clean_registers(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile("vzeroupper");
#endif
}

/* to[TILE][TILE] = m rows of a, then zeros up to `rows` rows. */
static void fill_rows(struct matmul_shape shape, struct matmul_view a, size_t rows, float *to)
{
    for (size_t r = 0; r < shape.m; r++)
        memcpy(to + r * TILE, a.data + r * a.row, shape.k * sizeof(float));
    for (size_t r = shape.m; r < rows; r++)
        memset(to + r * TILE, 0, shape.k * sizeof(float));
}

/* c[m][n] += a[m][k] @ panel, where m <= TILE and c has room for whole register blocks. Rows of a
 * that overlap, as those of convolutions do, are copied apart: OpenBLAS refuses them. */
static void add_product(struct matmul_shape shape, struct matmul_view a, const float *panel,
                        struct matmul_result c)
{
    float left[TILE * TILE];
    size_t rows = rounded_up(shape.m, ROW_STEP), columns = rounded_up(shape.n, COLUMN_STEP);
    for (size_t p = 0; p < shape.k; p += TILE, a.data += TILE, panel += (size_t)TILE * TILE) {
        size_t depth = smaller(shape.k - p, TILE);
        struct matmul_view from = a;
        if (rows > shape.m || a.row < depth) {
            fill_rows((struct matmul_shape){shape.m, columns, depth}, a, rows, left);
            from = matmul_rows(left, TILE);
        }
        multiply((struct matmul_shape){rows, columns, depth}, from, panel, c);
    }
}

/* to[m][n] = bias[n], plus from[m][n] if from.add. */
static void start_sums(struct matmul_shape shape, const float *bias, struct matmul_result from,
                       struct matmul_result to)
{
    for (size_t r = 0; r < shape.m; r++, from.data += from.row, to.data += to.row)
        for (size_t j = 0; j < shape.n; j++)
            to.data[j] = (bias ? bias[j] : 0) + (from.add ? from.data[j] : 0);
}

/* As matmul_openblas_panel for m <= TILE, by way of a tile that has room for whole blocks. */
static void add_partial(struct matmul_shape shape, struct matmul_view a, const float *panel,
                        const float *bias, struct matmul_result c)
{
    float sums[TILE * TILE] = {0};
    start_sums(shape, bias, c, matmul_set(sums, TILE));
    add_product(shape, a, panel, matmul_set(sums, TILE));
    for (size_t r = 0; r < shape.m; r++)
        memcpy(c.data + r * c.row, sums + r * TILE, shape.n * sizeof(float));
}

void matmul_openblas_panel(struct matmul_shape shape, struct matmul_view a, const float *panel,
                           const float *bias, struct matmul_result c)
{
    size_t rows;
    for (; shape.m > 0; shape.m -= rows, a.data += rows * a.row, c.data += rows * c.row) {
        rows = smaller(shape.m, TILE);
        struct matmul_shape tile = {rows, shape.n, shape.k};
        if (rows % ROW_STEP == 0 && shape.n % COLUMN_STEP == 0) {
            start_sums(tile, bias, c, c);
            add_product(tile, a, panel, c);
        } else {
            add_partial(tile, a, panel, bias, c);
        }
    }
    clean_registers();
}

/* Whether all elements of a[m][k] @ b[k][n] have the bits of `want` if all rows of a are equal, and
 * all columns of b. */
static bool same_bits(struct matmul_shape shape, const float *a, const float *b, float want)
{
    float c[TILE * TILE] = {0};
    multiply(shape, matmul_rows(a, TILE), b, matmul_set(c, TILE));
    for (size_t i = 0; i < shape.m; i++)
        for (size_t j = 0; j < shape.n; j++)
            if (c[i * TILE + j] != want)
                return false;
    return true;
}

/* Tries every shape of a call. */
static bool places_are_equal(void)
{
    float a[TILE * TILE], b[TILE * TILE];
    for (size_t i = 0; i < TILE; i++)
        for (size_t j = 0; j < TILE; j++) {
            a[i * TILE + j] = (float)((j * 73 + 19) % 101) / 101 - 0.4f;
            b[i * TILE + j] = (float)((i * 59 + 31) % 97) / 97 - 0.6f;
        }
    for (size_t k = 1; k <= TILE; k++) {
        float first[ROW_STEP * TILE] = {0};
        multiply((struct matmul_shape){ROW_STEP, COLUMN_STEP, k}, matmul_rows(a, TILE), b,
                 matmul_set(first, TILE));
        for (size_t m = ROW_STEP; m <= TILE; m += ROW_STEP)
            for (size_t n = COLUMN_STEP; n <= TILE; n += COLUMN_STEP)
                if (!same_bits((struct matmul_shape){m, n, k}, a, b, *first))
                    return false;
    }
    return true;
}

/* Whether it may be called from several threads at once. */
static bool takes_threads(void *library)
{
    __typeof__(openblas_get_parallel) *parallel =
        (__typeof__(openblas_get_parallel) *)dlsym(library, "openblas_get_parallel");
    __typeof__(openblas_get_config) *config =
        (__typeof__(openblas_get_config) *)dlsym(library, "openblas_get_config");
    return (parallel && parallel() != OPENBLAS_SEQUENTIAL) ||
           (config && strstr(config(), "USE_LOCKING"));
}

static void open_once(void)
{
    /* Fedora's with threads; Debian's, of whichever kind. */
    static const char *const names[] = {"libopenblasp.so.0", "libopenblas.so.0"};
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return;
    sgemm = (__typeof__(sgemm))dlsym(library, "cblas_sgemm");
    if (!sgemm || !takes_threads(library) || !places_are_equal())
        sgemm = NULL;
    clean_registers();
}

bool matmul_openblas_ready(void)
{
    pthread_once(&open_control, open_once);
    return sgemm != NULL;
}

#endif
