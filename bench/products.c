/* products.c - this project's matrix products beside those of other libraries, at the sizes of its models.
 *
 *   gcc -O2 -D_GNU_SOURCE -fopenmp -I. -o build/bench/products bench/products.c build/objects.a -lm -ldl
 *   build/bench/products [LIBRARY...]       such as libopenblas.so.0 libblis.so.4 libdnnl.so.2
 *
 * A LIBRARY has cblas_sgemm (OpenBLAS, BLIS), scipy_cblas_sgemm (the wheel scipy-openblas32, which has the newest
 * OpenBLAS) or dnnl_sgemm (oneDNN). All take turns at each product; best of RUNS, GFLOP/s of one core, by processor
 * time. Packed right sides get the rows in strips, as in encoders; all others get them at once. COPIES right sides
 * take turns, since a model's weights are not in the cache.
 *
 * MASKMILL_ISA and MASKMILL_PRODUCTS choose the own kernels. The table names those that OpenBLAS and BLIS have chosen:
 * on a CPU that they do not know, OPENBLAS_CORETYPE (SkylakeX, Cooperlake, Zen) and BLIS_ARCH_TYPE (skx, zen3) help.
 */
#include <dlfcn.h>
#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "model/kernels/matmul.h"

enum { STRIP = 60, RUNS = 8, COPIES = 4, LIBRARIES_MAX = 8, ROW_MAJOR = 101, AS_IT_IS = 111 };

struct product {
    const char *what;
    struct matmul_shape shape;
};

static const struct product products[] = {
    {"ViT-B qkv, a strip", {60, 2304, 768}},
    {"ViT-B qkv, a window", {196, 2304, 768}},
    {"ViT-B qkv, all", {4096, 2304, 768}},
    {"ViT-B proj, a strip", {60, 768, 768}},
    {"ViT-B proj, a window", {196, 768, 768}},
    {"ViT-B proj, all", {4096, 768, 768}},
    {"ViT-B lin1, a strip", {60, 3072, 768}},
    {"ViT-B lin1, all", {4096, 3072, 768}},
    {"ViT-B lin2, a strip", {60, 768, 3072}},
    {"ViT-B lin2, all", {4096, 768, 3072}},
    {"TinyViT qkv, stage 1", {49, 384, 128}},
    {"TinyViT fc1, stage 1", {448, 512, 128}},
    {"TinyViT fc2, stage 2", {448, 160, 640}},
    {"TinyViT fc1, stage 3", {448, 1280, 320}},
    {"decoder, queries", {112, 256, 256}},
    {"decoder, MLP", {112, 2048, 256}},
    {"decoder, table of an image", {4096, 256, 256}},
};
enum { PRODUCTS = sizeof products / sizeof *products };

struct library {
    const char *name, *core; /* core: the CPU that its kernels are for; "" if it does not say */
    void (*cblas)(int order, int a_as, int b_as, int m, int n, int k, float alpha, const float *a,
                  int a_row, const float *b, int b_row, float beta, float *c, int c_row);
    int (*dnnl)(char a_as, char b_as, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                int64_t a_row, const float *b, int64_t b_row, float beta, float *c, int64_t c_row);
};

/* The operands of one product. */
struct operands {
    struct matmul_shape shape;
    enum isa isa;
    float *a, *b[COPIES], *c, *want;
    struct matmul_packed packed[COPIES];
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void stop(const char *what)
{
    fprintf(stderr, "products: %s\n", what);
    exit(1);
}

static float *floats(size_t count)
{
    float *x = aligned_alloc(64, (count * sizeof *x + 63) / 64 * 64);
    if (!x)
        stop("no memory");
    return x;
}

static float *noise(size_t count)
{
    float *x = floats(count);
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) / (float)(1 << 23) - 1;
    }
    return x;
}

static const char *core_of(void *handle)
{
    static const char *const names[] = {"openblas_get_corename", "scipy_openblas_get_corename"};
    for (int i = 0; i < 2; i++) {
        char *(*name)(void) = (__typeof__(name))dlsym(handle, names[i]);
        if (name)
            return name();
    }
    void (*start)(void) = (__typeof__(start))dlsym(handle, "bli_init");
    int (*number)(void) = (__typeof__(number))dlsym(handle, "bli_arch_query_id");
    const char *(*text)(int) = (__typeof__(text))dlsym(handle, "bli_arch_string");
    if (!start || !number || !text)
        return "";
    start();
    return text(number());
}

static void open_library(struct library *library, const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    const char *slash = strrchr(path, '/');
    if (!handle)
        stop(dlerror());
    library->name = slash ? slash + 1 : path;
    library->core = core_of(handle);
    void *cblas = dlsym(handle, "cblas_sgemm");
    if (!cblas)
        cblas = dlsym(handle, "scipy_cblas_sgemm");
    library->cblas = (__typeof__(library->cblas))cblas;
    library->dnnl = (__typeof__(library->dnnl))dlsym(handle, "dnnl_sgemm");
    if (!library->cblas && !library->dnnl)
        stop("a library has none of cblas_sgemm, scipy_cblas_sgemm and dnnl_sgemm");
}

