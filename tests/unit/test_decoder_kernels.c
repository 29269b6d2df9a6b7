/* Inner loops of the folded decoder on every instruction set against straight loops over their
 * formulas in double precision. */
#include "model/decoder_kernel.h"

#include <math.h>
#include <string.h>

#include "tests/unit/random_decoder.h"
#include "tests/unit/unit.h"

enum {
    CHUNK = DECODER_CHUNK,
    COLUMNS = DECODER_COLUMNS,
    HEADS = FOLDED_HEADS,
    KEPT = FOLDED_KEPT,
    PAIRS = FOLDED_PAIRS,
    TOKENS = FOLDED_TOKENS,
    D = 3,      /* channels a head */
    N = 96,     /* positions worked on */
    VALID = 75, /* positions that count */
    MASKS = 4,
    CHANNELS = 64 /* of the upscaling */
};

/* Random operands, each with room for the largest use. */
struct operands {
    float x[HEADS * D * CHUNK], pe[HEADS * D * CHUNK], weight[HEADS * D * COLUMNS];
    float a[PAIRS * CHUNK], b[PAIRS * CHUNK];
    float gram[HEADS * PAIRS * COLUMNS], cross[HEADS * PAIRS * COLUMNS];
    float start[HEADS * COLUMNS], linear[HEADS * COLUMNS];
    float r[CHUNK], r2[CHUNK];
    float scores[MASKS * HEADS * CHUNK];
};

static void fill(float *x, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        x[i] = 0.3f * random_number(name, i);
}

#define FILL(operands, field)                                                                      \
    fill((operands)->field, sizeof(operands)->field / sizeof(float), #field)

static struct operands *operands_new(void)
{
    struct operands *o = malloc(sizeof *o);
    ck_assert_ptr_nonnull(o);
    FILL(o, x);
    FILL(o, pe);
    FILL(o, weight);
    FILL(o, a);
    FILL(o, b);
    FILL(o, gram);
    FILL(o, cross);
    FILL(o, start);
    FILL(o, linear);
    FILL(o, scores);
    for (int i = 0; i < CHUNK; i++) {
        o->r[i] = 1 + 0.2f * random_number("r", i);
        o->r2[i] = 1 + 0.2f * random_number("r2", i);
    }
    return o;
}

static void check_within(double bound, const char *what, size_t at, double got, double want)
{
    ck_assert_msg(fabs(got - want) < bound * (1 + fabs(want)), "%s[%zu]: %.9g, expected %.9g", what,
                  at, got, want);
}

static void check_close(const char *what, size_t at, double got, double want)
{
    check_within(3e-6, what, at, got, want);
}

static double score_twin(const struct decoder_scores *in, size_t column, size_t n)
{
    double sum = in->shares ? in->start[column] : 0;
    for (size_t j = 0; in->shares && j < PAIRS; j++)
        sum += (double)in->shares[j * CHUNK + n] * in->shares_weight[j * COLUMNS + column];
    sum *= in->shares ? in->r[n] : 1;
    for (size_t k = 0; k < in->d; k++) {
        double x = in->x[k * CHUNK + n];
        if (in->shares)
            x = x * in->r[n] + in->pe[k * CHUNK + n];
        sum += x * in->weight[k * COLUMNS + column];
    }
    return sum;
}

static void check_scores(const struct decoder_kernels *kernels, const struct decoder_scores *in)
{
    static float got[TOKENS * CHUNK];
    kernels->scores(in, got);
    for (size_t t = 0; t < TOKENS; t++)
        for (size_t n = 0; n < N; n++)
            check_close("scores", t * CHUNK + n, got[t * CHUNK + n], score_twin(in, t, n));
    kernels->token_softmax(in, got);
    for (size_t n = 0; n < N; n++) {
        double sum = 1;
        for (size_t t = 0; t < KEPT; t++)
            sum += exp2(score_twin(in, t, n));
        for (size_t t = 0; t < KEPT; t++)
            check_close("token_softmax", t * CHUNK + n, got[t * CHUNK + n],
                        exp2(score_twin(in, t, n)) / sum);
    }
}

START_TEST(scores_match_twins)
{
    struct operands *o = operands_new();
    struct decoder_scores with = {N, D, o->x, o->pe, o->weight, o->a, o->gram, o->start, o->r};
    struct decoder_scores without = {.n = N, .d = D, .x = o->x, .weight = o->weight};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        check_scores(decoder_kernels(isa), &with);
        check_scores(decoder_kernels(isa), &without);
    }
    free(o);
}
END_TEST

