/* Images of every kind give the pixels that OpenCV gives; strips give those of the whole image. */
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"

#define FOLDER "tests/data/images/"

static const struct {
    const char *file;
    int32_t width, height;
    uint64_t hash;
} table[] = {
/* clang-format off */
#include "image_table.h"
    /* clang-format on */
};

enum { TABLE_LENGTH = sizeof table / sizeof *table };

static uint64_t fnv1a(const uint8_t *bytes, size_t size)
{
    uint64_t hash = 0xCBF29CE484222325U;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3U;
    return hash;
}

static const char *path_of(const char *file)
{
    static _Thread_local char path[256];
    snprintf(path, sizeof path, FOLDER "%s", file);
    return path;
}

static size_t image_bytes(const struct image *image)
{
    return (size_t)image->width * image->height * 3;
}

/* The contents of a file, owned by the caller. */
static uint8_t *slurp(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    enum { MOST = 1 << 20 };
    uint8_t *bytes = malloc(MOST);
    *size = fread(bytes, 1, MOST, file);
    fclose(file);
    return bytes;
}

START_TEST(pixels_are_those_of_opencv)
{
    struct error error = {0};
    struct image image = {0};
    for (int i = 0; i < TABLE_LENGTH; i++) {
        const char *path = path_of(table[i].file);
        ck_assert_msg(image_read(path, NULL, &image, &error) == 0, "%s", error.text);
        ck_assert_int_eq(image.width, table[i].width);
        ck_assert_int_eq(image.height, table[i].height);
        ck_assert_msg(fnv1a(image.rgb, image_bytes(&image)) == table[i].hash, "%s differs", path);
    }
    image_free(&image);
    ck_assert_ptr_null(image.rgb);
}
END_TEST

START_TEST(memory_gives_the_same_pixels)
{
    struct error error = {0};
    struct image image = {0};
    for (int i = 0; i < TABLE_LENGTH; i++) {
        size_t size;
        uint8_t *bytes = slurp(path_of(table[i].file), &size);
        ck_assert_int_eq(image_read_memory(bytes, size, "member", NULL, &image, &error), 0);
        ck_assert(fnv1a(image.rgb, image_bytes(&image)) == table[i].hash);
        free(bytes);
    }
    image_free(&image);
}
END_TEST

START_TEST(extensions_are_those_of_the_formats)
{
    static const char *const read[] = {"a.jpg", "a.b.JpEg", "x.png",  "x.TIF", "x.webp",
                                       " .gif", "x.heic",   "x.avif", "x..jpe"};
    static const char *const others[] = {
        "jpg", ".jpg", "a.jpg.txt", "a.bmp",      "a.ppm", "a.jp2",  "a.j",
        "a.",  "a",    "",          "a.jpg jpeg", "a.pn",  "a.jpg ", "a.averylongextension"};
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        ck_assert_msg(image_has_extension(read[i]), "%s", read[i]);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        ck_assert_msg(!image_has_extension(others[i]), "%s", others[i]);
}
END_TEST

START_TEST(headers_tell_the_upright_size)
{
    struct error error = {0};
    for (int i = 0; i < TABLE_LENGTH; i++) {
        struct image_header header;
        ck_assert_int_eq(image_read_header(path_of(table[i].file), NULL, &header, &error), 0);
        ck_assert_int_eq(header.width, table[i].width);
        ck_assert_int_eq(header.height, table[i].height);
        ck_assert_uint_ge(header.bytes, header.decoder_bytes + (uint64_t)37 * 29 * 3);
    }
}
END_TEST

/* A window of 10 rows with 4 rows in common with the one before, as tiles with a margin need. */
static void check_strips(const char *path, const struct image *image)
{
    struct error error = {0};
    struct image_strips *strips;
    struct image_header header;
    ck_assert_int_eq(image_strips_open(&strips, path, NULL, &header, &error), 0);
    ck_assert_int_eq(header.width, image->width);
    ck_assert_int_eq(header.height, image->height);
    for (int32_t y = 0; y < header.height; y += 6) {
        int32_t rows = header.height - y < 10 ? header.height - y : 10;
        struct image window;
        ck_assert_msg(image_strips_rows(strips, y, rows, &window, &error) == 0, "%s", error.text);
        ck_assert_int_eq(window.width, image->width);
        ck_assert_int_eq(window.height, rows);
        ck_assert_mem_eq(window.rgb, image->rgb + (size_t)y * image->width * 3,
                         image_bytes(&window));
    }
    image_strips_free(strips);
}

