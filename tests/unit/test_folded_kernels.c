/* Inner loops of the folded decoder on every instruction set against straight loops over their
 * formulas in double precision. */
#include <stdbool.h>

#include "tests/unit/folded_operands.h"
#include "tests/unit/unit.h"

static double score_reference(const struct folded_scores *in, size_t column, size_t n)
{
    bool with = in->probs.at;
    double sum = with ? in->bias[column] : 0;
    for (size_t j = 0; with && j < in->pairs; j++)
        sum += at(in->probs, j, n) * in->probs_weight[j * COLUMNS + column];
    sum *= with ? at(in->r, 0, n) : 1;
    for (size_t k = 0; k < in->d; k++) {
        double x = at(in->x, k, n);
        if (with)
            x = x * at(in->r, 0, n) + at(in->pe, k, n);
        sum += x * in->weight[k * COLUMNS + column];
    }
    return sum;
}

static void check_scores(const struct folded_kernels *kernels, struct folded_scores *in)
{
    static plane out;
    in->out = out;
    in->out_strip = ROWS_MAX * STRIP;
    kernels->scores(in);
    for (size_t t = 0; t < in->columns; t++)
        for (size_t n = 0; n < N; n++)
            check_close("scores", n, at(rows_of(out), t, n), score_reference(in, t, n));
    kernels->scores_softmax(in);
    for (size_t n = 0; n < N; n++) {
        double sum = exp2((double)in->last);
        for (size_t t = 0; t < in->columns; t++)
            sum += exp2(score_reference(in, t, n));
        for (size_t t = 0; t < in->columns; t++)
            check_close("scores_softmax", n, at(rows_of(out), t, n),
                        exp2(score_reference(in, t, n)) / sum);
    }
}

START_TEST(scores_match_reference)
{
    struct operands *o = operands_new();
    struct folded_scores with = {.columns = _i,
                                 .pairs = HEADS * (_i + 5),
                                 .strips = STRIPS,
                                 .d = D,
                                 .x = rows_of(o->x),
                                 .pe = rows_of(o->pe),
                                 .weight = o->weight,
                                 .probs = rows_of(o->a),
                                 .probs_weight = o->gram,
                                 .bias = o->bias,
                                 .r = rows_of(o->r)};
    struct folded_scores without = {.columns = _i,
                                    .strips = STRIPS,
                                    .d = D,
                                    .x = rows_of(o->x),
                                    .weight = o->weight,
                                    .last = 2};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        check_scores(folded_kernels_for(isa, NULL), &with);
        check_scores(folded_kernels_for(isa, NULL), &without);
    }
    free(o);
}
END_TEST

START_TEST(token_softmax_matches_reference)
{
    const size_t kept = kept_counts[_i];
    struct operands *o = operands_new();
    const struct folded_rows s = rows_of(o->scores);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        memcpy(o->scores, o->a, sizeof o->scores);
        folded_kernels_for(isa, NULL)->token_softmax(kept, STRIPS, 2, o->scores, s.strip);
        for (size_t n = 0; n < N; n++) {
            double sum = exp2(2);
            for (size_t t = 0; t < kept; t++)
                sum += exp2(at(rows_of(o->a), t, n));
            for (size_t t = 0; t < kept; t++)
                check_close("token_softmax", n, at(s, t, n), exp2(at(rows_of(o->a), t, n)) / sum);
        }
    }
    free(o);
}
END_TEST

START_TEST(softmax_of_tokens_survives_large_scores)
{
    struct operands *o = operands_new();
    for (size_t i = 0; i < sizeof o->x / sizeof *o->x; i++)
        o->x[i] *= 1e6f;
    struct folded_scores in = {.columns = _i,
                               .strips = STRIPS,
                               .d = D,
                               .x = rows_of(o->x),
                               .weight = o->weight,
                               .out = o->scores,
                               .out_strip = ROWS_MAX * STRIP};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        folded_kernels_for(isa, NULL)->scores_softmax(&in);
        folded_kernels_for(isa, NULL)->token_softmax(in.columns, STRIPS, 0, o->x,
                                                     rows_of(o->x).strip);
        for (size_t i = 0; i < in.columns; i++)
            for (size_t n = 0; n < N; n++) {
                double prob = at(rows_of(o->scores), i, n);
                double other = at(rows_of(o->x), i, n);
                ck_assert(prob >= 0 && prob <= 1.000001 && other >= 0 && other <= 1.000001);
            }
        for (size_t i = 0; i < sizeof o->x / sizeof *o->x; i++)
            o->x[i] = 3e5f * random_number("x", i);
    }
    free(o);
}
END_TEST

