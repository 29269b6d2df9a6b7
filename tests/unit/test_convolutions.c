/* Convolutions, upsampling and linear attention of every instruction set against references. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/kernels/depthwise.h"
#include "model/kernels/grouped.h"
#include "model/kernels/linear_attention.h"
#include "model/kernels/upsample.h"
#include "model/kernels/winograd.h"
#include "tests/reference/reference.h"
#include "tests/unit/unit.h"

static float *random_floats(size_t n, uint32_t seed)
{
    float *x = calloc(n, sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (float)(1 << 23) - 1.0f;
    }
    return x;
}

/* A convolution with random weights and bias; free_conv is due. */
static struct conv random_conv(size_t in, size_t out, size_t kernel, size_t stride, size_t groups)
{
    size_t depth = in / groups * kernel * kernel;
    return (struct conv){
        in, out, kernel, stride, groups, random_floats(out * depth, 1), random_floats(out, 2)};
}

static void free_conv(struct conv *conv)
{
    free(conv->weight);
    free(conv->bias);
}

/* The result for x[in][side][side] as channel planes. The caller frees it. */
static float *convolve(const struct conv *conv, size_t side, const float *x)
{
    size_t to = (side - 1) / conv->stride + 1;
    float *y = calloc(conv->out * to * to, sizeof *y);
    ck_assert_ptr_nonnull(y);
    struct reference_conv reference = {conv->in,         conv->out,    conv->kernel, conv->stride,
                                       conv->kernel / 2, conv->groups, conv->weight, conv->bias};
    reference_convolve(&reference, side, side, x, y);
    return y;
}

/* x[channels][side][side] with channels last and a frame of `frame` zeros. The caller frees it. */
static float *channels_last(size_t channels, size_t side, size_t frame, const float *x)
{
    size_t row = side + 2 * frame;
    float *y = calloc(row * row * channels, sizeof *y);
    ck_assert_ptr_nonnull(y);
    for (size_t c = 0; c < channels; c++)
        for (size_t r = 0; r < side; r++)
            for (size_t s = 0; s < side; s++)
                y[((r + frame) * row + s + frame) * channels + c] = x[(c * side + r) * side + s];
    return y;
}

struct depthwise_case {
    size_t channels, side, kernel, stride;
};

static const struct depthwise_case depthwise_cases[] = {
    {1, 5, 3, 1}, {16, 8, 3, 2}, {37, 6, 5, 1}, {70, 9, 5, 2}, {19, 8, 7, 1}, {4, 3, 1, 1},
};
enum { DEPTHWISE_CASES = sizeof depthwise_cases / sizeof *depthwise_cases };

START_TEST(depthwise_matches_the_reference)
{
    struct depthwise_case d = depthwise_cases[_i];
    size_t frame = d.kernel / 2, row = (d.side + 2 * frame) * d.channels;
    struct conv conv = random_conv(d.channels, d.channels, d.kernel, d.stride, d.channels);
    float *x = random_floats(d.channels * d.side * d.side, 3);
    float *framed = channels_last(d.channels, d.side, frame, x);
    float *planes = convolve(&conv, d.side, x);
    size_t to = (d.side - 1) / d.stride + 1;
    float *want = channels_last(d.channels, to, 0, planes);
    float *got = malloc(to * d.channels * sizeof *got);
    ck_assert_ptr_nonnull(got);
    struct depthwise packed;
    struct error error;
    ck_assert_int_eq(depthwise_pack(&packed, &conv, &error), 0);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (size_t r = 0; r < to; r++) {
            const float *rows[DEPTHWISE_KERNEL_MAX];
            for (size_t i = 0; i < d.kernel; i++)
                rows[i] = framed + (r * d.stride + i) * row;
            kernels_for(isa)->depthwise(&packed, to, rows, got);
            for (size_t i = 0; i < to * d.channels; i++)
                ck_assert_float_eq_tol(got[i], want[r * to * d.channels + i], 1e-5f);
        }
    depthwise_free(&packed);
    free_conv(&conv);
    free(x);
    free(framed);
    free(planes);
    free(want);
    free(got);
}
END_TEST

