/* SAM-HQ's features and mask against its own steps, as straight loops over channel planes. */
#include "model/decoder/hq.h"

#include <math.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "tests/reference/reference.h"
#include "tests/unit/random_decoder.h"
#include "tests/unit/unit.h"

enum { C = 64, GRID = 5, EARLY = 24, U = C / 8, N = GRID * GRID, L = 4 * GRID };

static const float EPS = 1e-6f;

/* What only SAM-HQ has, as a safetensors file in memory. */
static struct random_decoder make_file(void)
{
    struct random_decoder model = {0};
    random_add(&model, "mask_decoder.hf_token.weight", "[1,64]", C, 1, 0);
    random_mlp(&model, "mask_decoder.hf_mlp", C, C, U);
    random_convolution(&model, "mask_decoder.compress_vit_feat.0", EARLY, C, 2, C);
    random_norm(&model, "mask_decoder.compress_vit_feat.1", C);
    random_convolution(&model, "mask_decoder.compress_vit_feat.3", C, U, 2, U);
    random_convolution(&model, "mask_decoder.embedding_encoder.0", C, C / 4, 2, C / 4);
    random_norm(&model, "mask_decoder.embedding_encoder.1", C / 4);
    random_convolution(&model, "mask_decoder.embedding_encoder.3", C / 4, U, 2, U);
    random_convolution(&model, "mask_decoder.embedding_maskfeature.0", C / 4, U, 3, C / 4);
    random_norm(&model, "mask_decoder.embedding_maskfeature.1", C / 4);
    random_convolution(&model, "mask_decoder.embedding_maskfeature.3", U, C / 4, 3, U);
    return random_finish(&model);
}

struct fixture {
    struct random_decoder file;
    struct checkpoint *checkpoint;
    struct hq_tensors hq;
    float embedding[C * N]; /* [C][G][G] */
    float early[N * EARLY]; /* [G][G][EARLY] */
};

static void open_fixture(struct fixture *f)
{
    struct error error;
    f->file = make_file();
    ck_assert_int_eq(
        checkpoint_open_memory(&f->checkpoint, f->file.file, f->file.file_size, "hq", &error), 0);
    const struct layer_source from = {f->checkpoint, isa_best(), "hq", &error};
    ck_assert_msg(hq_load(&f->hq, &from, C, GRID, EARLY) == 0, "%s", error.text);
    ck_assert_int_eq(checkpoint_check_unused(f->checkpoint, &error), 0);
    for (size_t i = 0; i < sizeof f->embedding / sizeof *f->embedding; i++)
        f->embedding[i] = random_number("embedding", i);
    for (size_t i = 0; i < sizeof f->early / sizeof *f->early; i++)
        f->early[i] = random_number("early", i);
}

static void close_fixture(struct fixture *f)
{
    hq_free(&f->hq);
    checkpoint_close(f->checkpoint);
    random_decoder_free(&f->file);
}

static const float *tensor(struct fixture *f, const char *name)
{
    struct error error;
    struct shape shape;
    ck_assert(checkpoint_shape(f->checkpoint, name, &shape));
    return checkpoint_tensor(f->checkpoint, name, shape, &error);
}

/* y[out][2 side][2 side] of x[in][side][side] through the transposed convolution `name`. */
static float *transpose(struct fixture *f, const char *name, size_t in, size_t out, size_t side,
                        const float *x)
{
    char text[128];
    snprintf(text, sizeof text, "mask_decoder.%s.weight", name);
    const float *weight = tensor(f, text);
    snprintf(text, sizeof text, "mask_decoder.%s.bias", name);
    const float *bias = tensor(f, text);
    float *y = calloc(out * 4 * side * side, sizeof *y);
    for (size_t o = 0; o < out; o++)
        for (size_t r = 0; r < 2 * side; r++)
            for (size_t c = 0; c < 2 * side; c++) {
                double sum = bias[o];
                for (size_t i = 0; i < in; i++)
                    sum += (double)x[(i * side + r / 2) * side + c / 2] *
                           weight[((i * out + o) * 2 + r % 2) * 2 + c % 2];
                y[(o * 2 * side + r) * 2 * side + c] = (float)sum;
            }
    return y;
}

static void normalise(struct fixture *f, const char *name, size_t width, size_t positions, float *x)
{
    char weight[128], bias[128];
    snprintf(weight, sizeof weight, "mask_decoder.%s.weight", name);
    snprintf(bias, sizeof bias, "mask_decoder.%s.bias", name);
    const struct reference_norm norm = {width, tensor(f, weight), tensor(f, bias), EPS};
    reference_layer_norm_2d(&norm, positions, x, x);
    reference_gelu(width * positions, x);
}

