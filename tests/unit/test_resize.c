/* Resizing gives Pillow's pixels bit for bit, and the tensor is normalised and padded. */
#include "unit.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/resize.h"
#include "images/resize_rows.h"

static const struct {
    int32_t width, height, new_width, new_height;
    uint64_t hashes[2]; /* bilinear, bicubic */
} table[] = {
/* clang-format off */
#include "resize_table.h"
    /* clang-format on */
};

/* The generator of resize_table.py. */
static uint8_t *random_image(int32_t width, int32_t height, uint64_t seed)
{
    struct error error;
    size_t size = (size_t)width * height * 3;
    uint8_t *rgb = memory_new(size, 1, "test", &error);
    for (size_t i = 0; i < size; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        uint8_t value = (uint8_t)(seed >> 56);
        rgb[i] = seed >> 55 & 1 ? value : (uint8_t)(255 * (value >> 7));
    }
    return rgb;
}

static uint64_t fnv1a(const uint8_t *bytes, size_t size)
{
    uint64_t hash = 0xCBF29CE484222325U;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001B3U;
    return hash;
}

/* Copies rows into a block that ends with the last pixel, so that AddressSanitizer sees any access
 * beyond it, with some bytes between rows. */
static uint8_t *with_stride(const uint8_t *rgb, int32_t width, int32_t height, size_t stride)
{
    uint8_t *rows = malloc(stride * (height - 1) + (size_t)width * 3);
    for (int32_t y = 0; y < height; y++)
        memcpy(rows + stride * y, rgb + (size_t)width * 3 * y, (size_t)width * 3);
    return rows;
}

static void check_pillow(enum resize_filter filter)
{
    struct error error = {0};
    struct resize *resize = resize_new_filter(filter, &error);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int32_t width = table[i].width, height = table[i].height;
        size_t size = (size_t)table[i].new_width * table[i].new_height * 3;
        uint8_t *rgb = random_image(width, height, i + 1);
        size_t stride = (size_t)width * 3 + i % 5;
        uint8_t *rows = with_stride(rgb, width, height, stride);
        uint8_t *out = malloc(size);
        const struct image_view view = {rows, stride, width, height};
        const struct size new_size = {table[i].new_width, table[i].new_height};
        ck_assert_int_eq(resize_rgb(resize, &view, new_size, out, &error), 0);
        ck_assert_msg(fnv1a(out, size) == table[i].hashes[filter],
                      "%d x %d to %d x %d, filter %d, differs", width, height, table[i].new_width,
                      table[i].new_height, (int)filter);
        free(out);
        free(rows);
        memory_free(rgb);
    }
    resize_free(resize);
}

START_TEST(pixels_are_those_of_pillow)
{
    check_pillow(RESIZE_BILINEAR);
    check_pillow(RESIZE_BICUBIC);
}
END_TEST

static const uint8_t *row_of(void *context, int32_t y)
{
    const struct image *image = context;
    return y % 9 == 4 ? NULL : image->rgb + (size_t)image->width * 3 * (size_t)y;
}

START_TEST(rows_may_be_made)
{
    enum { LARGE = 97, SIDE = 32 };
    struct error error = {0};
    uint8_t out[2][SIDE * SIDE * 3];
    struct image image = {LARGE, LARGE, random_image(LARGE, LARGE, 5), 0};
    const struct image_view view = image_view_of(&image, (struct rect){0, 0, LARGE, LARGE});
    const struct resize_source made = {LARGE, LARGE, row_of, &image, {123, 0, 255}};
    for (int32_t y = 4; y < LARGE; y += 9)
        for (size_t i = 0; i < LARGE * (size_t)3; i++)
            image.rgb[LARGE * (size_t)3 * (size_t)y + i] = made.fill[i % 3];
    struct resize *resize = resize_new_filter(RESIZE_BICUBIC, &error);
    ck_assert_int_eq(resize_rgb(resize, &view, (struct size){SIDE, SIDE}, out[0], &error), 0);
    ck_assert_int_eq(resize_rgb_made(resize, &made, SIDE, out[1], &error), 0);
    ck_assert_mem_eq(out[0], out[1], sizeof out[0]);
    memory_free(image.rgb);
    resize_free(resize);
}
END_TEST

