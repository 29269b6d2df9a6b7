/* The public face, include/maskmill.h, used as its users do. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "include/maskmill.h"

enum { WIDTH = 90, HEIGHT = 60 };

static struct mm_error error;
static struct mm_model *model; /* the built-in one, for a small input: it encodes many times */

/* A bright square on a dark ground, in rows that are longer than the image. */
static struct mm_image *draw_square(void)
{
    enum { STRIDE = 3 * WIDTH + 7 };
    static uint8_t rgb[HEIGHT * STRIDE];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            memset(rgb + y * STRIDE + 3 * x, x >= 30 && x < 60 && y >= 15 && y < 45 ? 230 : 20, 3);
    struct mm_image *image = mm_image_new(rgb, WIDTH, HEIGHT, STRIDE, &error);
    ck_assert_msg(image != NULL, "%s", error.text);
    ck_assert_int_eq(mm_image_rgb(image)[3 * WIDTH * 20 + 3 * 40], 230);
    return image;
}

static struct mm_segmenter *segmenter_on(const struct mm_image *image,
                                         const struct mm_options *options, int threads)
{
    struct mm_segmenter *segmenter = mm_segmenter_new(model, options, threads, &error);
    ck_assert_msg(segmenter != NULL, "%s", error.text);
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, image, &error), 0);
    return segmenter;
}

/* A small search: 4 x 4 points, and nothing filtered but by NMS. */
static struct mm_options *small_search(void)
{
    struct mm_options *options = mm_options_new(NULL, &error);
    ck_assert_int_eq(mm_options_set(options, MM_POINTS_PER_SIDE, 4, &error), 0);
    ck_assert_int_eq(mm_options_set(options, MM_PRED_IOU_THRESH, 0, &error), 0);
    ck_assert_int_eq(mm_options_set(options, MM_STABILITY_SCORE_THRESH, 0, &error), 0);
    return options;
}

START_TEST(the_model_says_what_it_is)
{
    ck_assert_ptr_nonnull(mm_model_name(model));
    ck_assert_int_gt(mm_model_image_size(model), 0);
    ck_assert_int_eq(mm_model_image_size(model) % mm_model_low_size(model), 0);
    ck_assert_uint_gt(mm_model_parameters(model), 1000000);
    ck_assert_ptr_nonnull(mm_model_metadata(model, "version"));
    ck_assert_ptr_null(mm_model_metadata(model, "no such key"));
    ck_assert_ptr_nonnull(strchr(mm_version(), '.'));
}
END_TEST

START_TEST(models_that_cannot_be_opened)
{
    static const char text[] = "no checkpoint";
    const struct mm_model_options odd = {.image_size = 100};
    ck_assert_ptr_null(mm_model_open("/nowhere.pth", NULL, &error));
    ck_assert_int_eq(error.code, MM_ERROR_IO);
    ck_assert_ptr_null(mm_model_open_memory(text, sizeof text, NULL, &error));
    ck_assert_int_eq(error.code, MM_ERROR_MODEL);
    ck_assert_ptr_null(mm_model_open(NULL, &odd, &error));
    ck_assert_ptr_null(mm_model_open("/nowhere.pth", NULL, NULL));
}
END_TEST

START_TEST(options_have_ranges_and_the_models_defaults)
{
    struct mm_options *options = mm_options_new(NULL, &error);
    struct mm_options *own = mm_options_new(model, &error);
    ck_assert_double_eq(mm_options_get(options, MM_PRED_IOU_THRESH), 0.88);
    ck_assert_double_eq(mm_options_get(options, MM_CROP_OVERLAP_RATIO), 512.0 / 1500);
    ck_assert_double_eq(mm_options_get(own, MM_PRED_IOU_THRESH),
                        atof(mm_model_metadata(model, "pred_iou_thresh")));
    ck_assert_int_eq(mm_options_set(options, MM_POINTS_PER_SIDE, 0, &error), -1);
    ck_assert_int_eq(error.code, MM_ERROR_USAGE);
    ck_assert_int_eq(mm_options_set(options, MM_POINTS_PER_SIDE, 2.5, &error), -1);
    ck_assert_int_eq(mm_options_set(options, MM_BOX_NMS_THRESH, NAN, &error), -1);
    ck_assert_int_eq(mm_options_set(options, (enum mm_option)1000, 1, &error), -1);
    ck_assert_int_eq(mm_options_set(options, MM_USE_M2M, 1, &error), 0);
    ck_assert_double_eq(mm_options_get(options, MM_USE_M2M), 1);
    ck_assert_int_eq(mm_options_set(options, MM_MIN_AREA, 9, &error), 0);
    ck_assert_int_eq(mm_options_set(options, MM_MAX_AREA, 8, &error), 0);
    ck_assert_ptr_null(mm_segmenter_new(model, options, 1, &error)); /* they contradict */
    ck_assert_int_eq(error.code, MM_ERROR_USAGE);
    mm_options_free(options);
    mm_options_free(own);
}
END_TEST

