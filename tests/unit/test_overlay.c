/* Overlays: outside unchanged, inside half colour, borders full colour, small masks on top. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "images/image.h"
#include "records/overlay.h"

enum { WIDTH = 40, HEIGHT = 30, GRAY = 100 };

/* Adds a rectangle of columns x0 .. x1 and rows y0 .. y1 as a mask. */
static void add_rectangle(struct mask_list *masks, uint32_t x0, uint32_t y0, uint32_t x1,
                          uint32_t y1)
{
    struct error error;
    struct mask mask = {0};
    rle_begin(&mask.rle, HEIGHT, WIDTH);
    for (uint32_t x = x0; x <= x1; x++)
        rle_add(&mask.rle, x * HEIGHT + y0, x * HEIGHT + y1 + 1, &error);
    rle_end(&mask.rle, &error);
    ck_assert_int_eq(mask_list_add(masks, &mask, &error), 0);
}

static struct image gray_image(void)
{
    struct error error;
    struct image image = {WIDTH, HEIGHT, memory_new(WIDTH * HEIGHT, 3, "test", &error), 0};
    memset(image.rgb, GRAY, (size_t)WIDTH * HEIGHT * 3);
    return image;
}

static const uint8_t *at(const uint8_t *rgb, int x, int y)
{
    return rgb + ((size_t)y * WIDTH + x) * 3;
}

/* Whether every channel of `blended` lies half way from the photograph to `full`. */
static bool is_half(const uint8_t *blended, const uint8_t *full)
{
    bool half = true;
    for (int c = 0; c < 3; c++)
        half = half && blended[c] == (GRAY + full[c]) / 2;
    return half;
}

START_TEST(masks_are_painted_over_the_image)
{
    struct error error = {0};
    struct image image = gray_image();
    struct mask_list masks = {0};
    add_rectangle(&masks, 12, 12, 18, 18); /* small, inside the next */
    add_rectangle(&masks, 5, 5, 30, 25);
    uint8_t *rgb = malloc((size_t)WIDTH * HEIGHT * 3);
    ck_assert_int_eq(overlay_paint(&image, &masks, rgb, &error), 0);
    static const uint8_t gray[3] = {GRAY, GRAY, GRAY};
    ck_assert_mem_eq(at(rgb, 4, 10), gray, 3);
    ck_assert_mem_eq(at(rgb, 31, 10), gray, 3);
    ck_assert_mem_eq(at(rgb, 10, 26), gray, 3);
    const uint8_t *small = at(rgb, 12, 15), *large = at(rgb, 5, 10); /* on their left borders */
    ck_assert_mem_ne(small, large, 3);
    ck_assert_mem_eq(at(rgb, 30, 25), large, 3);
    ck_assert_mem_eq(at(rgb, 18, 12), small, 3);
    ck_assert(is_half(at(rgb, 7, 10), large));
    ck_assert(is_half(at(rgb, 15, 15), small));
    free(rgb);
    mask_list_free(&masks);
    image_free(&image);
}
END_TEST

START_TEST(colours_depend_on_the_place_and_differ)
{
    struct error error = {0};
    struct image image = gray_image();
    struct mask_list masks = {0};
    enum { COUNT = 10 };
    for (uint32_t i = 0; i < COUNT; i++)
        add_rectangle(&masks, 3 * i, 0, 3 * i, i); /* one column each, of different areas */
    add_rectangle(&masks, 39, 29, 39, 29);
    uint8_t *rgb = malloc((size_t)WIDTH * HEIGHT * 3);
    ck_assert_int_eq(overlay_paint(&image, &masks, rgb, &error), 0);
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < i; j++) {
            const uint8_t *a = at(rgb, 3 * i, 0), *b = at(rgb, 3 * j, 0);
            ck_assert_int_gt(abs(a[0] - b[0]) + abs(a[1] - b[1]) + abs(a[2] - b[2]), 40);
        }
    free(rgb);
    mask_list_free(&masks);
    image_free(&image);
}
END_TEST

START_TEST(jpegs_are_of_the_image_size_and_repeat)
{
    struct error error = {0};
    struct image image = gray_image(), read = {0};
    struct mask_list masks = {0};
    uint8_t *bytes, *again;
    size_t size, again_size;
    ck_assert_int_eq(overlay_jpeg(&image, &masks, &bytes, &size, &error), 0); /* without masks */
    memory_free(bytes);
    add_rectangle(&masks, 0, 0, WIDTH - 1, HEIGHT - 1);
    add_rectangle(&masks, 1, 5, 1, 5);
    struct mask empty = {0};
    rle_begin(&empty.rle, HEIGHT, WIDTH);
    rle_end(&empty.rle, &error);
    mask_list_add(&masks, &empty, &error);
    ck_assert_int_eq(overlay_jpeg(&image, &masks, &bytes, &size, &error), 0);
    ck_assert_int_eq(overlay_jpeg(&image, &masks, &again, &again_size, &error), 0);
    ck_assert_uint_eq(size, again_size);
    ck_assert_mem_eq(bytes, again, size);
    ck_assert_int_eq(image_read_memory(bytes, size, "overlay", NULL, &read, &error), 0);
    ck_assert_int_eq(read.width, WIDTH);
    ck_assert_int_eq(read.height, HEIGHT);
    memory_free(bytes);
    memory_free(again);
    mask_list_free(&masks);
    image_free(&image);
    image_free(&read);
}
END_TEST

/* JPEGs have at most 65,500 pixels a side. */
START_TEST(long_images_are_reduced)
{
    enum { LONG = OVERLAY_SIDE_MOST + 1 };
    static uint8_t rgb[LONG * 3 * 3];
    struct error error = {0};
    struct image wide = {LONG, 3, rgb, 0}, tall = {3, LONG, rgb, 0}, read = {0};
    struct mask_list masks = {0};
    uint8_t *bytes;
    size_t size;
    memset(rgb, GRAY, sizeof rgb);
    ck_assert_int_eq(overlay_jpeg(&wide, &masks, &bytes, &size, &error), 0);
    ck_assert_int_eq(image_read_memory(bytes, size, "wide", NULL, &read, &error), 0);
    ck_assert_int_eq(read.width, LONG / 2 + 1);
    ck_assert_int_eq(read.height, 2);
    ck_assert_uint_eq(read.rgb[3 * LONG], GRAY);
    memory_free(bytes);
    ck_assert_int_eq(overlay_jpeg(&tall, &masks, &bytes, &size, &error), 0);
    ck_assert_int_eq(image_read_memory(bytes, size, "tall", NULL, &read, &error), 0);
    ck_assert_int_eq(read.width, 2);
    ck_assert_int_eq(read.height, LONG / 2 + 1);
    memory_free(bytes);
    image_free(&read);
}
END_TEST

int main(void)
{
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("overlay");
    TCase *tests = tcase_create("overlay");
    tcase_add_test(tests, masks_are_painted_over_the_image);
    tcase_add_test(tests, colours_depend_on_the_place_and_differ);
    tcase_add_test(tests, jpegs_are_of_the_image_size_and_repeat);
    tcase_add_test(tests, long_images_are_reduced);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