/* A pass with uneven weights, made by hand. */
static struct resize_pass test_pass(void)
{
    enum { OUTPUTS = 9, TAPS = 6 };
    static int32_t first[OUTPUTS], count[OUTPUTS], weights[OUTPUTS * TAPS];
    static struct resize_pair pairs[OUTPUTS * TAPS / 2];
    for (int i = 0; i < OUTPUTS; i++) {
        first[i] = 2 * i;
        count[i] = i % 5 + 1;
        int32_t left = 1 << RESIZE_FRACTION_BITS;
        for (int t = 0; t < count[i]; t++) {
            int32_t weight = t == count[i] - 1 ? left : left / (t + 2) + i;
            if (t == 0 && count[i] > 2)
                weight = -left / 4;
            left -= weight;
            weights[i * TAPS + t] = weight;
            struct resize_pair *pair = pairs + (i * TAPS + t) / 2;
            pair->low[t % 2] = (int16_t)(weight & ((1 << RESIZE_LOW_BITS) - 1));
            pair->high[t % 2] = (int16_t)(weight >> RESIZE_LOW_BITS);
        }
    }
    return (struct resize_pass){24, OUTPUTS, TAPS, true, first, count, weights, pairs, OUTPUTS};
}

START_TEST(fast_rows_are_those_of_the_reference)
{
    struct resize_pass pass = test_pass();
    uint8_t *from = random_image(pass.inputs, 1, 7);
    uint8_t fast[3 * 9 + 1], reference[3 * 9 + 1];
    for (int32_t inner = 0; inner <= pass.outputs; inner++) {
        pass.inner = inner;
        resize_across(&pass, from, fast);
        resize_across_reference(&pass, from, reference);
        ck_assert_mem_eq(fast, reference, 3 * 9);
    }
    memory_free(from);
}
END_TEST

START_TEST(longest_side_rounds_as_the_reference)
{
    static const int32_t cases[][5] = {/* width, height, size, new width, new height */
                                       {1800, 1200, 1024, 1024, 683}, {1200, 1800, 1024, 683, 1024},
                                       {800, 534, 1024, 1024, 684},   {769, 770, 1024, 1023, 1024},
                                       {1, 8000, 1024, 1, 1024},      {8000, 5, 256, 256, 1},
                                       {1, 1, 256, 256, 256},         {3, 2, 5, 5, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct size size = {cases[i][0], cases[i][1]};
        const struct size found = resize_longest_side(size, cases[i][2]);
        ck_assert_int_eq(found.width, cases[i][3]);
        ck_assert_int_eq(found.height, cases[i][4]);
    }
}
END_TEST

/* Checks resize_tensor of a crop against resize_rgb and the formula. */
static void check_tensor(struct resize *resize, const struct image *image, struct rect crop,
                         int32_t size)
{
    struct error error = {0};
    size_t plane = (size_t)size * size;
    float *tensor = malloc(3 * plane * sizeof *tensor);
    memset(tensor, 0xff, 3 * plane * sizeof *tensor);
    const struct image_view view = image_view_of(image, crop);
    struct size filled;
    ck_assert_int_eq(resize_tensor(resize, &view, size, tensor, &filled, &error), 0);
    int32_t width = filled.width, height = filled.height;
    uint8_t *pixels = malloc((size_t)width * height * 3);
    resize_rgb(resize, &view, filled, pixels, &error);
    static const float mean[3] = {123.675F, 116.28F, 103.53F};
    static const float deviation[3] = {58.395F, 57.12F, 57.375F};
    for (int c = 0; c < 3; c++)
        for (int32_t y = 0; y < size; y++)
            for (int32_t x = 0; x < size; x++) {
                float expected = 0.0F;
                if (x < width && y < height)
                    expected = (pixels[(y * width + x) * 3 + c] - mean[c]) / deviation[c];
                ck_assert_float_eq(tensor[c * plane + (size_t)y * size + x], expected);
            }
    free(pixels);
    free(tensor);
}

START_TEST(tensors_are_normalised_and_padded)
{
    struct error error = {0};
    struct resize *resize = resize_new(&error);
    struct image image = {90, 60, random_image(90, 60, 3), 0};
    check_tensor(resize, &image, (struct rect){0, 0, 90, 60}, 64);
    check_tensor(resize, &image, (struct rect){10, 5, 20, 55}, 64);
    check_tensor(resize, &image, (struct rect){89, 59, 1, 1}, 32);
    check_tensor(resize, &image, (struct rect){0, 0, 64, 48}, 64);
    memory_free(image.rgb);
    resize_free(resize);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resize");
    TCase *tests = tcase_create("resize");
    tcase_add_test(tests, pixels_are_those_of_pillow);
    tcase_add_test(tests, rows_may_be_made);
    tcase_add_test(tests, fast_rows_are_those_of_the_reference);
    tcase_add_test(tests, longest_side_rounds_as_the_reference);
    tcase_add_test(tests, tensors_are_normalised_and_padded);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