START_TEST(images_that_cannot_be)
{
    const uint8_t pixel[3] = {0};
    ck_assert_ptr_null(mm_image_new(pixel, 0, 1, 3, &error));
    ck_assert_ptr_null(mm_image_new(pixel, 1, 1, 2, &error));
    ck_assert_int_eq(error.code, MM_ERROR_USAGE);
    ck_assert_ptr_null(mm_image_read("/nowhere.png", &error));
    ck_assert_int_eq(error.code, MM_ERROR_IMAGE);
    ck_assert_ptr_null(mm_image_read_memory(pixel, sizeof pixel, &error));
}
END_TEST

START_TEST(prompts_give_three_masks_or_one)
{
    struct mm_image *image = draw_square();
    struct mm_segmenter *segmenter = segmenter_on(image, NULL, 1);
    struct mm_masks *masks, *refined;
    const double points[] = {44, 29, 5, 5}, box[] = {29, 14, 60, 45};
    const int labels[] = {1, 0};
    const struct mm_prompt prompt = {
        .points = points, .labels = labels, .point_count = 2, .box = box};
    ck_assert_int_eq(mm_segmenter_predict(segmenter, &prompt, &masks, &error), 0);
    ck_assert_uint_eq(mm_masks_count(masks), 3);
    const struct mm_mask best = mm_masks_get(masks, 0);
    ck_assert_ptr_nonnull(best.logits);
    ck_assert_double_eq(best.point[0], 44);

    const struct mm_prompt again = {
        .points = points, .point_count = 1, .logits = best.logits, .single = true};
    ck_assert_int_eq(mm_segmenter_predict(segmenter, &again, &refined, &error), 0);
    ck_assert_uint_eq(mm_masks_count(refined), 1);
    mm_masks_free(refined);

    const struct mm_prompt nothing = {0}, many = {.points = points, .point_count = 17};
    ck_assert_int_eq(mm_segmenter_predict(segmenter, &nothing, &refined, &error), -1);
    ck_assert_ptr_null(refined);
    ck_assert_int_eq(mm_segmenter_predict(segmenter, &many, &refined, &error), -1);
    ck_assert_int_eq(error.code, MM_ERROR_USAGE);
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_image_free(image);
}
END_TEST

static bool same_mask(const struct mm_mask *a, const struct mm_mask *b)
{
    return a->run_count == b->run_count && a->predicted_iou == b->predicted_iou &&
           memcmp(a->runs, b->runs, a->run_count * sizeof *a->runs) == 0;
}

/* Prompts on an image that was kept aside, while the segmenter has seen another one. */
START_TEST(an_embedding_outlives_its_image)
{
    static const uint8_t gray[40 * 40 * 3] = {9};
    struct mm_image *image = draw_square(), *other = mm_image_new(gray, 40, 40, 120, &error);
    struct mm_segmenter *segmenter = segmenter_on(image, NULL, 1);
    struct mm_masks *wanted, *masks;
    const double point[] = {44, 29}, box[] = {29, 14, 60, 45};
    const struct mm_prompt prompts[] = {{.points = point, .point_count = 1},
                                        {.box = box, .single = true}};
    ck_assert_int_eq(mm_segmenter_predict(segmenter, &prompts[0], &wanted, &error), 0);

    struct mm_embedding *kept = mm_segmenter_encode(segmenter, image, &error);
    mm_image_free(image);
    ck_assert_ptr_nonnull(kept);
    const size_t grid = (size_t)mm_model_low_size(model) / 4;
    ck_assert_uint_gt(mm_embedding_bytes(kept), 256 * grid * grid * sizeof(float));
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, other, &error), 0);
    ck_assert_int_eq(mm_segmenter_set_embedding(segmenter, kept, &error), 0);
    ck_assert_int_eq(mm_segmenter_predict_many(segmenter, prompts, 2, &masks, &error), 0);
    ck_assert_uint_eq(mm_masks_count(masks), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct mm_mask mask = mm_masks_get(masks, i);
        const struct mm_mask one = mm_masks_get(wanted, i < 3 ? i : 0);
        ck_assert_uint_eq(mask.prompt, i == 3);
        ck_assert(i == 3 || same_mask(&mask, &one));
        ck_assert_ptr_null(mask.logits);
    }
    mm_masks_free(masks);
    ck_assert_int_eq(mm_segmenter_generate(segmenter, NULL, NULL, &masks, &error), -1);
    ck_assert_int_eq(error.code, MM_ERROR_USAGE);
    mm_masks_free(wanted);
    mm_segmenter_free(segmenter);
    mm_embedding_free(kept);
    mm_image_free(other);
}
END_TEST

