/* Vector kernels of every instruction set against straight loops in double precision. */
#include "model/kernels/kernels.h"

#include <math.h>
#include <stdint.h>

#include "tests/reference/reference.h"
#include "tests/unit/unit.h"

static float random_float(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / (float)(1 << 23) - 1.0f;
}

static double exact_gelu(double x)
{
    return x * 0.5 * erfc(-x * M_SQRT1_2);
}

static double tanh_gelu(double x)
{
    return x / (1 + exp(-2 * sqrt(M_2_PI) * (x + 0.044715 * x * x * x)));
}

static double quick_gelu(double x)
{
    return x / (1 + exp(-1.702 * x));
}

/* The forms of GELU: what is wanted, and the kernel of an instruction set. */
enum { FORMS = 3 };
static double (*const wanted[FORMS])(double) = {exact_gelu, tanh_gelu, quick_gelu};

static void run_form(int form, enum isa isa, size_t count, float *x)
{
    const struct kernels *kernels = kernels_for(isa);
    (form == 0   ? kernels->gelu
     : form == 1 ? kernels->gelu_tanh
                 : kernels->quick_gelu)(1, count, x, count);
}

START_TEST(gelu_keeps_its_bound)
{
    enum { COUNT = SANITIZED ? 50021 : 1000003, SPREAD = 12 };
    float *x = malloc(COUNT * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        for (size_t i = 0; i < COUNT; i++)
            x[i] = SPREAD * (2.0f * (float)i / (float)(COUNT - 1) - 1.0f);
        run_form(_i, isa, COUNT, x);
        for (size_t i = 0; i < COUNT; i++) {
            float from = SPREAD * (2.0f * (float)i / (float)(COUNT - 1) - 1.0f);
            double want = wanted[_i](from);
            double bound = 1.5e-7 * fmax(1, fabs((double)from));
            ck_assert_msg(fabs(x[i] - want) <= bound, "gelu(%g) is %.9g, wanted %.9g", (double)from,
                          (double)x[i], want);
        }
    }
    free(x);
}
END_TEST

START_TEST(gelu_of_strange_numbers)
{
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        float x[] = {0, -0.0f, 1e-30f, -1e-30f, 1e30f, -1e5f, 3e38f};
        static const float want[] = {0, 0, 5e-31f, -5e-31f, 1e30f, 0, 3e38f};
        run_form(_i, isa, 7, x);
        for (size_t i = 0; i < 7; i++)
            ck_assert_msg(fabsf(x[i] - want[i]) <= 1.5e-7f * fmaxf(1, fabsf(want[i])),
                          "[%zu] is %g", i, (double)x[i]);
    }
}
END_TEST

START_TEST(layer_norm_matches_the_reference)
{
    enum { ROWS = 3, N_MAX = 200 };
    static const size_t widths[] = {1, 5, 16, 64, 100, N_MAX};
    float x[ROWS * N_MAX], weight[N_MAX], bias[N_MAX], got[ROWS * N_MAX], want[ROWS * N_MAX];
    uint32_t state = 7;
    for (size_t i = 0; i < ROWS * N_MAX; i++)
        x[i] = 3 * random_float(&state) + 5;
    for (size_t i = 0; i < N_MAX; i++) {
        weight[i] = random_float(&state);
        bias[i] = random_float(&state);
    }
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
            size_t n = widths[w];
            struct layer_norm norm = {n, weight, bias, 1e-6f};
            struct reference_norm reference = {n, weight, bias, 1e-6f};
            reference_layer_norm(&reference, ROWS, x, want);
            kernels_for(isa)->layer_norm(&norm, ROWS, x, n, got, n);
            for (size_t i = 0; i < ROWS * n; i++)
                ck_assert_float_eq_tol(got[i], want[i], 2e-5f);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *rows = tcase_create("rows");
    tcase_add_loop_test(rows, gelu_keeps_its_bound, 0, FORMS);
    tcase_add_loop_test(rows, gelu_of_strange_numbers, 0, FORMS);
    tcase_add_test(rows, layer_norm_matches_the_reference);
    tcase_set_timeout(rows, 60);
    suite_add_tcase(suite, rows);
    return unit_run(suite);
}
