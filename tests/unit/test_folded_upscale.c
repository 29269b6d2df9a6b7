/* The upscaling kernel of the folded decoder on every instruction set against its formula. */
#include "tests/unit/folded_operands.h"

enum { CHANNELS = 64 };

static double gelu(double x)
{
    return x * 0.5 * erfc(-x * M_SQRT1_2);
}

enum { QUARTER = CHANNELS / 4, EIGHTH = CHANNELS / 8 };

/* u[C/4] of pixel s of position n after the norm and GELU. */
static void first_reference(const struct folded_upscale *in, size_t s, size_t n, double *u)
{
    double squares = 0, scale = 0;
    for (size_t c = 0; c < QUARTER; c++) {
        size_t i = s * QUARTER + c;
        double first = at(in->x, i, n) + in->bias0[i];
        double second = in->bias1[i];
        for (size_t j = 0; j < HEADS * in->kept; j++) {
            first += in->weight0[j * CHANNELS + i] * at(in->a0, j, n);
            second += in->weight1[j * CHANNELS + i] * at(in->a1, j, n);
        }
        u[c] = at(in->r2, 0, n) * (at(in->r, 0, n) * first + second) + in->bias[i];
        u[c] += in->high1.at ? at(in->high1, i, n) : 0;
        squares += u[c] * u[c] / QUARTER;
    }
    scale = in->scale > 0 ? in->scale : 1 / sqrt(squares + 1e-6);
    for (size_t c = 0; c < QUARTER && !in->sums; c++)
        u[c] = gelu((u[c] - in->mean) * scale * in->norm_weight[c] + in->norm_bias[c]);
}

/* Pixel (s, e) of a mask at position n. */
static double pixel_reference(const struct folded_upscale *in, const double *u, size_t mask,
                              size_t s, size_t e, size_t n)
{
    double sum = 0;
    for (size_t o = 0; o < EIGHTH; o++) {
        double v = in->conv_bias[o];
        v += in->high0.at ? at(in->high0, (s * EIGHTH + o) * 4 + e, n) : 0;
        for (size_t c = 0; c < QUARTER; c++)
            v += u[c] * in->conv_weight[(c * EIGHTH + o) * 4 + e];
        sum += in->hyper[mask * EIGHTH + o] * gelu(v);
    }
    return sum;
}

static void check_upscale(const struct folded_upscale *in)
{
    const struct folded_rows out = {in->out, in->out_strip};
    for (size_t n = 0; n < N; n++)
        for (size_t s = 0; s < 4; s++) {
            double u[QUARTER];
            first_reference(in, s, n, u);
            for (size_t i = 0; i < in->masks * 4; i++)
                check_within(1e-5, "upscale", n, at(out, (i / 4 * 4 + s) * 4 + i % 4, n),
                             pixel_reference(in, u, i / 4, s, i % 4, n));
        }
}

/* The sums over all u of each position, and over their squares. */
static void check_sums(const struct folded_upscale *in)
{
    for (size_t n = 0; n < N; n++) {
        const float *at = in->sums + n / STRIP * 2 * STRIP + n % STRIP;
        double sum = 0, squares = 0;
        for (size_t s = 0; s < 4; s++) {
            double u[QUARTER];
            first_reference(in, s, n, u);
            for (size_t c = 0; c < QUARTER; c++) {
                sum += u[c];
                squares += u[c] * u[c];
            }
        }
        check_within(1e-5, "sum", n, at[0], sum);
        check_within(1e-5, "squares", n, at[STRIP], squares);
    }
}

/* Odd _i: as many tokens as can be. From 2 on: with high-resolution features; from 4 on: normalised over
 * the whole image. */
START_TEST(upscale_matches_reference)
{
    enum {
        WEIGHTS = 2 * PAIRS_MAX * CHANNELS + 4 * CHANNELS + 4 * QUARTER * EIGHTH + 16 * QUARTER
    };
    struct operands *o = operands_new();
    float *weights = malloc(WEIGHTS * sizeof *weights);
    float *x = malloc(STRIPS * CHANNELS * STRIP * sizeof *x);
    float *high = malloc(STRIPS * 3 * CHANNELS * STRIP * sizeof *high);
    float *out = malloc(STRIPS * MASKS * 16 * STRIP * sizeof *out);
    float scratch[QUARTER * STRIP];
    fill(weights, WEIGHTS, "weights");
    fill(x, STRIPS * CHANNELS * STRIP, "wide");
    fill(high, STRIPS * 3 * CHANNELS * STRIP, "high");
    const float *small = weights + 2 * PAIRS_MAX * CHANNELS;
    const float *second = small + 4 * CHANNELS;
    const float *last = second + 4 * QUARTER * EIGHTH;
    struct folded_upscale in = {.kept = _i % 2 ? FOLDED_KEPT_MAX : 6,
                                .strips = STRIPS,
                                .channels = CHANNELS,
                                .masks = 3,
                                .x = {x, CHANNELS * STRIP},
                                .a0 = rows_of(o->a),
                                .a1 = rows_of(o->b),
                                .weight0 = weights,
                                .weight1 = weights + PAIRS_MAX * CHANNELS,
                                .bias0 = small,
                                .bias1 = small + CHANNELS,
                                .bias = small + 2 * CHANNELS,
                                .r = rows_of(o->r),
                                .r2 = rows_of(o->r2),
                                .norm_weight = small + 3 * CHANNELS,
                                .norm_bias = small + 3 * CHANNELS + QUARTER,
                                .conv_weight = second,
                                .conv_bias = last,
                                .hyper = last + EIGHTH,
                                .scratch = scratch,
                                .out = out,
                                .out_strip = MASKS * 16 * STRIP};
    if (_i >= 2) {
        in.high1 = (struct folded_rows){high, 3 * CHANNELS * STRIP};
        in.high0 = folded_rows_from(in.high1, CHANNELS);
    }
    if (_i >= 4) {
        in.mean = 0.3f;
        in.scale = 0.7f;
    }
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        float sums[STRIPS * 2 * STRIP];
        in.sums = NULL;
        folded_upscale_for(isa, NULL)(&in);
        check_upscale(&in);
        in.sums = sums;
        folded_upscale_for(isa, NULL)(&in);
        check_sums(&in);
    }
    free(weights);
    free(x);
    free(high);
    free(out);
    free(o);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decoder upscaling");
    TCase *cases = tcase_create("decoder upscaling");
    tcase_add_loop_test(cases, upscale_matches_reference, 0, 6);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