/* A logit by the definition: the share of it that the mask covers. A pixel is scale[0] x scale[1]
 * logits large. */
static float covered_logit(const uint8_t *bits, const double scale[2], int x, int y)
{
    double sum = 0;
    for (int v = 0; v < HEIGHT; v++)
        for (int u = 0; u < WIDTH; u++) {
            double wide = fmin((u + 1) * scale[0], x + 1) - fmax(u * scale[0], x);
            double high = fmin((v + 1) * scale[1], y + 1) - fmax(v * scale[1], y);
            if (bits[v * WIDTH + u] && wide > 0 && high > 0)
                sum += wide * high;
        }
    return (float)(20 * sum - 10);
}

/* A slanted bar with a hole, and padding below: 60 of 90 lines are image. */
START_TEST(a_mask_becomes_a_prompt)
{
    struct mm_image *image = draw_square();
    struct mm_segmenter *segmenter = segmenter_on(image, NULL, 1);
    const int low = mm_model_low_size(model), side = mm_model_image_size(model);
    const double rows = floor((double)HEIGHT * side / WIDTH + 0.5); /* of the resized image */
    const double scale[2] = {(double)low / WIDTH, low * rows / side / HEIGHT};
    float *logits = calloc((size_t)low * (size_t)low, sizeof *logits);
    uint8_t bits[HEIGHT * WIDTH] = {0};
    uint32_t runs[HEIGHT * WIDTH] = {0};
    size_t count = 1;
    bool set = false;
    for (int x = 0; x < WIDTH; x++)
        for (int y = 0; y < HEIGHT; y++) {
            bool now = abs(x - y - 17) < 9 && (x - 50) * (x - 50) + (y - 33) * (y - 33) > 20;
            bits[y * WIDTH + x] = now;
            count += now != set;
            runs[count - 1]++;
            set = now;
        }
    ck_assert_int_eq(mm_segmenter_mask_logits(segmenter, runs, count, logits, &error), 0);
    for (int y = 0; y < low; y += 3)
        for (int x = 0; x < low; x += 5)
            ck_assert_float_eq_tol(logits[y * low + x], covered_logit(bits, scale, x, y), 1e-3f);
    const uint32_t all[] = {0, WIDTH * HEIGHT}, none[] = {WIDTH * HEIGHT};
    ck_assert_int_eq(mm_segmenter_mask_logits(segmenter, all, 2, logits, &error), 0);
    ck_assert_float_eq_tol(logits[low / 2 * low - 1], 10, 1e-3f);
    ck_assert_float_eq(logits[low * low - 1], -10);
    ck_assert_int_eq(mm_segmenter_mask_logits(segmenter, none, 1, logits, &error), 0);
    ck_assert_float_eq(logits[0], -10);
    ck_assert_int_eq(mm_segmenter_mask_logits(segmenter, runs, count - 1, logits, &error), -1);
    ck_assert_int_eq(error.code, MM_ERROR_USAGE);
    free(logits);
    mm_segmenter_free(segmenter);
    mm_image_free(image);
}
END_TEST

