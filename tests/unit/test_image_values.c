/* Label maps: the numbers that a PNG stores, whatever its kind; the table is what Pillow reads. */
#include "unit.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "images/image.h"

static const struct image_options values = {.depth = IMAGE_VALUES};

/* File, and FNV-1a of its numbers in three bytes each, the low one first. */
static const struct {
    const char *file;
    uint64_t hash;
} table[] = {
    {"gray.png", 0x0e199ab3efbfc130U},    {"gray_alpha.png", 0x0e199ab3efbfc130U},
    {"palette.png", 0xff1c5853a87bab7aU}, {"palette2.png", 0x2af8b6910b8a42f6U},
    {"bit.png", 0x373d913c91fdabceU},     {"palette_transparent.png", 0x11ec0ff8e8456026U},
    {"gray2.png", 0x3ca33045729601c1U},   {"gray4.png", 0x4dd9b95eb2c22238U},
    {"gray16.png", 0xfd1fe601d831a209U},  {"rgb.png", 0x05a26b312d8a2b2cU},
    {"rgba.png", 0x05a26b312d8a2b2cU},    {"interlaced.png", 0x05a26b312d8a2b2cU},
};

static int read_file(const char *file, struct image *image, struct error *error)
{
    char path[256];
    snprintf(path, sizeof path, "tests/data/images/%s", file);
    return image_read(path, &values, image, error);
}

START_TEST(numbers_are_those_stored)
{
    struct image image = {0};
    struct error error = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ck_assert_msg(read_file(table[i].file, &image, &error) == 0, "%s", error.text);
        uint64_t hash = 0xCBF29CE484222325U;
        for (size_t b = 0; b < (size_t)image.width * (size_t)image.height * 3; b++)
            hash = (hash ^ image.rgb[b]) * 0x100000001B3U;
        ck_assert_msg(hash == table[i].hash, "%s: %016llx", table[i].file,
                      (unsigned long long)hash);
    }
    image_free(&image);
}
END_TEST

START_TEST(what_is_no_label_map_is_refused)
{
    struct image image = {0};
    struct error error = {0};
    ck_assert_int_eq(read_file("rgb444.jpg", &image, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    ck_assert_ptr_nonnull(strstr(error.text, "label maps are PNG files, and this is JPEG"));
    ck_assert_int_eq(read_file("rgb16.png", &image, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "colours of 16 bits"));
    image_free(&image);
}
END_TEST

/* Damage of any byte before the pixels is refused or harmless: the palette's checksum is not made right. */
START_TEST(damage_stays_damage)
{
    static uint8_t bytes[1 << 16];
    struct image image = {0}, whole = {0};
    struct error error = {0};
    FILE *file = fopen("tests/data/images/palette.png", "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    ck_assert_int_eq(image_read_memory(bytes, size, "a", &values, &whole, &error), 0);
    for (size_t i = 8; i < 900 && i < size; i++) {
        bytes[i] ^= 1;
        if (image_read_memory(bytes, size, "a", &values, &image, &error) == 0) {
            ck_assert_int_eq(image.width, whole.width);
            ck_assert_mem_eq(image.rgb, whole.rgb, (size_t)whole.width * (size_t)whole.height * 3);
        }
        bytes[i] ^= 1;
    }
    bytes[24] ^= 2; /* the depth, in a header whose checksum is wrong then */
    ck_assert_int_eq(image_read_memory(bytes, size, "a", &values, &image, &error), -1);
    image_free(&image);
    image_free(&whole);
}
END_TEST

int main(void)
{
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("image_values");
    TCase *tests = tcase_create("image_values");
    tcase_add_test(tests, numbers_are_those_stored);
    tcase_add_test(tests, what_is_no_label_map_is_refused);
    tcase_add_test(tests, damage_stays_damage);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