/* [U][L][L] */
static float *reference_features(struct fixture *f)
{
    float *planes = calloc(EARLY * N, sizeof *planes);
    for (size_t i = 0; i < N; i++)
        for (size_t c = 0; c < EARLY; c++)
            planes[c * N + i] = f->early[i * EARLY + c];
    float *half = transpose(f, "compress_vit_feat.0", EARLY, C, GRID, planes);
    normalise(f, "compress_vit_feat.1", C, 4 * N, half);
    float *sum = transpose(f, "compress_vit_feat.3", C, U, 2 * GRID, half);
    free(half);
    half = transpose(f, "embedding_encoder.0", C, C / 4, GRID, f->embedding);
    normalise(f, "embedding_encoder.1", C / 4, 4 * N, half);
    float *other = transpose(f, "embedding_encoder.3", C / 4, U, 2 * GRID, half);
    for (size_t i = 0; i < (size_t)U * L * L; i++)
        sum[i] += other[i];
    free(planes);
    free(half);
    free(other);
    return sum;
}

START_TEST(features_are_those_of_the_steps)
{
    struct fixture f;
    open_fixture(&f);
    float *want = reference_features(&f);
    float *got[2], *scratch = malloc(hq_features_scratch(&f.hq) * sizeof *scratch);
    for (int i = 0; i < 2; i++) {
        got[i] = malloc((size_t)U * L * L * sizeof(float));
        hq_features(&f.hq, f.embedding, f.early, i ? 3 : 1, scratch, got[i]);
    }
    ck_assert_mem_eq(got[0], got[1], (size_t)U * L * L * sizeof(float));
    for (size_t i = 0; i < L * L; i++)
        for (size_t c = 0; c < U; c++)
            ck_assert_float_eq_tol(got[0][i * U + c], want[c * L * L + i], 2e-5f);
    free(want);
    free(got[0]);
    free(got[1]);
    free(scratch);
    close_fixture(&f);
}
END_TEST

/* hyper . (embedding_maskfeature(upscaled) + features), all of [U][L][L]. */
static void reference_mask(struct fixture *f, const float *upscaled, const float *features,
                           const float *hyper, float *logits)
{
    float *hidden = calloc((size_t)C / 4 * L * L, sizeof *hidden);
    float *last = calloc((size_t)U * L * L, sizeof *last);
    struct reference_conv conv = {U,
                                  C / 4,
                                  3,
                                  1,
                                  1,
                                  1,
                                  tensor(f, "mask_decoder.embedding_maskfeature.0.weight"),
                                  tensor(f, "mask_decoder.embedding_maskfeature.0.bias")};
    reference_convolve(&conv, L, L, upscaled, hidden);
    normalise(f, "embedding_maskfeature.1", C / 4, L * L, hidden);
    conv = (struct reference_conv){C / 4,
                                   U,
                                   3,
                                   1,
                                   1,
                                   1,
                                   tensor(f, "mask_decoder.embedding_maskfeature.3.weight"),
                                   tensor(f, "mask_decoder.embedding_maskfeature.3.bias")};
    reference_convolve(&conv, L, L, hidden, last);
    for (size_t i = 0; i < L * L; i++) {
        double sum = 0;
        for (size_t c = 0; c < U; c++)
            sum += (double)hyper[c] * (last[c * L * L + i] + features[c * L * L + i]);
        logits[i] = (float)sum;
    }
    free(hidden);
    free(last);
}

static void lay_out(void *context, struct arena *arena)
{
    struct hq_scratch *scratch = ((void **)context)[0];
    hq_layout(scratch, ((void **)context)[1], arena);
}

START_TEST(the_mask_is_that_of_the_steps)
{
    struct fixture f;
    struct hq_scratch scratch;
    struct arena arena;
    struct error error;
    float planes[2][U * L * L], features[L * L * U], hyper[U], want[L * L];
    open_fixture(&f);
    void *context[] = {&scratch, &f.hq};
    ck_assert_int_eq(arena_make(&arena, lay_out, context, "hq", &error), 0);
    const struct plane plane = hq_upscaled(&f.hq, &scratch);
    plane_clear_frame(&plane);
    for (size_t c = 0; c < U; c++) {
        hyper[c] = random_number("hyper", c);
        for (size_t i = 0; i < L * L; i++) {
            planes[0][c * L * L + i] = random_number("upscaled", c * L * L + i);
            planes[1][c * L * L + i] = random_number("features", c * L * L + i);
            plane_at(&plane, (long)(i / L), (long)(i % L))[c] = planes[0][c * L * L + i];
            features[i * U + c] = planes[1][c * L * L + i];
        }
    }
    reference_mask(&f, planes[0], planes[1], hyper, want);
    memcpy(scratch.hyper, hyper, sizeof hyper);
    hq_mask(&f.hq, &scratch, features);
    for (size_t i = 0; i < L * L; i++)
        ck_assert_float_eq_tol(scratch.mask[i], want[i], 2e-4f);
    arena_free(&arena);
    close_fixture(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hq");
    TCase *tests = tcase_create("hq");
    tcase_add_test(tests, features_are_those_of_the_steps);
    tcase_add_test(tests, the_mask_is_that_of_the_steps);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
