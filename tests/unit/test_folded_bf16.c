/* Inner loops of the folded decoder with elements of two bfloat16 numbers against those with floats. All
 * operands are numbers that bfloat16 holds, so only the order of sums differs; but for what is rounded on
 * the way, where the bound says so. Nothing to test where the CPU has no such products. */
#include "model/kernels/half16.h"
#include "tests/unit/folded_operands.h"
#include "tests/unit/unit.h"

enum { EVEN_D = 2, SUM_STEP = ROWS_MAX * STRIP };

/* Random operands with both forms of their rows, and their matrices as elements. */
struct pair_operands {
    struct operands floats, elements; /* elements: rows across, packed matrices */
    plane a_along, b_along;
};

static const struct half16_kernel *pairs(void)
{
    return half16_bf16_pairs();
}

/* Numbers of few bits. */
static void quantise(float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = roundf(x[i] * 16) / 16;
}

static void powers_of_two(float *x, size_t count)
{
    static const float powers[] = {0.5f, 1, 2};
    for (size_t i = 0; i < count; i++)
        x[i] = powers[i % 3];
}

/* Matrices w[count][rows][8], each in its place. */
static void pack_matrices(size_t count, size_t rows, float *w)
{
    for (size_t i = 0; i < count; i++, w += rows * COLUMNS)
        pairs()->across(rows, COLUMNS, w, COLUMNS, w, COLUMNS);
}

/* For `kept` tokens and matrices [8][B][..][8]. */
static struct pair_operands *pair_operands_new(size_t kept)
{
    struct operands *o = operands_new();
    struct pair_operands *both = malloc(sizeof *both);
    const struct folded_kernels *kernels = folded_kernels_for(isa_best(), pairs());
    const size_t rows = HEADS * kept, parts = HEADS * folded_groups(kept);
    quantise((float *)o, sizeof *o / sizeof(float));
    powers_of_two(o->r, sizeof o->r / sizeof *o->r);
    powers_of_two(o->r2, sizeof o->r2 / sizeof *o->r2);
    both->floats = both->elements = *o;
    kernels->pack(HEADS * EVEN_D, STRIPS, rows_of(o->x), both->elements.x, NULL, SUM_STEP);
    kernels->pack(rows, STRIPS, rows_of(o->a), both->elements.a, both->a_along, SUM_STEP);
    kernels->pack(rows, STRIPS, rows_of(o->b), both->elements.b, both->b_along, SUM_STEP);
    pack_matrices(parts, EVEN_D, both->elements.weight);
    pack_matrices(parts, rows, both->elements.gram);
    pack_matrices(parts, rows, both->elements.cross);
    free(o);
    return both;
}

/* Of the Gram matrix of a head only the rows up to its own count. */
static void pack_gram(struct pair_operands *both, size_t kept)
{
    const size_t groups = folded_groups(kept), size = HEADS * kept * COLUMNS;
    memcpy(both->elements.gram, both->floats.gram, sizeof both->floats.gram);
    for (size_t part = 0; part < HEADS * groups; part++)
        pack_matrices(1, kept * (part / groups + 1), both->elements.gram + part * size);
}

/* `rows` rows of both results. */
static void compare(const char *what, size_t rows, const struct pair_operands *both, double bound)
{
    for (size_t i = 0; i < rows; i++)
        for (size_t n = 0; n < N; n++)
            check_within(bound, what, n, at(rows_of(both->elements.scores), i, n),
                         at(rows_of(both->floats.scores), i, n));
}

static const struct folded_kernels *kernels_of(bool elements)
{
    return folded_kernels_for(isa_best(), elements ? pairs() : NULL);
}