START_TEST(token_softmax_survives_large_scores)
{
    struct operands *o = operands_new();
    float shares[KEPT * CHUNK];
    for (size_t i = 0; i < sizeof o->x / sizeof *o->x; i++)
        o->x[i] *= 1e6f;
    struct decoder_scores in = {.n = N, .d = D, .x = o->x, .weight = o->weight};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        decoder_kernels(isa)->token_softmax(&in, shares);
        for (size_t i = 0; i < KEPT; i++)
            for (size_t n = 0; n < N; n++)
                ck_assert(shares[i * CHUNK + n] >= 0 && shares[i * CHUNK + n] <= 1.000001f);
    }
    free(o);
}
END_TEST

static double length_twin(const struct decoder_length *in, size_t n)
{
    double sum = 0;
    double f = in->b ? in->r[n] : 1;
    for (size_t h = 0; h < HEADS; h++)
        for (size_t t = 0; t <= KEPT; t++) {
            double varying = 0;
            for (size_t k = 0; k < in->d; k++)
                varying += (double)in->x[(h * in->d + k) * CHUNK + n] *
                           in->weight[(h * in->d + k) * COLUMNS + t];
            if (t == KEPT) {
                sum += f * varying;
                continue;
            }
            double fixed = in->start[h * COLUMNS + t];
            for (size_t j = 0; j < KEPT * (h + 1); j++)
                fixed += (double)in->gram[(h * PAIRS + j) * COLUMNS + t] * in->a[j * CHUNK + n];
            varying += in->b ? in->linear[h * COLUMNS + t] : 0;
            for (size_t j = 0; in->b && j < PAIRS; j++)
                varying += (double)in->cross[(h * PAIRS + j) * COLUMNS + t] * in->b[j * CHUNK + n];
            sum += in->a[(h * KEPT + t) * CHUNK + n] * (fixed + f * varying);
        }
    return sum;
}

START_TEST(length_matches_twin)
{
    struct operands *o = operands_new();
    float out[CHUNK];
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (int with = 0; with < 2; with++) {
            struct decoder_length in = {N,        D,         o->x,     o->weight,
                                        o->a,     o->gram,   o->start, with ? o->b : NULL,
                                        o->cross, o->linear, o->r,     out};
            fill(out, CHUNK, "out");
            decoder_kernels(isa)->length(&in);
            for (size_t n = 0; n < N; n++)
                check_close("length", n, out[n],
                            0.3 * random_number("out", n) + length_twin(&in, n));
        }
    free(o);
}
END_TEST

START_TEST(length_start_and_inverse_match_twins)
{
    struct operands *o = operands_new();
    float out[CHUNK];
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        decoder_kernels(isa)->length_start(N, o->r, o->r2, o->x, 0.5f, o->a, o->start, 3, out);
        for (size_t n = 0; n < N; n++) {
            double linear = o->x[n] + 0.5;
            for (size_t j = 0; j < PAIRS; j++)
                linear += (double)o->start[j] * o->a[j * CHUNK + n];
            check_close("length_start", n, out[n],
                        o->r2[n] * pow(o->r[n], 2) + 2 * o->r[n] * linear + 3);
        }
        float x[CHUNK] = {-1e-3f, 0, 4, 100};
        decoder_kernels(isa)->inverse_deviation(4, 2, 1e-5f, x);
        check_close("inverse", 0, x[0], 1 / sqrt(1e-5));
        check_close("inverse", 1, x[1], 1 / sqrt(1e-5));
        check_close("inverse", 2, x[2], 1 / sqrt(2 + 1e-5));
        check_close("inverse", 3, x[3], 1 / sqrt(50 + 1e-5));
    }
    free(o);
}
END_TEST

static double last_twin(const struct decoder_last_scores *in, size_t token, size_t head, size_t n)
{
    const float *weight0 = in->weight0 + token * PAIRS * COLUMNS + head;
    const float *weight1 = in->weight1 + token * PAIRS * COLUMNS + head;
    double first = in->start0[token * COLUMNS + head];
    double second = in->start1[token * COLUMNS + head];
    double keys = 0;
    for (size_t j = 0; j < PAIRS; j++) {
        first += (double)weight0[j * COLUMNS] * in->a0[j * CHUNK + n];
        second += (double)weight1[j * COLUMNS] * in->a1[j * CHUNK + n];
    }
    for (size_t k = head * in->d; k < (head + 1) * in->d; k++)
        keys += ((double)in->r[n] * in->r2[n] * in->x[k * CHUNK + n] + in->pe[k * CHUNK + n]) *
                in->weight[k * COLUMNS + token];
    return in->r2[n] * (second + in->r[n] * first) + keys;
}