/* Element (k, t) of the matrix of a head that has `rows` rows. */
static double element(const float *matrices, const struct folded_length *in, size_t head,
                      size_t rows, size_t k, size_t t)
{
    const size_t part = head * folded_groups(in->kept) + t / COLUMNS;
    return matrices[(part * rows + k) * COLUMNS + t % COLUMNS];
}

static double length_reference(const struct folded_length *in, size_t n)
{
    const size_t pairs = HEADS * in->kept;
    double sum = 0;
    bool with = in->b.at;
    double f = with ? at(in->r, 0, n) : 1;
    for (size_t h = 0; h < HEADS; h++)
        for (size_t t = 0; t <= in->kept; t++) {
            double varying = 0;
            for (size_t k = 0; k < in->d; k++)
                varying += at(in->x, h * in->d + k, n) * element(in->weight, in, h, in->d, k, t);
            if (t == in->kept) {
                sum += f * varying;
                continue;
            }
            double fixed = element(in->bias, in, h, 1, 0, t);
            for (size_t j = 0; j < in->kept * (h + 1); j++)
                fixed += element(in->gram, in, h, pairs, j, t) * at(in->a, j, n);
            varying += with ? element(in->linear, in, h, 1, 0, t) : 0;
            for (size_t j = 0; with && j < pairs; j++)
                varying += element(in->cross, in, h, pairs, j, t) * at(in->b, j, n);
            sum += at(in->a, h * in->kept + t, n) * (fixed + f * varying);
        }
    return sum;
}

START_TEST(length_matches_reference)
{
    struct operands *o = operands_new();
    struct folded_length in = {.kept = kept_counts[_i],
                               .strips = STRIPS,
                               .d = D,
                               .x = rows_of(o->x),
                               .weight = o->weight,
                               .a = rows_of(o->a),
                               .own = rows_of(o->a),
                               .gram = o->gram,
                               .bias = o->bias,
                               .cross = o->cross,
                               .linear = o->linear,
                               .r = rows_of(o->r),
                               .out = o->scores,
                               .out_strip = ROWS_MAX * STRIP};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (int with = 0; with < 2; with++) {
            in.b = with ? rows_of(o->b) : (struct folded_rows){NULL, 0};
            FILL(o, scores);
            folded_kernels_for(isa, NULL)->length(&in);
            for (size_t n = 0; n < N; n++) {
                size_t i = n / STRIP * ROWS_MAX * STRIP + n % STRIP;
                check_within(in.kept > COLUMNS ? 1e-5 : 3e-6, "length", n, o->scores[i],
                             0.3 * random_number("scores", i) + length_reference(&in, n));
            }
        }
    free(o);
}
END_TEST

START_TEST(length_init_and_rstd_match_reference)
{
    struct operands *o = operands_new();
    struct folded_length_init in = {.kept = kept_counts[_i],
                                    .strips = STRIPS,
                                    .r = rows_of(o->r),
                                    .q = rows_of(o->r2),
                                    .x = rows_of(o->x),
                                    .a = rows_of(o->a),
                                    .e = o->bias,
                                    .c = 0.5f,
                                    .constant = 3,
                                    .out = o->scores,
                                    .out_strip = ROWS_MAX * STRIP};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        folded_kernels_for(isa, NULL)->length_init(&in);
        for (size_t n = 0; n < N; n++) {
            double linear = at(in.x, 0, n) + 0.5;
            for (size_t j = 0; j < HEADS * in.kept; j++)
                linear += in.e[j] * at(in.a, j, n);
            check_close("length_init", n, at(rows_of(o->scores), 0, n),
                        at(in.q, 0, n) * pow(at(in.r, 0, n), 2) + 2 * at(in.r, 0, n) * linear + 3);
        }
        float x[STRIP] = {-1e-3f, 0, 4, 100};
        folded_kernels_for(isa, NULL)->rstd(1, 2, 1e-5f, x, STRIP);
        check_close("inverse", 0, x[0], 1 / sqrt(1e-5));
        check_close("inverse", 1, x[1], 1 / sqrt(1e-5));
        check_close("inverse", 2, x[2], 1 / sqrt(2 + 1e-5));
        check_close("inverse", 3, x[3], 1 / sqrt(50 + 1e-5));
    }
    free(o);
}
END_TEST

