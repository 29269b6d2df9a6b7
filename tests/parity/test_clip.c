/* CLIP's embeddings against the official code: those of the committed dump, whose model and inputs follow from a
 * formula (tests/unit/clip_model.h, clip_dumps.py), or of a model and a dump that are named (live_clip.py). */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"
#include "model/clip/clip.h"
#include "tests/unit/clip_model.h"
#include "tests/unit/scratch.h"

/* Norm of the difference over the norm, of embeddings as they are and of unit length. */
static const double tolerance = 1e-4;

static const char *model_path, *dump_path = "tests/parity/dumps/clip_xs.safetensors";

/* A tensor of the dump with its shape. */
static const float *need(struct checkpoint *dump, const char *name, struct shape *shape)
{
    struct error error;
    ck_assert_msg(checkpoint_shape(dump, name, shape), "the dump has no tensor %s", name);
    const float *tensor = checkpoint_tensor(dump, name, *shape, &error);
    ck_assert_msg(tensor != NULL, "%s", error.text);
    return tensor;
}

static double norm_of(const float *x, size_t n)
{
    double square = 0;
    for (size_t i = 0; i < n; i++)
        square += (double)x[i] * x[i];
    return sqrt(square);
}

/* The largest differences of `count` embeddings. */
static void check_embeddings(const char *what, const float *is, const float *should, size_t count,
                             size_t width)
{
    double raw = 0, unit = 0;
    for (size_t e = 0; e < count; e++, is += width, should += width) {
        double norm = norm_of(should, width), own = norm_of(is, width), a = 0, b = 0;
        for (size_t i = 0; i < width; i++) {
            a += pow((double)is[i] - should[i], 2);
            b += pow(is[i] / own - should[i] / norm, 2);
        }
        raw = fmax(raw, sqrt(a) / norm);
        unit = fmax(unit, sqrt(b));
    }
    printf("    %zu embeddings of %s: %.1e off as they are, %.1e of unit length\n", count, what,
           raw, unit);
    ck_assert_msg(raw <= tolerance && unit <= tolerance, "%s: %g and %g", what, raw, unit);
}

static void check_images(const struct clip *clip, struct clip_scratch *scratch,
                         struct checkpoint *dump)
{
    const struct clip_info *info = clip_info(clip);
    struct error error;
    struct shape shape;
    const float *should = need(dump, "image", &shape);
    size_t count = (size_t)shape.size[0], width = (size_t)info->width;
    size_t size = count * 3 * (size_t)info->image_size * (size_t)info->image_size;
    float *made = malloc(size * sizeof *made), *is = malloc(count * width * sizeof *is);
    ck_assert(made && is);
    const float *inputs = made;
    if (checkpoint_shape(dump, "inputs", &shape))
        inputs = need(dump, "inputs", &shape);
    else
        clip_fill_inputs(made, size);
    int failed = clip_embed_images(clip, scratch, inputs, (int)count, is, &error);
    ck_assert_msg(!failed, "%s", error.text);
    check_embeddings("images", is, should, count, width);
    free(made);
    free(is);
}

static void check_texts(const struct clip *clip, struct clip_scratch *scratch,
                        struct checkpoint *dump)
{
    const struct clip_info *info = clip_info(clip);
    struct error error;
    struct shape shape, tokens_shape;
    const float *should = need(dump, "text", &shape), *stored = need(dump, "tokens", &tokens_shape);
    size_t count = (size_t)shape.size[0], width = (size_t)info->width;
    size_t size = count * (size_t)info->context;
    ck_assert_int_eq(tokens_shape.size[1], info->context);
    int32_t *tokens = malloc(size * sizeof *tokens);
    float *is = malloc(count * width * sizeof *is);
    ck_assert(tokens && is);
    for (size_t i = 0; i < size; i++)
        tokens[i] = (int32_t)stored[i];
    int failed = clip_embed_texts(clip, scratch, tokens, (int)count, is, &error);
    ck_assert_msg(!failed, "%s", error.text);
    check_embeddings("texts", is, should, count, width);
    free(tokens);
    free(is);
}

START_TEST(embeddings_equal_the_official_codes)
{
    struct error error;
    struct clip *clip;
    struct checkpoint *dump;
    struct shape shape;
    struct scratch folder = scratch_new();
    char *made = scratch_path(&folder, "clip.safetensors");
    if (!model_path)
        clip_model_write(made, &clip_xs, CLIP_OPENAI);
    ck_assert_msg(!clip_load(&clip, model_path ? model_path : made, &error), "%s", error.text);
    ck_assert_msg(!checkpoint_open(&dump, dump_path, &error), "%s", error.text);
    struct clip_scratch *scratch = clip_scratch_new(clip, 4, 2, &error);
    ck_assert_msg(scratch != NULL, "%s", error.text);
    check_images(clip, scratch, dump);
    check_texts(clip, scratch, dump);
    float scale = *need(dump, "logit_scale", &shape);
    ck_assert_float_eq_tol(clip_info(clip)->logit_scale, scale, scale * 1e-5f);
    clip_scratch_free(scratch);
    checkpoint_close(dump);
    clip_free(clip);
    free(made);
    scratch_free(&folder);
}
END_TEST

/* test_clip [MODEL DUMP] */
int main(int argc, char **argv)
{
    if (argc == 3) {
        model_path = argv[1];
        dump_path = argv[2];
    }
    Suite *suite = suite_create("parity of CLIP");
    TCase *tests = tcase_create("clip");
    tcase_add_test(tests, embeddings_equal_the_official_codes);
    tcase_set_timeout(tests, 600);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
