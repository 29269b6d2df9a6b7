/* Many prompts at once: the same bits as one at a time, whatever their order and the number of threads. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "include/maskmill.h"

enum { WIDTH = 96, HEIGHT = 64, LOW_MOST = 256, PROMPTS = 60 };

static struct mm_error error;

static const char *const models[] = {NULL, "tests/parity/models/hiera_xs.safetensors",
                                     "tests/parity/models/hq_xs.safetensors",
                                     "tests/parity/models/vit_xs.safetensors"};
enum { MODELS = sizeof models / sizeof *models };

/* Discs on a ramp. */
static struct mm_image *draw(void)
{
    static uint8_t rgb[HEIGHT][WIDTH][3];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                rgb[y][x][c] =
                    (uint8_t)(hypot(x % 32 - 16, y % 32 - 16) < 9 ? 220 - 40 * c : x + y);
    return mm_image_new(rgb[0][0], WIDTH, HEIGHT, (size_t)3 * WIDTH, &error);
}

/* Prompts of all shapes, mixed; and what they point to. */
struct mixture {
    struct mm_prompt prompts[PROMPTS];
    double points[PROMPTS][2 * MM_POINTS_MAX];
    int labels[PROMPTS][MM_POINTS_MAX];
    double boxes[PROMPTS][4];
    float logits[2][LOW_MOST * LOW_MOST];
};

/* A repeatable number of 0..limit - 1. */
static int draw_number(unsigned *seed, int limit)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (int)(*seed >> 8) % limit;
}

static void fill(struct mixture *mixture, int low)
{
    static const int counts[] = {1, 1, 1, 0, 0, 2, 3, 16, 9};
    unsigned seed = 1;
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < low * low; k++)
            mixture->logits[i][k] = (float)(draw_number(&seed, 200) - 100) * 0.1f;
    for (int p = 0; p < PROMPTS; p++) {
        struct mm_prompt *prompt = &mixture->prompts[p];
        prompt->points = mixture->points[p];
        prompt->point_count = counts[draw_number(&seed, 9)];
        for (int i = 0; i < MM_POINTS_MAX; i++) {
            mixture->points[p][2 * i] = draw_number(&seed, WIDTH * 4) / 4.0;
            mixture->points[p][2 * i + 1] = draw_number(&seed, HEIGHT * 4) / 4.0;
            mixture->labels[p][i] = i == 0 || draw_number(&seed, 2);
        }
        prompt->labels = draw_number(&seed, 3) ? mixture->labels[p] : NULL;
        for (int i = 0; i < 4; i++)
            mixture->boxes[p][i] = draw_number(&seed, 30) + (i > 1) * 30;
        if (prompt->point_count == 0 || draw_number(&seed, 4) == 0)
            prompt->box = mixture->boxes[p];
        if (draw_number(&seed, 4) == 0)
            prompt->logits = mixture->logits[draw_number(&seed, 2)];
        prompt->single = draw_number(&seed, 3) == 0;
    }
}

static void check_same(const struct mm_mask *a, const struct mm_mask *b)
{
    ck_assert_double_eq(a->predicted_iou, b->predicted_iou);
    ck_assert_double_eq(a->stability_score, b->stability_score);
    ck_assert_double_eq(a->point[0], b->point[0]);
    ck_assert_mem_eq(a->box, b->box, sizeof a->box);
    ck_assert_uint_eq(a->area, b->area);
    ck_assert_uint_eq(a->run_count, b->run_count);
    ck_assert_mem_eq(a->runs, b->runs, a->run_count * sizeof *a->runs);
}

static struct mm_masks *many(const struct mm_model *model, const struct mm_image *image,
                             const struct mixture *mixture, int threads)
{
    struct mm_masks *masks;
    struct mm_segmenter *segmenter = mm_segmenter_new(model, NULL, threads, &error);
    ck_assert_msg(segmenter != NULL, "%s", error.text);
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, image, &error), 0);
    int status = mm_segmenter_predict_many(segmenter, mixture->prompts, PROMPTS, &masks, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    mm_segmenter_free(segmenter);
    return masks;
}