static void prepare(struct operands *operands, struct matmul_shape shape, enum isa isa)
{
    struct error error;
    *operands = (struct operands){.shape = shape, .isa = isa};
    operands->a = noise(shape.m * shape.k);
    operands->c = floats(shape.m * shape.n);
    operands->want = floats(shape.m * shape.n);
    for (int i = 0; i < COPIES; i++) {
        operands->b[i] = noise(shape.k * shape.n);
        struct matmul_right right = {shape.k, shape.n, matmul_rows(operands->b[i], shape.n), NULL};
        if (matmul_pack(&operands->packed[i], isa, right, "right side", &error) < 0)
            stop(error.text);
    }
}

static void release(struct operands *operands)
{
    for (int i = 0; i < COPIES; i++) {
        matmul_packed_free(&operands->packed[i]);
        free(operands->b[i]);
    }
    free(operands->a);
    free(operands->c);
    free(operands->want);
}

static void multiply_packed(const struct operands *operands, int copy, float *c)
{
    struct matmul_shape shape = operands->shape;
    for (size_t first = 0; first < shape.m; first += STRIP)
        matmul_packed(shape.m - first < STRIP ? shape.m - first : STRIP,
                      matmul_rows(operands->a + first * shape.k, shape.k), &operands->packed[copy],
                      matmul_set(c + first * shape.n, shape.n));
}

static void multiply(const struct operands *operands, int copy, float *c)
{
    struct matmul_shape shape = operands->shape;
    matmul(operands->isa, shape, matmul_rows(operands->a, shape.k),
           matmul_rows(operands->b[copy], shape.n), matmul_set(c, shape.n));
}

static void multiply_foreign(const struct operands *operands, int copy,
                             const struct library *library, float *c)
{
    int m = (int)operands->shape.m, n = (int)operands->shape.n, k = (int)operands->shape.k;
    if (library->cblas)
        library->cblas(ROW_MAJOR, AS_IT_IS, AS_IT_IS, m, n, k, 1, operands->a, k, operands->b[copy],
                       n, 0, c, n);
    else
        library->dnnl('N', 'N', m, n, k, 1, operands->a, k, operands->b[copy], n, 0, c, n);
}

/* GFLOP/s of one product. Engine 0 has packed right sides, 1 does not; the others are libraries. */
static double time_once(const struct operands *operands, int run, int engine,
                        const struct library *libraries)
{
    struct matmul_shape shape = operands->shape;
    int copy = run % COPIES;
    double start = now();
    if (engine == 0)
        multiply_packed(operands, copy, operands->c);
    else if (engine == 1)
        multiply(operands, copy, operands->c);
    else
        multiply_foreign(operands, copy, &libraries[engine - 2], operands->c);
    double seconds = now() - start;
    for (size_t i = 0; i < shape.m * shape.n; i++)
        if (fabsf(operands->c[i] - operands->want[i]) > 1e-5f * (float)(shape.k + 8))
            stop("a product is wrong");
    return 2e-9 * (double)shape.m * (double)shape.n * (double)shape.k / seconds;
}

static void time_product(const struct product *product, enum isa isa, int engines,
                         const struct library *libraries)
{
    struct operands operands;
    double best[LIBRARIES_MAX + 2] = {0};
    prepare(&operands, product->shape, isa);
    multiply(&operands, 0, operands.want); /* all copies are equal */
    for (int run = 0; run < RUNS; run++)
        for (int engine = 0; engine < engines; engine++)
            best[engine] = fmax(best[engine], time_once(&operands, run, engine, libraries));
    printf("| %s | %zu x %zu x %zu |", product->what, product->shape.m, product->shape.n,
           product->shape.k);
    for (int engine = 0; engine < engines; engine++)
        printf(" %.1f |", best[engine]);
    putchar('\n');
    release(&operands);
}

int main(int count, char **arguments)
{
    static const char *const variables[] = {"OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS",
                                            "OMP_NUM_THREADS"};
    struct library libraries[LIBRARIES_MAX];
    enum isa isa = matmul_isa();
    if (count - 1 > LIBRARIES_MAX)
        stop("too many libraries");
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        setenv(variables[i], "1", 1);
    omp_set_num_threads(1);
    printf("| product | m x n x k | own, packed (%s) | own |", isa_name(isa));
    for (int i = 1; i < count; i++) {
        open_library(&libraries[i - 1], arguments[i]);
        printf(" %s %s |", libraries[i - 1].name, libraries[i - 1].core);
    }
    puts("");
    for (int i = 0; i < count + 3; i++)
        fputs("|---", stdout);
    puts("|");
    for (int i = 0; i < PRODUCTS; i++)
        time_product(&products[i], isa, count + 1, libraries);
    return 0;
}