START_TEST(last_scores_match_twin)
{
    struct operands *o = operands_new();
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (size_t tokens = 1; tokens <= MASKS; tokens++) {
            struct decoder_last_scores in = {N,         D,         tokens, o->x,    o->pe,
                                             o->weight, o->a,      o->b,   o->gram, o->cross,
                                             o->start,  o->linear, o->r,   o->r2};
            decoder_kernels(isa)->last_scores(&in, o->scores);
            for (size_t i = 0; i < tokens * HEADS; i++)
                for (size_t n = 0; n < N; n++)
                    check_close("last_scores", i * CHUNK + n, o->scores[i * CHUNK + n],
                                last_twin(&in, i / HEADS, i % HEADS, n));
        }
    free(o);
}
END_TEST

/* Two chunks of a softmax over positions, the second partly used, and what is gathered with it. */
START_TEST(softmax_and_gather_match_twins)
{
    enum { ROWS = 7, GATHERED = 5 };
    struct operands *o = operands_new();
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        const struct decoder_kernels *kernels = decoder_kernels(isa);
        struct decoder_softmax state = {0};
        float gathered[GATHERED * COLUMNS] = {0};
        float rescaled[COLUMNS] = {0};
        double sum[ROWS] = {0}, scaled[ROWS] = {0}, twice[ROWS] = {0};
        double want[GATHERED][ROWS] = {{0}};
        for (int i = 0; i < COLUMNS; i++)
            state.max[i] = -1e30f;
        for (int part = 0; part < 2; part++) {
            size_t valid = part ? VALID : N;
            fill(o->scores, ROWS * CHUNK, part ? "second" : "first");
            for (size_t i = 0; i < ROWS * CHUNK; i++)
                o->scores[i] = 30 * o->scores[i] + (part ? 10 : 0);
            for (size_t t = 0; t < ROWS; t++)
                for (size_t n = 0; n < valid; n++) {
                    double p = exp2(o->scores[t * CHUNK + n]);
                    sum[t] += p;
                    scaled[t] += p * o->r[n];
                    twice[t] += p * o->r[n] * o->r2[n];
                    for (size_t c = 0; c < GATHERED; c++)
                        want[c][t] += p * o->r[n] * o->r2[n] * o->a[c * CHUNK + n];
                }
            kernels->softmax(ROWS, N, valid, o->r, o->scores, &state);
            kernels->rescale(ROWS, N, o->r2, o->scores, state.factor, rescaled);
            kernels->gather(ROWS, GATHERED, N, o->scores, CHUNK, o->a, state.factor, gathered);
        }
        for (size_t t = 0; t < ROWS; t++) {
            double max = exp2(state.max[t]);
            check_close("sum", t, state.sum[t], sum[t] / max);
            check_close("scaled", t, state.scaled[t], scaled[t] / max);
            check_close("rescaled", t, rescaled[t], twice[t] / max);
            for (size_t c = 0; c < GATHERED; c++)
                check_close("gathered", t, gathered[c * COLUMNS + t], want[c][t] / max);
        }
    }
    free(o);
}
END_TEST

START_TEST(gather_of_few_rows_matches_twin)
{
    enum { GATHERED = 6 };
    static const size_t counts[] = {1, 2, 3, 4, 8};
    struct operands *o = operands_new();
    const float factor[COLUMNS] = {2, 2, 2, 2, 2, 2, 2, 2};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            float out[GATHERED * COLUMNS];
            for (size_t j = 0; j < GATHERED * COLUMNS; j++)
                out[j] = 1;
            decoder_kernels(isa)->gather(counts[i], GATHERED, N, o->x, 2 * CHUNK, o->a, factor,
                                         out);
            for (size_t c = 0; c < GATHERED; c++)
                for (size_t row = 0; row < counts[i]; row++) {
                    double want = 2;
                    for (size_t n = 0; n < N; n++)
                        want += (double)o->x[2 * row * CHUNK + n] * o->a[c * CHUNK + n];
                    check_close("gather", c, out[c * COLUMNS + row], want);
                }
        }
    free(o);
}
END_TEST

START_TEST(narrow_matches_twin)
{
    enum { ROWS = 11, K = 7 };
    struct operands *o = operands_new();
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (int add = 0; add < 2; add++) {
            float out[ROWS * COLUMNS];
            for (size_t i = 0; i < ROWS * COLUMNS; i++)
                out[i] = 5;
            decoder_kernels(isa)->narrow(ROWS, K, o->a, 3, ROWS * 3, o->gram, add, out);
            for (size_t i = 0; i < ROWS * COLUMNS; i++) {
                double want = add ? 5 : 0;
                for (size_t k = 0; k < K; k++)
                    want += (double)o->a[i / COLUMNS * 3 + k * ROWS * 3] *
                            o->gram[k * COLUMNS + i % COLUMNS];
                check_close("narrow", i, out[i], want);
            }
        }
    free(o);
}
END_TEST