/* Compares with each prompt alone. */
static void check_alone(const struct mm_model *model, const struct mm_image *image,
                        const struct mixture *mixture, const struct mm_masks *all)
{
    struct mm_segmenter *segmenter = mm_segmenter_new(model, NULL, 1, &error);
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, image, &error), 0);
    size_t at = 0;
    for (size_t p = 0; p < PROMPTS; p++) {
        struct mm_masks *one;
        ck_assert_int_eq(mm_segmenter_predict(segmenter, &mixture->prompts[p], &one, &error), 0);
        ck_assert_uint_eq(mm_masks_count(one), mixture->prompts[p].single ? 1 : 3);
        for (size_t i = 0; i < mm_masks_count(one); i++, at++) {
            const struct mm_mask a = mm_masks_get(one, i), b = mm_masks_get(all, at);
            ck_assert_uint_eq(b.prompt, p);
            ck_assert_ptr_null(b.logits);
            check_same(&a, &b);
        }
        mm_masks_free(one);
    }
    ck_assert_uint_eq(mm_masks_count(all), at);
    mm_segmenter_free(segmenter);
}

START_TEST(many_prompts_have_the_bits_of_one_at_a_time)
{
    static const int threads[] = {2, 5};
    static struct mixture mixture;
    const struct mm_model_options small = {.image_size = models[_i] ? 0 : 224}; /* fast */
    struct mm_model *model = mm_model_open(models[_i], &small, &error);
    ck_assert_msg(model != NULL, "%s", error.text);
    ck_assert_int_le(mm_model_low_size(model), LOW_MOST);
    fill(&mixture, mm_model_low_size(model));
    struct mm_image *image = draw();
    struct mm_masks *all = many(model, image, &mixture, 1);
    check_alone(model, image, &mixture, all);
    for (int t = 0; t < 2; t++) {
        struct mm_masks *again = many(model, image, &mixture, threads[t]);
        ck_assert_uint_eq(mm_masks_count(again), mm_masks_count(all));
        for (size_t i = 0; i < mm_masks_count(all); i++) {
            const struct mm_mask a = mm_masks_get(all, i), b = mm_masks_get(again, i);
            ck_assert_uint_eq(a.prompt, b.prompt);
            check_same(&a, &b);
        }
        mm_masks_free(again);
    }
    mm_masks_free(all);
    mm_image_free(image);
    mm_model_free(model);
}
END_TEST

/* None, and one wrong one among good ones. */
START_TEST(a_wrong_prompt_is_named)
{
    struct mm_model *model = mm_model_open(models[3], NULL, &error);
    struct mm_image *image = draw();
    struct mm_segmenter *segmenter = mm_segmenter_new(model, NULL, 2, &error);
    struct mm_masks *masks;
    static float logits[LOW_MOST * LOW_MOST] = {[5] = INFINITY};
    const double point[] = {9, 9}, nowhere[] = {9, NAN}, far[] = {0, 0, 1e30, 5};
    const struct mm_prompt good = {.points = point, .point_count = 1};
    const struct mm_prompt wrong[] = {{0},
                                      {.points = nowhere, .point_count = 1},
                                      {.box = far},
                                      {.points = point, .point_count = 17},
                                      {.points = point, .point_count = 1, .logits = logits}};
    ck_assert_int_eq(mm_segmenter_predict_many(segmenter, &good, 1, &masks, &error), -1);
    ck_assert_int_eq(error.code, MM_ERROR_USAGE); /* no image */
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, image, &error), 0);
    ck_assert_int_eq(mm_segmenter_predict_many(segmenter, NULL, 0, &masks, &error), 0);
    ck_assert_uint_eq(mm_masks_count(masks), 0);
    mm_masks_free(masks);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct mm_prompt prompts[] = {good, good, wrong[i], good};
        ck_assert_int_eq(mm_segmenter_predict_many(segmenter, prompts, 4, &masks, &error), -1);
        ck_assert_int_eq(error.code, MM_ERROR_USAGE);
        ck_assert_ptr_nonnull(strstr(error.text, "prompt 2: "));
        ck_assert_ptr_null(masks);
    }
    mm_segmenter_free(segmenter);
    mm_image_free(image);
    mm_model_free(model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("many prompts");
    TCase *tests = tcase_create("many prompts");
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(tests, many_prompts_have_the_bits_of_one_at_a_time, 0, MODELS);
    tcase_add_test(tests, a_wrong_prompt_is_named);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