START_TEST(scores_are_those_of_floats)
{
    const size_t kept = kept_counts[_i];
    struct pair_operands *both = pair_operands_new(kept);
    for (size_t columns = 1; columns <= COLUMNS; columns++)
        for (int form = 0; form < 3; form++) {
            for (int elements = 0; elements < 2; elements++) {
                struct operands *o = elements ? &both->elements : &both->floats;
                struct folded_scores in = {.columns = columns,
                                           .pairs = HEADS * kept,
                                           .strips = STRIPS,
                                           .d = EVEN_D,
                                           .x = rows_of(o->x),
                                           .pe = rows_of(o->pe),
                                           .weight = o->weight,
                                           .probs_weight = o->gram,
                                           .bias = o->bias,
                                           .r = rows_of(o->r),
                                           .last = 2,
                                           .out = o->scores,
                                           .out_strip = SUM_STEP};
                if (form > 0)
                    in.probs = rows_of(o->a);
                if (form == 2)
                    kernels_of(elements)->scores_softmax(&in);
                else
                    kernels_of(elements)->scores(&in);
            }
            compare("scores", columns, both, 1e-5);
        }
    free(both);
}
END_TEST

START_TEST(lengths_are_those_of_floats)
{
    const size_t kept = kept_counts[_i];
    struct pair_operands *both = pair_operands_new(kept);
    pack_gram(both, kept);
    for (int with = 0; with < 2; with++) {
        for (int elements = 0; elements < 2; elements++) {
            struct operands *o = elements ? &both->elements : &both->floats;
            struct folded_length in = {.kept = kept,
                                       .strips = STRIPS,
                                       .d = EVEN_D,
                                       .x = rows_of(o->x),
                                       .weight = o->weight,
                                       .a = rows_of(o->a),
                                       .own = rows_of(elements ? both->a_along : o->a),
                                       .gram = o->gram,
                                       .bias = o->bias,
                                       .cross = o->cross,
                                       .linear = o->linear,
                                       .r = rows_of(o->r),
                                       .out = o->scores,
                                       .out_strip = SUM_STEP};
            if (with)
                in.b = rows_of(o->b);
            FILL(o, scores);
            kernels_of(elements)->length(&in);
        }
        compare("length", 1, both, 1e-4);
    }
    free(both);
}
END_TEST

START_TEST(first_lengths_are_those_of_floats)
{
    const size_t kept = kept_counts[_i];
    struct pair_operands *both = pair_operands_new(kept);
    for (int elements = 0; elements < 2; elements++) {
        struct operands *o = elements ? &both->elements : &both->floats;
        const struct folded_length_init in = {.kept = kept,
                                              .strips = STRIPS,
                                              .r = rows_of(o->r),
                                              .q = rows_of(o->r2),
                                              .x = rows_of(o->pe),
                                              .a = rows_of(elements ? both->a_along : o->a),
                                              .e = o->bias,
                                              .c = 0.25f,
                                              .constant = 3,
                                              .out = o->scores,
                                              .out_strip = SUM_STEP};
        kernels_of(elements)->length_init(&in);
    }
    compare("length_init", 1, both, 1e-6);
    free(both);
}
END_TEST

START_TEST(last_scores_are_those_of_floats)
{
    const size_t kept = kept_counts[_i];
    struct pair_operands *both = pair_operands_new(kept);
    for (size_t tokens = 1; tokens <= MASKS; tokens++) {
        for (int elements = 0; elements < 2; elements++) {
            struct operands *o = elements ? &both->elements : &both->floats;
            const struct folded_last_scores in = {.kept = kept,
                                                  .strips = STRIPS,
                                                  .d = EVEN_D,
                                                  .tokens = tokens,
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
                                                  .out_strip = SUM_STEP};
            kernels_of(elements)->last_scores(&in);
        }
        compare("last_scores", tokens * HEADS, both, 1e-5);
    }
    free(both);
}
END_TEST