static double last_reference(const struct folded_last_scores *in, size_t token, size_t head,
                             size_t n)
{
    const float *weight0 = in->weight0 + token * HEADS * in->kept * COLUMNS + head;
    const float *weight1 = in->weight1 + token * HEADS * in->kept * COLUMNS + head;
    double r = at(in->r, 0, n);
    double r2 = at(in->r2, 0, n);
    double first = in->bias0[token * COLUMNS + head];
    double second = in->bias1[token * COLUMNS + head];
    double keys = 0;
    for (size_t j = 0; j < HEADS * in->kept; j++) {
        first += weight0[j * COLUMNS] * at(in->a0, j, n);
        second += weight1[j * COLUMNS] * at(in->a1, j, n);
    }
    for (size_t k = head * in->d; k < (head + 1) * in->d; k++)
        keys += (r * r2 * at(in->x, k, n) + at(in->pe, k, n)) * in->weight[k * COLUMNS + token];
    return r2 * (second + r * first) + keys;
}

START_TEST(last_scores_match_reference)
{
    struct operands *o = operands_new();
    struct folded_last_scores in = {.kept = kept_counts[_i],
                                    .strips = STRIPS,
                                    .d = D,
                                    .x = rows_of(o->x),
                                    .pe = rows_of(o->pe),
                                    .weight = o->weight,
                                    .a0 = rows_of(o->a),
                                    .a1 = rows_of(o->b),
                                    .weight0 = o->gram,
                                    .weight1 = o->cross,
                                    .bias0 = o->bias,
                                    .bias1 = o->linear,
                                    .r = rows_of(o->r),
                                    .r2 = rows_of(o->r2),
                                    .out = o->scores,
                                    .out_strip = ROWS_MAX * STRIP};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (in.tokens = 1; in.tokens <= MASKS; in.tokens++) {
            folded_kernels_for(isa, NULL)->last_scores(&in);
            for (size_t i = 0; i < in.tokens * HEADS; i++)
                for (size_t n = 0; n < N; n++)
                    check_close("last_scores", n, at(rows_of(o->scores), i, n),
                                last_reference(&in, i / HEADS, i % HEADS, n));
        }
    free(o);
}
END_TEST

