/* A mask's picture for CLIP is the square that clip_crop.h describes, made here pixel by pixel. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "filters/mask.h"
#include "images/image.h"
#include "images/resize.h"
#include "pipeline/clip_crop.h"

enum { WIDTH = 150, HEIGHT = 90, SIDE = 24 };

static const uint8_t mean_colour[3] = {123, 117, 104};

static void make_image(struct image *image)
{
    struct error error;
    uint32_t state = 1;
    ck_assert_int_eq(image_reserve(image, WIDTH, HEIGHT, &error), 0);
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT * 3; i++) {
        state = state * 1664525 + 1013904223;
        image->rgb[i] = (uint8_t)(state >> 24);
    }
}

/* An ellipse in a rectangle, with a hole. */
static void make_mask(struct mask *mask, struct rect rect)
{
    struct error error;
    uint8_t bits[HEIGHT][WIDTH] = {{0}};
    for (int32_t y = rect.y; y < rect.y + rect.height; y++)
        for (int32_t x = rect.x; x < rect.x + rect.width; x++) {
            double u = (x - rect.x + 0.5) / rect.width * 2 - 1;
            double v = (y - rect.y + 0.5) / rect.height * 2 - 1;
            double r = u * u + v * v;
            bits[y][x] = r <= 1.3 && (r > 0.1 || rect.width < 9);
        }
    *mask = (struct mask){0};
    ck_assert_int_eq(rle_from_bitmap(&mask->rle, bits[0], HEIGHT, WIDTH, WIDTH, &error), 0);
    mask->box = rle_box(&mask->rle);
    mask->area = rle_area(&mask->rle);
}

/* The square of a mask, before it is resized. */
static uint8_t *draw_square(const struct image *image, const struct mask *mask, struct rect square,
                            enum clip_background background)
{
    uint8_t bits[HEIGHT][WIDTH];
    uint8_t *rgb = malloc((size_t)square.width * (size_t)square.width * 3);
    rle_to_bitmap(&mask->rle, bits[0], WIDTH);
    for (int32_t i = 0; i < square.width * square.width; i++) {
        int32_t x = square.x + i % square.width, y = square.y + i / square.width;
        int inside = x >= 0 && x < WIDTH && y >= 0 && y < HEIGHT;
        if (inside && background == CLIP_BACKGROUND_MEAN)
            inside = bits[y][x];
        memcpy(rgb + 3 * i, inside ? image->rgb + 3 * (y * WIDTH + x) : mean_colour, 3);
    }
    return rgb;
}

static void check_mask(struct rect rect, int32_t side, enum clip_background background)
{
    static const double mean[3] = {0.48145466, 0.4578275, 0.40821073};
    static const double deviation[3] = {0.26862954, 0.26130258, 0.27577711};
    struct error error = {0};
    struct image image = {0};
    struct mask mask;
    float input[3][SIDE][SIDE];
    uint8_t small[SIDE][SIDE][3];
    make_image(&image);
    make_mask(&mask, rect);
    const struct rect square = clip_crop_square(&mask.box);
    ck_assert_int_eq(square.width, side);
    ck_assert_int_eq(square.height, side);
    uint8_t *large = draw_square(&image, &mask, square, background);
    const struct image_view view = {large, (size_t)side * 3, side, side};
    struct resize *resize = resize_new_filter(RESIZE_BICUBIC, &error);
    ck_assert_int_eq(resize_rgb(resize, &view, (struct size){SIDE, SIDE}, small[0][0], &error), 0);
    struct clip_crop *crop = clip_crop_new(SIDE, background, &error);
    ck_assert_int_eq(clip_crop_make(crop, &image, &mask, input[0][0], &error), 0);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                ck_assert_double_eq_tol((double)input[c][y][x],
                                        (small[y][x][c] / 255.0 - mean[c]) / deviation[c], 1e-5);
    clip_crop_free(crop);
    resize_free(resize);
    free(large);
    rle_free(&mask.rle);
    image_free(&image);
}

START_TEST(pictures_are_the_squares)
{
    static const struct {
        struct rect rect;
        int32_t side;
    } cases[] = {
        {{40, 20, 50, 40}, 60},       /* within the image */
        {{0, 0, WIDTH, HEIGHT}, 180}, /* all of it */
        {{140, 80, 10, 10}, 32},      /* small, in a corner */
        {{7, 3, 1, 1}, 32},           /* one pixel */
        {{10, 0, 3, HEIGHT}, 108},    /* narrow */
        {{3, 30, 31, 20}, 39},        /* sides of odd lengths */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_mask(cases[i].rect, cases[i].side, CLIP_BACKGROUND_MEAN);
        check_mask(cases[i].rect, cases[i].side, CLIP_BACKGROUND_KEEP);
    }
}
END_TEST

START_TEST(squares_have_the_centre_of_the_box)
{
    const struct box box = {100, 50, 139, 59}; /* 40 x 10 */
    const struct rect square = clip_crop_square(&box);
    ck_assert(rect_equal(square, (struct rect){96, 31, 48, 48}));
    const struct box small = {1, 1, 2, 1};
    ck_assert(rect_equal(clip_crop_square(&small), (struct rect){-14, -15, 32, 32}));
}
END_TEST

START_TEST(endless_images_are_refused)
{
    struct error error = {0};
    struct image image = {.width = CLIP_CROP_LONGEST + 1, .height = 1};
    struct mask mask = {0};
    float input[3 * SIDE * SIDE];
    struct clip_crop *crop = clip_crop_new(SIDE, CLIP_BACKGROUND_MEAN, &error);
    ck_assert_int_eq(clip_crop_make(crop, &image, &mask, input, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    clip_crop_free(crop);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clip_crop");
    TCase *tests = tcase_create("clip_crop");
    tcase_add_test(tests, pictures_are_the_squares);
    tcase_add_test(tests, squares_have_the_centre_of_the_box);
    tcase_add_test(tests, endless_images_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
