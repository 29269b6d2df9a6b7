/* TIFFs of unusual layouts: read as OpenCV does, or refused with the reason. */
#include "make_tiff.h"
#include "unit.h"

#include "base/error.h"
#include "images/image.h"
#include "images/image_source.h"

enum { SIDE = 16, PLANE = SIDE * SIDE };

/* What differs from an uncompressed gray TIFF of 8 bits in one strip. */
struct layout {
    unsigned kind, bits, compression, photometric, samples, planes, format;
    bool tiled, sub_directories, dng;
    unsigned cut; /* bytes missing at the end */
};

static size_t make(const struct layout *layout, uint8_t *bytes)
{
    static uint8_t samples[4 * PLANE];
    uint32_t bands = layout->samples ? layout->samples : 1;
    bool apart = layout->planes == 2;
    uint32_t parts = apart ? bands : 1, size = PLANE * bands / parts;
    uint16_t strip = layout->tiled ? 0 : 4, tile = layout->tiled ? 4 : 0;
    for (size_t i = 0; i < sizeof samples; i++)
        samples[i] = (uint8_t)(i * 7 + i / PLANE);
    const struct make_tiff_tag tags[] = {
        {254, 4, 1, layout->kind, 0},
        {256, 4, 1, SIDE, 0},
        {257, 4, 1, SIDE, 0},
        {258, 3, bands, layout->bits ? layout->bits : 8, 0},
        {259, 3, 1, layout->compression ? layout->compression : 1, 0},
        {262, 3, 1, layout->photometric, 0},
        {273, strip, parts, TIFF_HEAD, size},
        {277, 3, 1, bands, 0},
        {278, strip, 1, SIDE, 0},
        {279, strip, parts, size, 0},
        {284, 3, 1, apart ? 2 : 1, 0},
        {322, tile, 1, SIDE, 0},
        {323, tile, 1, SIDE, 0},
        {324, tile, parts, TIFF_HEAD, size},
        {325, tile, parts, size, 0},
        {330, layout->sub_directories ? 4 : 0, 1, 8, 0},
        {339, layout->format ? 3 : 0, bands, layout->format, 0},
        {50706, layout->dng ? 4 : 0, 1, 0x00000401, 0},
    };
    return make_tiff(tags, sizeof tags / sizeof *tags, samples, size * parts, bytes) - layout->cut;
}

static void check_refused(struct layout layout, const char *reason)
{
    static uint8_t bytes[TIFF_HEAD + 4 * PLANE];
    struct image image = {0};
    struct error error = {0};
    size_t size = make(&layout, bytes);
    ck_assert_msg(image_read_memory(bytes, size, "a.tif", NULL, &image, &error) == -1,
                  "not refused: %s", reason);
    ck_assert_msg(strstr(error.text, reason) != NULL, "%s (not: %s)", error.text, reason);
    image_free(&image);
}

START_TEST(what_is_not_read_is_named)
{
    check_refused((struct layout){.photometric = 1, .bits = 12}, "with 12-bit samples are not");
    check_refused((struct layout){.photometric = 1, .bits = 10},
                  "other than 1, 2, 4, 8 or 16 bits");
    check_refused((struct layout){.photometric = 1, .bits = 64}, "samples of more than 16 bits");
    check_refused((struct layout){.photometric = 1, .bits = 16, .format = 2}, "signed samples");
    check_refused((struct layout){.photometric = 1, .bits = 16, .format = 3}, "floating-point");
    check_refused((struct layout){.photometric = 1, .bits = 32, .format = 6}, "complex samples");
    check_refused((struct layout){.photometric = 8, .samples = 3, .planes = 2, .tiled = true},
                  "tiles in planes apart");
    check_refused((struct layout){.photometric = 1, .tiled = true, .compression = 33005},
                  "JPEG 2000 compression");
    check_refused((struct layout){.photometric = 8, .samples = 3}, "colours stored as lab");
}
END_TEST

START_TEST(raw_files_are_named)
{
    check_refused((struct layout){.photometric = 1, .dng = true}, "a camera's raw file");
    check_refused(
        (struct layout){.photometric = 2, .samples = 3, .kind = 1, .sub_directories = true},
        "a camera's raw file");
    check_refused((struct layout){.photometric = 32803}, "a camera's raw file");
}
END_TEST