START_TEST(grouped_matches_the_reference)
{
    enum { SIDE = 5, GROUPS = 3, IN = 3 * 20, OUT = 3 * 33, N = SIDE * SIDE, ROW = OUT + 5 };
    struct conv conv = random_conv(IN, OUT, 1, 1, GROUPS);
    float *x = random_floats(IN * N, 3), *last = channels_last(IN, SIDE, 0, x);
    float *planes = convolve(&conv, SIDE, x), *want = channels_last(OUT, SIDE, 0, planes);
    float *got = malloc(N * ROW * sizeof *got);
    ck_assert_ptr_nonnull(got);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        struct grouped grouped;
        struct error error;
        ck_assert_int_eq(grouped_pack(&grouped, isa, &conv, &error), 0);
        grouped_run(&grouped, N, last, IN, got, ROW);
        for (size_t p = 0; p < N; p++)
            for (size_t c = 0; c < OUT; c++)
                ck_assert_float_eq_tol(got[p * ROW + c], want[p * OUT + c], 1e-5f);
        grouped_free(&grouped);
    }
    free_conv(&conv);
    free(x);
    free(last);
    free(planes);
    free(want);
    free(got);
}
END_TEST

struct winograd_case {
    size_t in, out, side, stride;
};

/* Channels that are no multiple of a vector, several panels, more tiles than one task has, and a
 * last task that is not full. */
static const struct winograd_case winograd_cases[] = {
    {1, 1, 4, 1}, {16, 64, 8, 1}, {37, 45, 28, 1}, {2, 3, 8, 2}, {37, 45, 56, 2}};
enum { WINOGRAD_CASES = sizeof winograd_cases / sizeof *winograd_cases };

struct winograd_memory {
    struct arena arena;
    size_t inputs;
    struct winograd_scratch scratch[2];
};

static void lay_out_winograd(void *context, struct arena *arena)
{
    struct winograd_memory *memory = context;
    for (size_t i = 0; i < 2; i++)
        winograd_layout(&memory->scratch[i], memory->inputs, arena);
}

START_TEST(winograd_matches_the_reference)
{
    struct winograd_case w = winograd_cases[_i];
    struct conv conv = random_conv(w.in, w.out, 3, w.stride, 1);
    struct winograd_memory memory = {.inputs = winograd_inputs(&conv)};
    size_t side = w.side / w.stride;
    struct error error;
    ck_assert_int_eq(arena_make(&memory.arena, lay_out_winograd, &memory, "test", &error), 0);
    float *x = random_floats(w.in * w.side * w.side, 3), *planes = convolve(&conv, w.side, x);
    struct plane from = {channels_last(w.in, w.side, 1, x), w.side, w.in};
    struct plane want = {channels_last(w.out, side, 1, planes), side, w.out};
    struct plane got = {calloc(plane_size(side, w.out), sizeof(float)), side, w.out};
    ck_assert_ptr_nonnull(got.at);
    struct winograd_result to = {.plane = &got};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        struct winograd winograd;
        ck_assert_int_eq(winograd_pack(&winograd, isa, &conv, &error), 0);
        winograd_plane(&winograd, memory.scratch, &from, &to, 2);
        for (size_t i = 0; i < plane_size(side, w.out); i++)
            ck_assert_float_eq_tol(got.at[i], want.at[i], 1e-5f * sqrtf(9 * (float)w.in));
        winograd_free(&winograd);
    }
    arena_free(&memory.arena);
    free_conv(&conv);
    free(x);
    free(planes);
    free(from.at);
    free(want.at);
    free(got.at);
}
END_TEST

