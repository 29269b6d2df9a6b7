#include "model/kernels/matmul.h"

#include <assert.h>
#include <string.h>

#include "base/environment.h"
#include "base/memory.h"
#include "model/kernels/half16.h"
#include "model/kernels/matmul_kernel.h"
#include "model/kernels/matmul_openblas.h"

enum {
    LEFT_ROWS = 96, /* rows of a left side that are copied at a time when its columns lie apart */
    WIDTH_MAX = MATMUL_OPENBLAS_WIDTH /* most columns of a panel here */
};
_Static_assert((int)WIDTH_MAX >= (int)MATMUL_WIDTH_MAX, "a panel of every kernel has room");

ISA_DECLARE(const struct matmul_kernel, matmul_kernel);

const struct matmul_kernel *matmul_kernel(enum isa isa)
{
    static const struct matmul_kernel *const variants[] = ISA_VARIANTS(matmul_kernel);
    return variants[isa];
}

/* The kernel of this file's products; NULL: OpenBLAS. All other kernels take theirs from
 * matmul_kernel. */
static const struct matmul_kernel *product_kernel(enum isa isa)
{
    return isa == ISA_OPENBLAS ? NULL : matmul_kernel(isa);
}

static size_t panel_width(const struct matmul_kernel *kernel)
{
    return kernel ? kernel->width : MATMUL_OPENBLAS_WIDTH;
}

/* c[m][n] = a[m][k] @ panel + bias[n], plus c if c.add; a.column is 1. */
static void times_panel(const struct matmul_kernel *kernel, struct matmul_shape shape,
                        struct matmul_view a, const float *panel, const float *bias,
                        struct matmul_result c)
{
    if (kernel)
        kernel->panel(shape, a, panel, bias, c);
    else
        matmul_openblas_panel(shape, a, panel, bias, c);
}

/* Whether OpenBLAS's kernels can be expected to be faster than the generic ones. With SSE alone
 * they are not (bench/LOG.md). */
static bool openblas_pays(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx");
#else
    return true;
#endif
}

static const char variable[] = "MASKMILL_PRODUCTS";
enum { OWN, OPENBLAS, WORDS };
static const char *const words[] = {[OWN] = "own", [OPENBLAS] = "openblas"};

enum isa matmul_isa(void)
{
    enum isa best = isa_best();
    int wanted = environment_word(variable, words, WORDS);
    bool openblas = wanted < 0 ? openblas_pays() : wanted == OPENBLAS;
    return best == ISA_GENERIC && openblas && matmul_openblas_ready() ? ISA_OPENBLAS : best;
}

int matmul_check_environment(struct error *error)
{
    return environment_check(variable, words, WORDS, error);
}

/* panel[k][width] = b[k][n]; columns past n are zero. */
static void pack_panel(size_t k, size_t n, size_t width, struct matmul_view b, float *panel)
{
    if (b.column == 1) {
        for (size_t p = 0; p < k; p++) {
            memcpy(panel + p * width, b.data + p * b.row, n * sizeof(float));
            memset(panel + p * width + n, 0, (width - n) * sizeof(float));
        }
        return;
    }
    for (size_t j = 0; j < n; j++)
        for (size_t p = 0; p < k; p++)
            panel[p * width + j] = b.data[p * b.row + j * b.column];
    for (size_t j = n; j < width; j++)
        for (size_t p = 0; p < k; p++)
            panel[p * width + j] = 0;
}

/* Multiplies by one panel. Copies the left side if its columns are not adjacent. */
static void times_panel_of_any(const struct matmul_kernel *kernel, struct matmul_shape shape,
                               struct matmul_view a, const float *panel, struct matmul_result c)
{
    size_t k = shape.k;
    if (a.column == 1) {
        times_panel(kernel, shape, a, panel, NULL, c);
        return;
    }
    float left[LEFT_ROWS * MATMUL_DEPTH];
    for (size_t i = 0; i < shape.m; i += LEFT_ROWS) {
        size_t rows = shape.m - i < LEFT_ROWS ? shape.m - i : LEFT_ROWS;
        for (size_t p = 0; p < k; p++)
            for (size_t r = 0; r < rows; r++)
                left[r * k + p] = a.data[(i + r) * a.row + p * a.column];
        times_panel(kernel, (struct matmul_shape){rows, shape.n, k}, matmul_rows(left, k), panel,
                    NULL, (struct matmul_result){c.data + i * c.row, c.row, c.add});
    }
}