START_TEST(cut_files_are_truncated)
{
    check_refused((struct layout){.photometric = 1, .cut = 1}, "truncated");
    check_refused((struct layout){.photometric = 1, .tiled = true, .cut = PLANE}, "truncated");
    check_refused((struct layout){.photometric = 1, .cut = PLANE + TIFF_HEAD - 9}, "truncated");
}
END_TEST

/* The first plane of gray images counts, in strips and in tiles. */
START_TEST(first_planes_of_gray_are_shown)
{
    static const struct layout layouts[] = {
        {.photometric = 1},
        {.photometric = 1, .tiled = true},
        {.photometric = 1, .planes = 2},
        {.photometric = 1, .planes = 2, .tiled = true},
        {.photometric = 1, .planes = 2, .samples = 3},
        {.photometric = 1, .planes = 2, .samples = 3, .tiled = true},
        {.photometric = 1, .sub_directories = true}, /* a pyramid: the first page is the largest */
    };
    for (size_t k = 0; k < sizeof layouts / sizeof *layouts; k++) {
        static uint8_t bytes[TIFF_HEAD + 4 * PLANE];
        struct image image = {0};
        struct error error = {0};
        size_t size = make(&layouts[k], bytes);
        ck_assert_msg(image_read_memory(bytes, size, "a.tif", NULL, &image, &error) == 0, "%zu: %s",
                      k, error.text);
        for (size_t i = 0; i < PLANE; i++)
            ck_assert_uint_eq(image.rgb[3 * i + 1], (uint8_t)(i * 7));
        image_free(&image);
    }
}
END_TEST

/* Colours in planes apart, in strips and in tiles. */
START_TEST(planes_of_colours_are_read)
{
    for (int k = 0; k < 4; k++) {
        static uint8_t bytes[TIFF_HEAD + 4 * PLANE];
        const struct layout layout = {
            .photometric = 2, .planes = 2, .samples = k < 2 ? 3 : 4, .tiled = k % 2};
        struct image image = {0};
        struct error error = {0};
        size_t size = make(&layout, bytes);
        ck_assert_msg(image_read_memory(bytes, size, "a.tif", NULL, &image, &error) == 0, "%d: %s",
                      k, error.text);
        for (size_t i = 0; i < PLANE; i++)
            for (size_t c = 0; c < 3; c++)
                ck_assert_uint_eq(image.rgb[3 * i + c], bytes[TIFF_HEAD + c * PLANE + i]);
        image_free(&image);
    }
}
END_TEST

/* Whether further pages follow: not if they are reduced copies. */
static void check_pages(uint32_t kind, bool expected)
{
    static uint8_t bytes[TIFF_HEAD + 4 * PLANE + TIFF_HEAD];
    static uint8_t rgb[3 * PLANE];
    const struct layout first = {.photometric = 1}, second = {.photometric = 1, .kind = kind};
    static uint8_t page[TIFF_HEAD + 4 * PLANE];
    struct image_source source;
    struct error error = {0};
    size_t size = make(&first, bytes);
    uint32_t entries = bytes[8];
    make(&second, page);
    memcpy(bytes + size, page + 8, TIFF_HEAD - 8); /* its directory; the pixels are shared */
    make_tiff_put(bytes + 10 + 12 * (size_t)entries, 4, (uint32_t)size);
    ck_assert_int_eq(image_source_open_memory(&source, bytes, size + TIFF_HEAD, "a", NULL, &error),
                     0);
    ck_assert_int_eq(image_source_all(&source, rgb, &error), 0);
    ck_assert_int_eq(source.notes.pages, expected);
    image_source_close(&source);
}

START_TEST(further_pages_are_noted)
{
    check_pages(0, true);
    check_pages(2, true);
    check_pages(1, false);
    check_pages(5, false);
}
END_TEST

int main(void)
{
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("image_tiff");
    TCase *tests = tcase_create("image_tiff");
    tcase_add_test(tests, what_is_not_read_is_named);
    tcase_add_test(tests, raw_files_are_named);
    tcase_add_test(tests, cut_files_are_truncated);
    tcase_add_test(tests, first_planes_of_gray_are_shown);
    tcase_add_test(tests, planes_of_colours_are_read);
    tcase_add_test(tests, further_pages_are_noted);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