START_TEST(gathered_sums_are_those_of_floats)
{
    enum { GATHERED = 6 };
    struct pair_operands *both = pair_operands_new(6);
    const float factor[COLUMNS] = {2, 2, 2, 2, 2, 2, 2, 2};
    for (size_t rows = 1; rows <= COLUMNS; rows++) {
        float out[2][GATHERED * COLUMNS];
        for (int elements = 0; elements < 2; elements++) {
            for (size_t j = 0; j < GATHERED * COLUMNS; j++)
                out[elements][j] = 1;
            kernels_of(elements)->gather(rows, GATHERED, STRIPS, rows_of(both->floats.x), 2,
                                         rows_of(elements ? both->a_along : both->floats.a), factor,
                                         out[elements]);
        }
        for (size_t c = 0; c < GATHERED; c++)
            for (size_t row = 0; row < rows; row++)
                check_within(1e-5, "gather", c, out[1][c * COLUMNS + row],
                             out[0][c * COLUMNS + row]);
    }
    free(both);
}
END_TEST

/* Behind the first GELU, which is less exact here, channels are rounded: to 8 bits, of which a sum of
 * many loses little. */
START_TEST(upscaling_is_near_that_of_floats)
{
    enum { CHANNELS = 64, QUARTER = CHANNELS / 4, EIGHTH = CHANNELS / 8, SECOND = EIGHTH * 4 };
    struct pair_operands *both = pair_operands_new(6);
    float weights[2][2 * PAIRS_MAX * CHANNELS + QUARTER * SECOND];
    const float *small = both->floats.bias; /* [4 C] and more */
    const float *x = both->floats.pe;
    float scratch[QUARTER * STRIP];
    fill(weights[0], sizeof weights[0] / sizeof(float), "weights");
    quantise(weights[0], sizeof weights[0] / sizeof(float));
    memcpy(weights[1], weights[0], sizeof weights[1]);
    for (int i = 0; i < 2; i++)
        pairs()->across(HEADS * 6, CHANNELS, weights[1] + i * PAIRS_MAX * CHANNELS, CHANNELS,
                        weights[1] + i * PAIRS_MAX * CHANNELS, CHANNELS);
    pairs()->across(QUARTER, SECOND, weights[1] + 2 * PAIRS_MAX * CHANNELS, SECOND,
                    weights[1] + 2 * PAIRS_MAX * CHANNELS, SECOND);
    for (int elements = 0; elements < 2; elements++) {
        struct operands *o = elements ? &both->elements : &both->floats;
        const struct folded_upscale in = {.kept = 6,
                                          .strips = STRIPS,
                                          .channels = CHANNELS,
                                          .masks = 3,
                                          .x = rows_of(x),
                                          .a0 = rows_of(o->a),
                                          .a1 = rows_of(o->b),
                                          .weight0 = weights[elements],
                                          .weight1 = weights[elements] + PAIRS_MAX * CHANNELS,
                                          .bias0 = small,
                                          .bias1 = small + CHANNELS,
                                          .bias = small + 2 * CHANNELS,
                                          .r = rows_of(o->r),
                                          .r2 = rows_of(o->r2),
                                          .norm_weight = small + 3 * CHANNELS,
                                          .norm_bias = small + 3 * CHANNELS + QUARTER,
                                          .conv_weight =
                                              weights[elements] + 2 * PAIRS_MAX * CHANNELS,
                                          .conv_bias = small,
                                          .hyper = small + EIGHTH,
                                          .scratch = scratch,
                                          .out = o->scores,
                                          .out_strip = SUM_STEP};
        folded_upscale_for(isa_best(), elements ? pairs() : NULL)(&in);
    }
    compare("upscale", 3 * 16, both, 2e-3);
    free(both);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decoder in 16 bits");
    TCase *cases = tcase_create("decoder in 16 bits");
    setenv("MASKMILL_BF16", "pairs", 1); /* also where another way is faster */
    if (pairs()) {
        tcase_add_loop_test(cases, scores_are_those_of_floats, 0, KEPT_COUNTS);
        tcase_add_loop_test(cases, lengths_are_those_of_floats, 0, KEPT_COUNTS);
        tcase_add_loop_test(cases, first_lengths_are_those_of_floats, 0, KEPT_COUNTS);
        tcase_add_loop_test(cases, last_scores_are_those_of_floats, 0, KEPT_COUNTS);
        tcase_add_test(cases, gathered_sums_are_those_of_floats);
        tcase_add_test(cases, upscaling_is_near_that_of_floats);
    }
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