void matmul(enum isa isa, struct matmul_shape shape, struct matmul_view a, struct matmul_view b,
            struct matmul_result c)
{
    const struct matmul_kernel *kernel = product_kernel(isa);
    size_t width = panel_width(kernel);
    float panel[MATMUL_DEPTH * WIDTH_MAX] __attribute__((aligned(MEMORY_ALIGNMENT)));
    for (size_t j = 0; j < shape.n; j += width) {
        size_t columns = shape.n - j < width ? shape.n - j : width;
        for (size_t p = 0; p < shape.k; p += MATMUL_DEPTH) {
            size_t depth = shape.k - p < MATMUL_DEPTH ? shape.k - p : MATMUL_DEPTH;
            struct matmul_view left = {a.data + p * a.column, a.row, a.column};
            struct matmul_view right = {b.data + p * b.row + j * b.column, b.row, b.column};
            pack_panel(depth, columns, width, right, panel);
            times_panel_of_any(kernel, (struct matmul_shape){shape.m, columns, depth}, left, panel,
                               (struct matmul_result){c.data + j, c.row, c.add || p > 0});
        }
    }
}

/* panel[ceil(k / group)][width] = the elements of b[k][n]. */
static void pack_elements(const struct half16_kernel *half16, size_t k, size_t n, size_t width,
                          struct matmul_view b, float *panel)
{
    float part[MATMUL_DEPTH * MATMUL_WIDTH_MAX];
    for (size_t p = 0; p < k; p += MATMUL_DEPTH) {
        size_t rows = k - p < MATMUL_DEPTH ? k - p : MATMUL_DEPTH;
        struct matmul_view below = {b.data + p * b.row, b.row, b.column};
        pack_panel(rows, n, width, below, part);
        half16->across(rows, width, part, width, panel + p / half16->group * width, width);
    }
}

/* The number of rows of each packed panel. */
static size_t depth_of(const struct matmul_packed *packed)
{
    size_t group = packed->half16 ? packed->half16->group : 1;
    return (packed->k + group - 1) / group;
}

/* Fills the panels and the bias of *packed, whose sizes are set. */
static int pack(struct matmul_packed *packed, struct matmul_right right, const char *what,
                struct error *error)
{
    size_t width = packed->width, depth = depth_of(packed);
    size_t panels = (packed->n + width - 1) / width;
    packed->panels = memory_new(panels * depth, width * sizeof(float), what, error);
    packed->bias = memory_new(panels * width, sizeof(float), what, error);
    if (!packed->panels || !packed->bias) {
        matmul_packed_free(packed);
        return -1;
    }
    for (size_t j = 0; j < packed->n; j += width) {
        size_t columns = packed->n - j < width ? packed->n - j : width;
        struct matmul_view part = right.b;
        part.data += j * part.column;
        float *panel = packed->panels + j * depth;
        if (packed->half16)
            pack_elements(packed->half16, packed->k, columns, width, part, panel);
        else
            pack_panel(packed->k, columns, width, part, panel);
    }
    if (right.bias)
        memcpy(packed->bias, right.bias, packed->n * sizeof(float));
    return 0;
}

int matmul_pack(struct matmul_packed *packed, enum isa isa, struct matmul_right right,
                const char *what, struct error *error)
{
    *packed = (struct matmul_packed){
        .isa = isa, .k = right.k, .n = right.n, .width = panel_width(product_kernel(isa))};
    return pack(packed, right, what, error);
}

int matmul_pack_half16(struct matmul_packed *packed, const struct half16_kernel *half16,
                       struct matmul_right right, const char *what, struct error *error)
{
    *packed = (struct matmul_packed){.isa = isa_best(),
                                     .half16 = half16,
                                     .k = right.k,
                                     .n = right.n,
                                     .width = half16->product->width};
    return pack(packed, right, what, error);
}

void matmul_packed_free(struct matmul_packed *packed)
{
    memory_free(packed->panels);
    memory_free(packed->bias);
    *packed = (struct matmul_packed){0};
}

void matmul_columns(size_t m, struct matmul_view a, const struct matmul_packed *b, size_t first,
                    size_t count, struct matmul_result c)
{
    const struct matmul_kernel *kernel = b->half16 ? b->half16->product : product_kernel(b->isa);
    size_t depth = depth_of(b);
    assert(a.column == 1);
    for (size_t j = 0; j < count; j += b->width) {
        size_t columns = count - j < b->width ? count - j : b->width;
        times_panel(kernel, (struct matmul_shape){m, columns, depth}, a,
                    b->panels + (first + j) * depth, b->bias + first + j,
                    (struct matmul_result){c.data + j, c.row, c.add});
    }
}

void matmul_packed(size_t m, struct matmul_view a, const struct matmul_packed *b,
                   struct matmul_result c)
{
    matmul_columns(m, a, b, 0, b->n, c);
}