/* PyTorch's interpolate(x, size=(6, 6), mode="bicubic", align_corners=False). */
START_TEST(upsampling_is_pytorchs)
{
    enum { FROM = 3, TO = 6, CHANNELS = 18 };
    static const float x[FROM * FROM] = {0, 1, 3, 2, -1, 4, 5, 2, -2};
    static const float want[TO * TO] = {
        -0.3609009f, 0.05201721f, 0.7112274f,  1.74234f,    2.56308f,    3.072098f,
        0.3377686f,  0.2635651f,  0.1041718f,  1.130096f,   2.761993f,   3.753494f,
        1.451294f,   0.5708466f,  -0.9446869f, 0.1097717f,  3.138763f,   4.962021f,
        3.251526f,   2.000137f,   -0.1016388f, -0.1496277f, 1.88327f,    3.091751f,
        4.721863f,   3.744308f,   2.157242f,   0.4983826f,  -0.2955017f, -0.8011627f,
        5.632812f,   4.810715f,   3.518082f,   0.8786926f,  -1.616974f,  -3.1548f};
    float at[(FROM + 2) * (FROM + 2) * CHANNELS] = {0}, scratch[FROM * CHANNELS];
    struct plane from = {at, FROM, CHANNELS};
    ck_assert_uint_eq(upsample_scratch(&from), FROM * CHANNELS);
    for (long r = 0; r < FROM; r++)
        for (long c = 0; c < FROM; c++)
            for (long i = 0; i < CHANNELS; i++)
                plane_at(&from, r, c)[i] = x[r * FROM + c] * (float)(i + 1);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        float sum[(TO + 2) * (TO + 2) * CHANNELS] = {0};
        struct plane to = {sum, TO, CHANNELS};
        for (size_t row = 0; row < TO; row++)
            for (int twice = 0; twice < 2; twice++)
                upsample_row(isa, &from, &to, row, scratch);
        for (long r = 0; r < TO; r++)
            for (long c = 0; c < TO; c++)
                for (long i = 0; i < CHANNELS; i++)
                    ck_assert_float_eq_tol(plane_at(&to, r, c)[i],
                                           want[r * TO + c] * (float)(2 * (i + 1)), 1e-4f);
    }
}
END_TEST

enum { POSITIONS = 300, DIM = 20, QKV_ROW = 3 * DIM + 5 };

struct attention_memory {
    struct arena arena;
    struct linear_attention scratch;
};

static void lay_out_attention(void *context, struct arena *arena)
{
    struct attention_memory *memory = context;
    linear_attention_layout(&memory->scratch, POSITIONS, DIM, arena);
}

/* want[DIM] of one query. */
static void attend(const float *qkv, size_t query, double *want)
{
    double total = 0;
    memset(want, 0, DIM * sizeof *want);
    for (size_t key = 0; key < POSITIONS; key++) {
        double score = 0;
        for (size_t i = 0; i < DIM; i++)
            score += (double)fmaxf(qkv[query * QKV_ROW + i], 0) *
                     (double)fmaxf(qkv[key * QKV_ROW + DIM + i], 0);
        for (size_t i = 0; i < DIM; i++)
            want[i] += score * (double)qkv[key * QKV_ROW + 2 * DIM + i];
        total += score;
    }
    for (size_t i = 0; i < DIM; i++)
        want[i] /= total + 1e-15;
}

/* Query 7 has no positive number: it gives zeros. */
START_TEST(linear_attention_matches_its_formula)
{
    float *qkv = random_floats((size_t)POSITIONS * QKV_ROW, 4), out[POSITIONS * DIM];
    struct attention_memory memory;
    struct error error;
    ck_assert_int_eq(arena_make(&memory.arena, lay_out_attention, &memory, "test", &error), 0);
    for (size_t i = 0; i < DIM; i++)
        qkv[7 * QKV_ROW + i] = -1;
    const struct linear_attention_head head = {POSITIONS, DIM, qkv, QKV_ROW, out, DIM};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        linear_attention_run(isa, &memory.scratch, &head);
        for (size_t query = 0; query < POSITIONS; query++) {
            double want[DIM];
            attend(qkv, query, want);
            for (size_t i = 0; i < DIM; i++)
                ck_assert_double_eq_tol((double)out[query * DIM + i], want[i], 1e-6);
        }
    }
    arena_free(&memory.arena);
    free(qkv);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("convolutions");
    TCase *tests = tcase_create("convolutions");
    tcase_add_loop_test(tests, depthwise_matches_the_reference, 0, DEPTHWISE_CASES);
    tcase_add_test(tests, grouped_matches_the_reference);
    tcase_add_loop_test(tests, winograd_matches_the_reference, 0, WINOGRAD_CASES);
    tcase_add_test(tests, upsampling_is_pytorchs);
    tcase_add_test(tests, linear_attention_matches_its_formula);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
