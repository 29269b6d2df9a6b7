/* 16-bit samples: the upper 8 bits, or the image's least to greatest value spread over 0 to 255. */
#include "make_tiff.h"
#include "scratch.h"
#include "unit.h"

#include <stdint.h>

#include "base/error.h"
#include "images/image.h"
#include "images/image_source.h"

enum { WIDTH = 5, HEIGHT = 70, BANDS_MOST = 4 };

/* Writes a TIFF of WIDTH x HEIGHT pixels; the last of 2 or 4 bands is alpha. Returns its size. */
static size_t make_deep(const uint16_t *samples, int bands, uint8_t *bytes)
{
    uint32_t count = (uint32_t)bands, size = WIDTH * HEIGHT * count * 2;
    const struct make_tiff_tag tags[] = {
        {256, 3, 1, WIDTH, 0},
        {257, 3, 1, HEIGHT, 0},
        {258, 3, count, 16, 0},
        {259, 3, 1, 1, 0},
        {262, 3, 1, bands < 3 ? 1 : 2, 0},
        {273, 4, 1, TIFF_HEAD, 0},
        {277, 3, 1, count, 0},
        {278, 3, 1, HEIGHT, 0},
        {279, 4, 1, size, 0},
        {338, bands % 2 ? 0 : 3, 1, 2, 0},
    };
    return make_tiff(tags, sizeof tags / sizeof *tags, samples, size, bytes);
}

/* Colours from `least` to `greatest`; alpha, if any, is opaque. */
static void fill(uint16_t *samples, int bands, unsigned least, unsigned greatest)
{
    int colours = bands < 3 ? 1 : 3;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        for (int c = 0; c < bands; c++) {
            unsigned step = (unsigned)(i * colours + c) * 97 % (greatest - least + 1);
            samples[i * bands + c] = (uint16_t)(c < colours ? least + step : UINT16_MAX);
        }
    samples[0] = (uint16_t)greatest;
    samples[(WIDTH * HEIGHT - 1) * bands] = (uint16_t)least;
}

static void check_spread(int bands, unsigned least, unsigned greatest)
{
    static uint16_t samples[WIDTH * HEIGHT * BANDS_MOST];
    static uint8_t bytes[TIFF_HEAD + sizeof samples];
    const struct image_options options = {.depth = IMAGE_MINMAX};
    struct image image = {0};
    struct error error = {0};
    fill(samples, bands, least, greatest);
    size_t size = make_deep(samples, bands, bytes);
    ck_assert_msg(image_read_memory(bytes, size, "a", &options, &image, &error) == 0, "%s",
                  error.text);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        for (int c = 0; c < 3; c++) {
            unsigned sample = samples[i * bands + (bands < 3 ? 0 : c)], span = greatest - least;
            ck_assert_uint_eq(image.rgb[3 * i + c], ((sample - least) * 255 + span / 2) / span);
        }
    image_free(&image);
}

START_TEST(values_are_spread)
{
    static const unsigned ranges[][2] = {{0, 4095}, {100, 101}, {0, 65535}, {65000, 65535}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        for (int bands = 1; bands <= 4; bands++)
            check_spread(bands, ranges[i][0], ranges[i][1]);
}
END_TEST

START_TEST(a_constant_image_keeps_its_upper_bits)
{
    static uint16_t samples[WIDTH * HEIGHT];
    static uint8_t bytes[TIFF_HEAD + sizeof samples];
    const struct image_options options = {.depth = IMAGE_MINMAX};
    struct image image = {0};
    struct error error = {0};
    fill(samples, 1, 0x1234, 0x1234);
    size_t size = make_deep(samples, 1, bytes);
    ck_assert_int_eq(image_read_memory(bytes, size, "a", &options, &image, &error), 0);
    ck_assert_uint_eq(image.rgb[0], 0x12);
    image_free(&image);
}
END_TEST

/* Images of 8 bits are what they are. */
START_TEST(eight_bits_are_left_alone)
{
    const struct image_options options = {.depth = IMAGE_MINMAX};
    struct image plain = {0}, spread = {0};
    struct error error = {0};
    ck_assert_int_eq(image_read("tests/data/images/rgb.png", NULL, &plain, &error), 0);
    ck_assert_int_eq(image_read("tests/data/images/rgb.png", &options, &spread, &error), 0);
    ck_assert_mem_eq(plain.rgb, spread.rgb, (size_t)plain.width * plain.height * 3);
    image_free(&plain);
    image_free(&spread);
}
END_TEST

/* Strips of a file that is read piece by piece have the pixels of the whole. */
START_TEST(strips_are_parts_of_the_whole)
{
    static uint16_t samples[WIDTH * HEIGHT * 3];
    static uint8_t bytes[TIFF_HEAD + sizeof samples];
    const struct image_options options = {.depth = IMAGE_MINMAX};
    struct scratch scratch = scratch_new();
    char *path = scratch_path(&scratch, "a.tif");
    struct image whole = {0}, window;
    struct image_header header;
    struct image_strips *strips;
    struct error error = {0};
    fill(samples, 3, 7, 3000);
    size_t size = make_deep(samples, 3, bytes);
    FILE *file = fopen(path, "wb");
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
    ck_assert_int_eq(image_read(path, &options, &whole, &error), 0);
    ck_assert_int_eq(image_strips_open(&strips, path, &options, &header, &error), 0);
    for (int32_t y = 0; y + 40 <= HEIGHT; y += 15) {
        ck_assert_int_eq(image_strips_rows(strips, y, 40, &window, &error), 0);
        ck_assert_mem_eq(window.rgb, whole.rgb + (size_t)y * WIDTH * 3, (size_t)40 * WIDTH * 3);
    }
    struct image_notes notes = image_strips_notes(strips);
    ck_assert_uint_eq(notes.least, 7);
    ck_assert_uint_eq(notes.greatest, 3000);
    image_strips_free(strips);
    image_free(&whole);
    free(path);
    scratch_free(&scratch);
}
END_TEST

/* What is noticed without minmax: the values' range, without alpha, up to the rows read. */
START_TEST(the_range_is_noted)
{
    static uint16_t samples[WIDTH * HEIGHT * 4];
    static uint8_t bytes[TIFF_HEAD + sizeof samples];
    static uint8_t rgb[WIDTH * HEIGHT * 3];
    struct image_source source;
    struct error error = {0};
    fill(samples, 4, 9, 4095);
    size_t size = make_deep(samples, 4, bytes);
    ck_assert_int_eq(image_source_open_memory(&source, bytes, size, "a", NULL, &error), 0);
    ck_assert(!source.notes.deep);
    ck_assert_int_eq(image_source_all(&source, rgb, &error), 0);
    ck_assert(source.notes.deep);
    ck_assert_uint_eq(source.notes.least, 9);
    ck_assert_uint_eq(source.notes.greatest, 4095);
    image_source_close(&source);
}
END_TEST

int main(void)
{
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("image_depth");
    TCase *tests = tcase_create("image_depth");
    tcase_add_test(tests, values_are_spread);
    tcase_add_test(tests, a_constant_image_keeps_its_upper_bits);
    tcase_add_test(tests, eight_bits_are_left_alone);
    tcase_add_test(tests, strips_are_parts_of_the_whole);
    tcase_add_test(tests, the_range_is_noted);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