/* Two chunks of a softmax over positions, the second partly used, and what is gathered with it. */
START_TEST(softmax_and_gather_match_reference)
{
    enum { ROWS = 7, GATHERED = 5 };
    struct operands *o = operands_new();
    const struct folded_rows r = rows_of(o->r);
    const struct folded_rows r2 = rows_of(o->r2);
    const struct folded_rows scores = rows_of(o->scores);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        const struct folded_kernels *kernels = folded_kernels_for(isa, NULL);
        struct folded_softmax state = {0};
        float gathered[GATHERED * COLUMNS] = {0};
        float rescaled[COLUMNS] = {0};
        double sum[ROWS] = {0}, scaled[ROWS] = {0}, twice[ROWS] = {0};
        double want[GATHERED][ROWS] = {{0}};
        for (int i = 0; i < COLUMNS; i++)
            state.max[i] = -1e30f;
        for (int part = 0; part < 2; part++) {
            size_t valid = part ? VALID : N;
            fill(o->scores, STRIPS * ROWS_MAX * STRIP, part ? "second" : "first");
            for (size_t i = 0; i < STRIPS * ROWS_MAX * STRIP; i++)
                o->scores[i] = 30 * o->scores[i] + (part ? 10 : 0);
            for (size_t t = 0; t < ROWS; t++)
                for (size_t n = 0; n < valid; n++) {
                    double p = exp2(at(scores, t, n));
                    sum[t] += p;
                    scaled[t] += p * at(r, 0, n);
                    twice[t] += p * at(r, 0, n) * at(r2, 0, n);
                    for (size_t c = 0; c < GATHERED; c++)
                        want[c][t] += p * at(r, 0, n) * at(r2, 0, n) * at(rows_of(o->a), c, n);
                }
            kernels->softmax(ROWS, STRIPS, valid, r, o->scores, scores.strip, &state);
            kernels->rescale(ROWS, STRIPS, r2, o->scores, scores.strip, state.factor, rescaled);
            kernels->gather(ROWS, GATHERED, STRIPS, scores, 1, rows_of(o->a), state.factor,
                            gathered);
        }
        for (size_t t = 0; t < ROWS; t++) {
            double max = exp2((double)state.max[t]);
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

START_TEST(gather_of_few_rows_matches_reference)
{
    enum { GATHERED = 6 };
    static const size_t counts[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct operands *o = operands_new();
    const float factor[COLUMNS] = {2, 2, 2, 2, 2, 2, 2, 2};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
            float out[GATHERED * COLUMNS];
            for (size_t j = 0; j < GATHERED * COLUMNS; j++)
                out[j] = 1;
            folded_kernels_for(isa, NULL)->gather(counts[i], GATHERED, STRIPS, rows_of(o->x), 2,
                                                  rows_of(o->a), factor, out);
            for (size_t c = 0; c < GATHERED; c++)
                for (size_t row = 0; row < counts[i]; row++) {
                    double want = 2;
                    for (size_t n = 0; n < N; n++)
                        want += at(rows_of(o->x), 2 * row, n) * at(rows_of(o->a), c, n);
                    check_close("gather", c, out[c * COLUMNS + row], want);
                }
        }
    free(o);
}
END_TEST

START_TEST(mask_rows_match_reference)
{
    enum { ROWS = 19, CHANNELS = 5, WEIGHT_ROW = ROWS + 2 };
    struct operands *o = operands_new();
    const struct folded_mask_rows in = {ROWS, CHANNELS, o->x, o->gram, WEIGHT_ROW, o->a, o->scores};
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        folded_kernels_for(isa, NULL)->mask_rows(&in);
        for (size_t i = 0; i < ROWS * STRIP; i++) {
            double want = o->x[i];
            for (size_t j = 0; j < CHANNELS; j++)
                want += (double)o->gram[j * WEIGHT_ROW + i / STRIP] * o->a[j * STRIP + i % STRIP];
            check_close("mask_rows", i, o->scores[i], want);
        }
        memset(o->scores, 0, sizeof o->scores);
    }
    free(o);
}
END_TEST

START_TEST(gemm_n8_matches_reference)
{
    enum { ROWS = 11, K = 7 };
    struct operands *o = operands_new();
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++)
        for (int add = 0; add < 2; add++) {
            float out[ROWS * COLUMNS];
            for (size_t i = 0; i < ROWS * COLUMNS; i++)
                out[i] = 5;
            folded_kernels_for(isa, NULL)->gemm_n8(ROWS, K, o->a, 3, ROWS * 3, o->gram, add, out);
            for (size_t i = 0; i < ROWS * COLUMNS; i++) {
                double want = add ? 5 : 0;
                for (size_t k = 0; k < K; k++)
                    want += (double)o->a[i / COLUMNS * 3 + k * ROWS * 3] *
                            o->gram[k * COLUMNS + i % COLUMNS];
                check_close("gemm_n8", i, out[i], want);
            }
        }
    free(o);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decoder kernels");
    TCase *cases = tcase_create("decoder kernels");
    tcase_add_loop_test(cases, scores_match_reference, 1, COLUMNS + 1);
    tcase_add_loop_test(cases, token_softmax_matches_reference, 0, KEPT_COUNTS);
    tcase_add_loop_test(cases, softmax_of_tokens_survives_large_scores, 1, COLUMNS + 1);
    tcase_add_loop_test(cases, length_matches_reference, 0, KEPT_COUNTS);
    tcase_add_loop_test(cases, length_init_and_rstd_match_reference, 0, KEPT_COUNTS);
    tcase_add_loop_test(cases, last_scores_match_reference, 0, KEPT_COUNTS);
    tcase_add_test(cases, softmax_and_gather_match_reference);
    tcase_add_test(cases, gather_of_few_rows_matches_reference);
    tcase_add_test(cases, mask_rows_match_reference);
    tcase_add_test(cases, gemm_n8_matches_reference);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
