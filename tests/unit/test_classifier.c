/* Masks and classes in CLIP's space: by the formulas of classifier.h, whatever the threads. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "filters/mask.h"
#include "images/image.h"
#include "model/clip/clip.h"
#include "pipeline/classifier.h"
#include "tests/unit/clip_model.h"
#include "tests/unit/scratch.h"

enum { WIDTH = 60, HEIGHT = 40, MASKS = 19, EMPTY = 5, CLASSES = 70, TEXTS = 2 };

struct fixture {
    struct scratch folder;
    struct error error;
    struct clip *clip;
    const struct clip_info *info;
    struct image image;
    struct mask_list masks; /* number EMPTY has no pixel */
    int32_t *tokens;        /* [CLASSES][TEXTS][context] */
};

static void add_mask(struct fixture *f, int number)
{
    struct mask mask = {0};
    uint8_t bits[HEIGHT][WIDTH] = {{0}};
    for (int y = number; y < number + 3 + number % 7 && number != EMPTY; y++)
        for (int x = 2 * number; x < 2 * number + 9 - number % 5; x++)
            bits[y][x] = 1;
    ck_assert_int_eq(rle_from_bitmap(&mask.rle, bits[0], HEIGHT, WIDTH, WIDTH, &f->error), 0);
    ck_assert_int_eq(mask_list_add(&f->masks, &mask, &f->error), 0);
}

static void begin(struct fixture *f)
{
    *f = (struct fixture){0};
    f->folder = scratch_new();
    char *path = scratch_path(&f->folder, "clip.safetensors");
    clip_model_write(path, &clip_xs, CLIP_OPENAI);
    ck_assert_msg(clip_load(&f->clip, path, &f->error) == 0, "%s", f->error.text);
    free(path);
    f->info = clip_info(f->clip);
    ck_assert_int_eq(image_reserve(&f->image, WIDTH, HEIGHT, &f->error), 0);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT * 3; i++)
        f->image.rgb[i] = (uint8_t)(i * i / 7 % 251);
    for (int i = 0; i < MASKS; i++)
        add_mask(f, i);
    size_t context = (size_t)f->info->context;
    f->tokens = calloc(CLASSES * TEXTS * context, sizeof *f->tokens);
    for (size_t row = 0; row < (size_t)CLASSES * TEXTS; row++) {
        int32_t *tokens = f->tokens + row * context;
        tokens[0] = f->info->vocabulary - 2;
        for (size_t i = 1; i < 3 + row % 4; i++)
            tokens[i] = (int32_t)((row + 7 * i) % (size_t)(f->info->vocabulary - 2));
        tokens[3 + row % 4] = f->info->vocabulary - 1;
    }
}

static void end(struct fixture *f)
{
    free(f->tokens);
    mask_list_free(&f->masks);
    image_free(&f->image);
    clip_free(f->clip);
    scratch_free(&f->folder);
}

static struct clip_classes *make_classes(struct fixture *f, int threads)
{
    const struct clip_texts texts = {f->tokens, CLASSES, TEXTS};
    struct clip_classes *classes = clip_classes_new(f->clip, &texts, threads, &f->error);
    ck_assert_msg(classes != NULL, "%s", f->error.text);
    return classes;
}

static float *embed(struct fixture *f, int threads)
{
    float *embeddings = calloc((size_t)MASKS * (size_t)f->info->width, sizeof *embeddings);
    struct classifier *classifier =
        classifier_new(f->clip, CLIP_BACKGROUND_MEAN, threads, &f->error);
    ck_assert_ptr_nonnull(classifier);
    ck_assert_msg(classifier_embed(classifier, &f->image, &f->masks, embeddings, &f->error) == 0,
                  "%s", f->error.text);
    classifier_free(classifier);
    return embeddings;
}

/* Scales to unit length, in double precision. */
static void make_unit(const float *from, size_t width, double *to)
{
    double sum = 0;
    for (size_t i = 0; i < width; i++)
        sum += (double)from[i] * (double)from[i];
    for (size_t i = 0; i < width; i++)
        to[i] = (double)from[i] / sqrt(sum);
}