START_TEST(strips_give_the_rows_of_the_whole)
{
    struct error error = {0};
    struct image image = {0};
    for (int i = 0; i < TABLE_LENGTH; i++) {
        ck_assert_int_eq(image_read(path_of(table[i].file), NULL, &image, &error), 0);
        check_strips(path_of(table[i].file), &image);
    }
    image_free(&image);
}
END_TEST

START_TEST(strips_may_skip_rows_and_change_height)
{
    static const int32_t windows[][2] = {{0, 3}, {0, 12}, {5, 2}, {20, 4}, {22, 7}, {28, 1}};
    struct error error = {0};
    struct image image = {0}, window;
    struct image_strips *strips;
    struct image_header header;
    const char *path = path_of("rgb420.jpg");
    ck_assert_int_eq(image_read(path, NULL, &image, &error), 0);
    ck_assert_int_eq(image_strips_open(&strips, path, NULL, &header, &error), 0);
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        ck_assert_int_eq(image_strips_rows(strips, windows[i][0], windows[i][1], &window, &error),
                         0);
        ck_assert_mem_eq(window.rgb, image.rgb + (size_t)windows[i][0] * 37 * 3,
                         image_bytes(&window));
    }
    image_strips_free(strips);
    image_free(&image);
}
END_TEST

START_TEST(a_smaller_image_reuses_memory)
{
    struct error error = {0};
    struct image image = {0};
    ck_assert_int_eq(image_read(path_of("rgb.png"), NULL, &image, &error), 0);
    const uint8_t *first = image.rgb;
    ck_assert_int_eq(image_read(path_of("gray.jpg"), NULL, &image, &error), 0);
    ck_assert_ptr_eq(image.rgb, first);
    image_free(&image);
}
END_TEST

START_TEST(avif_and_sideways_tiffs_are_read)
{
    struct error error = {0};
    struct image image = {0}, upright = {0};
    ck_assert_int_eq(image_read(path_of("lossy.avif"), NULL, &image, &error), 0);
    ck_assert_int_eq(image.width, 37);
    ck_assert_int_eq(image_read(path_of("turned6.png"), NULL, &upright, &error), 0);
    ck_assert_int_eq(image_read(path_of("turned6.tif"), NULL, &image, &error), 0);
    ck_assert_int_eq(image.width, 29);
    ck_assert_mem_eq(image.rgb, upright.rgb, image_bytes(&upright));
    image_free(&image);
    image_free(&upright);
}
END_TEST

START_TEST(a_jpeg_is_written_and_read_again)
{
    struct error error = {0};
    struct image image = {0}, again = {0};
    uint8_t *bytes;
    size_t size;
    ck_assert_int_eq(image_read(path_of("rgb.png"), NULL, &image, &error), 0);
    ck_assert_int_eq(image_jpeg(&image, 95, &bytes, &size, &error), 0);
    ck_assert_int_eq(image_read_memory(bytes, size, "jpeg", NULL, &again, &error), 0);
    ck_assert_int_eq(again.width, image.width);
    uint64_t difference = 0;
    for (size_t i = 0; i < image_bytes(&image); i++)
        difference += (uint64_t)abs(image.rgb[i] - again.rgb[i]);
    ck_assert_uint_lt(difference, 5 * image_bytes(&image));
    memory_free(bytes);
    image_free(&image);
    image_free(&again);
}
END_TEST

static void *start_and_read(void *failed)
{
    struct error error = {0};
    struct image image = {0};
    bool started = image_library_start(&error) == 0;
    started = started && image_library_start(&error) == 0; /* again is allowed */
    if (!started || image_read(path_of(table[0].file), NULL, &image, &error))
        *(bool *)failed = true;
    image_free(&image);
    image_thread_stop();
    return NULL;
}

/* Several threads may be the first to start the library. */
static bool start_in_threads(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    bool failed[THREADS] = {false};
    bool all = true;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, start_and_read, &failed[i]))
            return false;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all = all && !failed[i];
    }
    return all;
}

int main(void)
{
    if (!start_in_threads())
        return EXIT_FAILURE;
    Suite *suite = suite_create("image");
    TCase *tests = tcase_create("image");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, pixels_are_those_of_opencv);
    tcase_add_test(tests, memory_gives_the_same_pixels);
    tcase_add_test(tests, extensions_are_those_of_the_formats);
    tcase_add_test(tests, headers_tell_the_upright_size);
    tcase_add_test(tests, strips_give_the_rows_of_the_whole);
    tcase_add_test(tests, strips_may_skip_rows_and_change_height);
    tcase_add_test(tests, a_smaller_image_reuses_memory);
    tcase_add_test(tests, avif_and_sideways_tiffs_are_read);
    tcase_add_test(tests, a_jpeg_is_written_and_read_again);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