/* SAM 2 stretches an image over the whole square: no padding. */
START_TEST(a_mask_becomes_a_prompt_of_sam_2)
{
    struct mm_image *image = draw_square();
    struct mm_model *sam2 = mm_model_open("tests/parity/models/hiera_xs.safetensors", NULL, &error);
    struct mm_segmenter *segmenter = mm_segmenter_new(sam2, NULL, 1, &error);
    const size_t low = (size_t)mm_model_low_size(sam2);
    const uint32_t all[] = {0, WIDTH * HEIGHT};
    float *logits = calloc(low * low, sizeof *logits);
    ck_assert_int_eq(mm_segmenter_mask_logits(segmenter, all, 2, logits, &error), -1);
    ck_assert_int_eq(mm_segmenter_set_image(segmenter, image, &error), 0);
    ck_assert_int_eq(mm_segmenter_mask_logits(segmenter, all, 2, logits, &error), 0);
    for (size_t i = 0; i < low * low; i++)
        ck_assert_float_eq_tol(logits[i], 10, 1e-3f);
    free(logits);
    mm_segmenter_free(segmenter);
    mm_model_free(sam2);
    mm_image_free(image);
}
END_TEST

/* Pixels inside the rings of a mask, by the shoelace formula. */
static double ring_area(const struct mm_polygons *polygons)
{
    double area = 0;
    for (size_t r = 0; r < polygons->ring_count; r++) {
        size_t first = polygons->ring_start[r], end = polygons->ring_start[r + 1];
        for (size_t i = first; i < end; i++) {
            const int32_t *a = polygons->xy + 2 * i;
            const int32_t *b = polygons->xy + 2 * (i + 1 < end ? i + 1 : first);
            area += ((double)a[0] * b[1] - (double)b[0] * a[1]) / 2;
        }
    }
    return area;
}

START_TEST(a_mask_in_every_form)
{
    struct mm_image *image = draw_square();
    struct mm_options *options = small_search();
    struct mm_segmenter *segmenter = segmenter_on(image, options, 2);
    struct mm_masks *masks;
    ck_assert_int_eq(mm_segmenter_generate(segmenter, NULL, NULL, &masks, &error), 0);
    ck_assert_uint_gt(mm_masks_count(masks), 0);
    for (size_t i = 0; i < mm_masks_count(masks); i++) {
        const struct mm_mask mask = mm_masks_get(masks, i);
        uint8_t bits[HEIGHT][WIDTH + 3];
        uint64_t ones = 0, runs = 0;
        mm_mask_bitmap(&mask, bits[0], WIDTH + 3);
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                ones += bits[y][x];
        for (size_t r = 0; r < mask.run_count; r++)
            runs += mask.runs[r];
        ck_assert_uint_eq(ones, mask.area);
        ck_assert_uint_eq(runs, WIDTH * HEIGHT);
        struct mm_polygons *polygons = mm_mask_polygons(&mask, &error);
        ck_assert_double_eq(ring_area(polygons), (double)mask.area);
        char *coco = mm_mask_coco_string(&mask, &error);
        char *record = mm_mask_record(&mask, (int64_t)i, &error);
        ck_assert_uint_gt(strlen(coco), 0);
        ck_assert_ptr_nonnull(strstr(record, "\"predicted_iou\""));
        mm_free(polygons);
        mm_free(coco);
        mm_free(record);
    }
    char *record = mm_masks_record(masks, "square.png", &error);
    ck_assert_ptr_nonnull(strstr(record, "\"file_name\": \"square.png\""));
    mm_free(record);
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_options_free(options);
    mm_image_free(image);
}
END_TEST

static bool count_calls(void *context, double done)
{
    ck_assert(done > 0 && done <= 1);
    ++*(int *)context;
    return true;
}

static bool stop(void *context, double done)
{
    (void)context;
    (void)done;
    return false;
}

START_TEST(progress_is_reported_and_stops)
{
    struct mm_image *image = draw_square();
    struct mm_options *options = small_search();
    ck_assert_int_eq(mm_options_set(options, MM_POINTS_PER_BATCH, 4, &error), 0);
    struct mm_segmenter *segmenter = segmenter_on(image, options, 1);
    struct mm_masks *masks;
    int calls = 0;
    ck_assert_int_eq(mm_segmenter_generate(segmenter, count_calls, &calls, &masks, &error), 0);
    ck_assert_int_eq(calls, 4);
    size_t count = mm_masks_count(masks);
    mm_masks_free(masks);
    ck_assert_int_eq(mm_segmenter_generate(segmenter, stop, NULL, &masks, &error), -1);
    ck_assert_int_eq(error.code, MM_ERROR_STOPPED);
    ck_assert_ptr_null(masks);
    ck_assert_int_eq(mm_segmenter_generate(segmenter, NULL, NULL, &masks, &error), 0);
    ck_assert_uint_eq(mm_masks_count(masks), count);
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_options_free(options);
    mm_image_free(image);
}
END_TEST