static double gelu(double x)
{
    return x * 0.5 * erfc(-x * M_SQRT1_2);
}

/* u[C/4] of pixel s of position n after the norm and GELU. */
static void first_twin(const struct decoder_upscale *in, size_t s, size_t n, double *u)
{
    enum { QUARTER = CHANNELS / 4 };
    double squares = 0;
    for (size_t c = 0; c < QUARTER; c++) {
        size_t i = s * QUARTER + c;
        double first = in->x[i * CHUNK + n] + (double)in->start0[i];
        double second = in->start1[i];
        for (size_t j = 0; j < PAIRS; j++) {
            first += (double)in->weight0[j * CHANNELS + i] * in->a0[j * CHUNK + n];
            second += (double)in->weight1[j * CHANNELS + i] * in->a1[j * CHUNK + n];
        }
        u[c] = in->r2[n] * (in->r[n] * first + second) + in->bias[i];
        squares += u[c] * u[c] / QUARTER;
    }
    for (size_t c = 0; c < QUARTER; c++)
        u[c] = gelu(u[c] / sqrt(squares + 1e-6) * in->gain[c] + in->shift[c]);
}

static double pixel_twin(const struct decoder_upscale *in, const double *u, size_t mask, size_t e)
{
    enum { QUARTER = CHANNELS / 4, EIGHTH = CHANNELS / 8 };
    double sum = 0;
    for (size_t o = 0; o < EIGHTH; o++) {
        double v = in->weight_bias[o];
        for (size_t c = 0; c < QUARTER; c++)
            v += u[c] * in->weight[(c * EIGHTH + o) * 4 + e];
        sum += in->hyper[mask * EIGHTH + o] * gelu(v);
    }
    return sum;
}

static void fill_new(const float **x, size_t count, const char *name)
{
    float *made = malloc(count * sizeof *made);
    ck_assert_ptr_nonnull(made);
    for (size_t i = 0; i < count; i++)
        made[i] = 0.5f * random_number(name, i);
    *x = made;
}

START_TEST(upscale_matches_twin)
{
    enum { QUARTER = CHANNELS / 4, EIGHTH = CHANNELS / 8 };
    struct operands *o = operands_new();
    struct decoder_upscale in = {
        .n = N, .channels = CHANNELS, .masks = 3, .a0 = o->a, .a1 = o->b, .r = o->r, .r2 = o->r2};
    const struct {
        const float **field;
        size_t count;
    } fields[] = {
        {&in.x, CHANNELS * CHUNK},
        {&in.weight0, PAIRS * CHANNELS},
        {&in.weight1, PAIRS * CHANNELS},
        {&in.start0, CHANNELS},
        {&in.start1, CHANNELS},
        {&in.bias, CHANNELS},
        {&in.gain, QUARTER},
        {&in.shift, QUARTER},
        {&in.weight, QUARTER * EIGHTH * 4},
        {&in.weight_bias, EIGHTH},
        {&in.hyper, MASKS * EIGHTH},
    };
    const size_t count = sizeof fields / sizeof *fields;
    for (size_t i = 0; i < count; i++)
        fill_new(fields[i].field, fields[i].count, (const char[]){'a' + (char)i, 0});
    in.scratch = malloc(QUARTER * CHUNK * sizeof(float));
    in.out = malloc(MASKS * 16 * CHUNK * sizeof(float));
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        decoder_upscale(isa)(&in);
        for (size_t n = 0; n < N; n++)
            for (size_t s = 0; s < 4; s++) {
                double u[QUARTER];
                first_twin(&in, s, n, u);
                for (size_t i = 0; i < in.masks * 4; i++)
                    check_within(1e-5, "upscale", n,
                                 in.out[((i / 4 * 4 + s) * 4 + i % 4) * CHUNK + n],
                                 pixel_twin(&in, u, i / 4, i % 4));
            }
    }
    for (size_t i = 0; i < count; i++)
        free((void *)*fields[i].field);
    free(in.scratch);
    free(in.out);
    free(o);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decoder kernels");
    TCase *cases = tcase_create("decoder kernels");
    tcase_add_test(cases, scores_match_twins);
    tcase_add_test(cases, token_softmax_survives_large_scores);
    tcase_add_test(cases, length_matches_twin);
    tcase_add_test(cases, length_start_and_inverse_match_twins);
    tcase_add_test(cases, last_scores_match_twin);
    tcase_add_test(cases, softmax_and_gather_match_twins);
    tcase_add_test(cases, gather_of_few_rows_matches_twin);
    tcase_add_test(cases, narrow_matches_twin);
    tcase_add_test(cases, upscale_matches_twin);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