START_TEST(masks_are_their_crops)
{
    struct fixture f;
    begin(&f);
    size_t width = (size_t)f.info->width, side = (size_t)f.info->image_size;
    float *embeddings = embed(&f, 1);
    float *input = malloc(3 * side * side * sizeof *input), *one = malloc(width * sizeof *one);
    double *unit = calloc(width, sizeof *unit);
    struct clip_crop *crop = clip_crop_new((int32_t)side, CLIP_BACKGROUND_MEAN, &f.error);
    struct clip_scratch *scratch = clip_scratch_new(f.clip, 1, 1, &f.error);
    for (size_t i = 0; i < MASKS; i++) {
        if (i == EMPTY)
            continue;
        ck_assert_int_eq(clip_crop_make(crop, &f.image, &f.masks.items[i], input, &f.error), 0);
        ck_assert_int_eq(clip_embed_images(f.clip, scratch, input, 1, one, &f.error), 0);
        make_unit(one, width, unit);
        for (size_t k = 0; k < width; k++)
            ck_assert_double_eq_tol((double)embeddings[i * width + k], unit[k], 1e-6);
    }
    for (size_t k = 0; k < width; k++)
        ck_assert_float_eq(embeddings[EMPTY * width + k], 0);
    clip_scratch_free(scratch);
    clip_crop_free(crop);
    free(unit);
    free(one);
    free(input);
    free(embeddings);
    end(&f);
}
END_TEST

/* The mean of a class's texts, of unit length. */
static void expect_class(struct fixture *f, struct clip_scratch *scratch, size_t class, double *to)
{
    size_t width = (size_t)f->info->width, context = (size_t)f->info->context;
    float *one = malloc(width * sizeof *one), *mean = calloc(width, sizeof *mean);
    double *unit = calloc(width, sizeof *unit);
    for (size_t t = 0; t < TEXTS; t++) {
        const int32_t *tokens = f->tokens + (class * TEXTS + t) * context;
        ck_assert_int_eq(clip_embed_text(f->clip, scratch, tokens, one, &f->error), 0);
        make_unit(one, width, unit);
        for (size_t k = 0; k < width; k++)
            mean[k] += (float)unit[k];
    }
    make_unit(mean, width, to);
    free(unit);
    free(mean);
    free(one);
}

START_TEST(similarities_are_those_of_the_formulas)
{
    struct fixture f;
    begin(&f);
    size_t width = (size_t)f.info->width;
    struct clip_classes *classes = make_classes(&f, 1);
    struct clip_scratch *scratch = clip_scratch_new(f.clip, 1, 1, &f.error);
    float *embeddings = embed(&f, 1), similarities[CLASSES];
    double *class = calloc(width, sizeof *class);
    clip_similarities(classes, embeddings, similarities);
    for (size_t i = 0; i < CLASSES; i++) {
        double sum = 0;
        expect_class(&f, scratch, i, class);
        for (size_t k = 0; k < width; k++)
            sum += class[k] * (double)embeddings[k];
        ck_assert_double_eq_tol((double)similarities[i], sum, 1e-6);
    }
    free(class);
    free(embeddings);
    clip_scratch_free(scratch);
    clip_classes_free(classes);
    end(&f);
}
END_TEST

START_TEST(labels_are_the_same_for_any_number_of_threads)
{
    struct fixture f;
    begin(&f);
    struct clip_class labels[2][MASKS];
    struct clip_classes *classes[2] = {make_classes(&f, 1), make_classes(&f, 5)};
    for (int way = 0; way < 2; way++) {
        struct classifier *classifier =
            classifier_new(f.clip, CLIP_BACKGROUND_KEEP, way ? 5 : 1, &f.error);
        ck_assert_int_eq(
            classifier_masks(classifier, classes[way], &f.image, &f.masks, labels[way], &f.error),
            0);
        classifier_free(classifier);
        clip_classes_free(classes[way]);
    }
    for (size_t i = 0; i < MASKS; i++) {
        ck_assert_int_eq(labels[0][i].number, labels[1][i].number);
        ck_assert_float_eq(labels[0][i].score, labels[1][i].score);
        ck_assert_int_eq(labels[0][i].number == CLIP_CLASS_NONE, i == EMPTY);
        ck_assert(i == EMPTY || (labels[0][i].score > 0 && labels[0][i].score <= 1));
    }
    end(&f);
}
END_TEST

START_TEST(the_class_is_the_softmax_first_maximum)
{
    struct fixture f;
    begin(&f);
    struct clip_classes *classes = make_classes(&f, 1);
    float similarities[CLASSES];
    for (size_t i = 0; i < CLASSES; i++)
        similarities[i] = 0.01F * (float)(i % 7);
    const struct clip_class label = clip_class_of(classes, similarities);
    double sum = 0;
    for (size_t i = 0; i < CLASSES; i++)
        sum += exp((double)f.info->logit_scale * ((double)similarities[i] - 0.06));
    ck_assert_int_eq(label.number, 6);
    ck_assert_double_eq_tol((double)label.score, 1 / sum, 1e-6);
    clip_classes_free(classes);
    end(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classifier");
    TCase *tests = tcase_create("classifier");
    tcase_add_test(tests, masks_are_their_crops);
    tcase_add_test(tests, similarities_are_those_of_the_formulas);
    tcase_add_test(tests, labels_are_the_same_for_any_number_of_threads);
    tcase_add_test(tests, the_class_is_the_softmax_first_maximum);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