/* Crops take the embedding away; a prompt after them is as before. */
START_TEST(a_prompt_after_crops_is_the_same)
{
    struct mm_image *image = draw_square();
    struct mm_options *options = small_search();
    ck_assert_int_eq(mm_options_set(options, MM_CROP_N_LAYERS, 1, &error), 0);
    struct mm_segmenter *segmenter = segmenter_on(image, options, 1);
    const double point[] = {44, 29};
    const struct mm_prompt prompt = {.points = point, .point_count = 1};
    struct mm_masks *before, *all, *after;
    ck_assert_int_eq(mm_segmenter_predict(segmenter, &prompt, &before, &error), 0);
    ck_assert_int_eq(mm_segmenter_generate(segmenter, NULL, NULL, &all, &error), 0);
    const struct mm_mask mask = mm_masks_get(before, 0);
    const size_t low = (size_t)mm_model_low_size(model);
    float *logits = malloc(low * low * sizeof *logits);
    ck_assert_int_eq(mm_segmenter_mask_logits(segmenter, mask.runs, mask.run_count, logits, &error),
                     0);
    free(logits);
    ck_assert_int_eq(mm_segmenter_predict(segmenter, &prompt, &after, &error), 0);
    for (size_t i = 0; i < 3; i++) {
        const struct mm_mask a = mm_masks_get(before, i), b = mm_masks_get(after, i);
        ck_assert_uint_eq(a.area, b.area);
        ck_assert_double_eq(a.predicted_iou, b.predicted_iou);
    }
    mm_masks_free(before);
    mm_masks_free(all);
    mm_masks_free(after);
    mm_segmenter_free(segmenter);
    mm_options_free(options);
    mm_image_free(image);
}
END_TEST

START_TEST(own_points_replace_the_grid)
{
    struct mm_image *image = draw_square();
    struct mm_options *options = small_search();
    const double point[] = {0.5, 0.5}, outside[] = {0.5, 1.5};
    ck_assert_int_eq(mm_options_set_points(options, outside, 1, &error), -1);
    ck_assert_int_eq(mm_options_set_points(options, point, 1, &error), 0);
    struct mm_segmenter *segmenter = segmenter_on(image, options, 1);
    mm_options_free(options); /* the segmenter has its own copy */
    struct mm_masks *masks;
    ck_assert_int_eq(mm_segmenter_generate(segmenter, NULL, NULL, &masks, &error), 0);
    for (size_t i = 0; i < mm_masks_count(masks); i++)
        ck_assert_double_eq(mm_masks_get(masks, i).point[0], 45);
    mm_masks_free(masks);
    mm_segmenter_free(segmenter);
    mm_image_free(image);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("library");
    TCase *tests = tcase_create("library");
    tcase_set_timeout(tests, 240);
    tcase_add_test(tests, the_model_says_what_it_is);
    tcase_add_test(tests, models_that_cannot_be_opened);
    tcase_add_test(tests, options_have_ranges_and_the_models_defaults);
    tcase_add_test(tests, images_that_cannot_be);
    tcase_add_test(tests, prompts_give_three_masks_or_one);
    tcase_add_test(tests, an_embedding_outlives_its_image);
    tcase_add_test(tests, a_mask_becomes_a_prompt);
    tcase_add_test(tests, a_mask_becomes_a_prompt_of_sam_2);
    tcase_add_test(tests, a_mask_in_every_form);
    tcase_add_test(tests, progress_is_reported_and_stops);
    tcase_add_test(tests, a_prompt_after_crops_is_the_same);
    tcase_add_test(tests, own_points_replace_the_grid);
    suite_add_tcase(suite, tests);
    const struct mm_model_options small = {.image_size = 224};
    model = mm_model_open(NULL, &small, &error);
    if (!model)
        return EXIT_FAILURE;
    int status = unit_run(suite);
    mm_model_free(model);
    return status;
}
