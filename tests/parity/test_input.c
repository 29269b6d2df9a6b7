/* From a file to the model's input, against the official code: decoding, resizing, normalising. */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image.h"
#include "images/resize.h"
#include "model/checkpoint/checkpoint.h"

static const float pixel_mean[3] = {123.675f, 116.28f, 103.53f};
static const float pixel_std[3] = {58.395f, 57.12f, 57.375f};
static const char *const names[] = {"enlarged", "shrunk", "tall"};
enum { NAMES = sizeof names / sizeof names[0], SIDE = 256 };

static void load_resized(struct checkpoint **dump, const float **rgb, const char *name,
                         struct shape *shape)
{
    struct error error;
    ck_assert_msg(!checkpoint_open(dump, "tests/parity/dumps/inputs.safetensors", &error), "%s",
                  error.text);
    ck_assert(checkpoint_shape(*dump, name, shape));
    *rgb = checkpoint_tensor(*dump, name, *shape, &error);
    ck_assert_msg(*rgb != NULL, "%s", error.text);
}

static void load_image(struct image *image, const char *name)
{
    struct error error;
    char path[64];
    snprintf(path, sizeof path, "tests/parity/images/%s.png", name);
    ck_assert_msg(!image_read(path, NULL, image, &error), "%s", error.text);
}

/* Every value of the tensor is the one that follows from the reference's 8-bit pixel, and the
 * padding is zero. */
START_TEST(input_equals_the_reference)
{
    struct checkpoint *dump;
    struct shape shape;
    const float *rgb;
    load_resized(&dump, &rgb, names[_i], &shape);
    struct image image = {0};
    load_image(&image, names[_i]);

    struct error error;
    struct resize *resize = resize_new(&error);
    float *tensor = memory_new(3 * SIDE * SIDE, sizeof *tensor, "input", &error);
    ck_assert(resize && tensor);
    struct rect whole = {0, 0, image.width, image.height};
    const struct image_view view = image_view_of(&image, whole);
    struct size filled;
    ck_assert(!resize_tensor(resize, &view, SIDE, tensor, &filled, &error));
    ck_assert_int_eq(filled.height, shape.size[0]);
    ck_assert_int_eq(filled.width, shape.size[1]);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++) {
                float is = tensor[(c * SIDE + y) * SIDE + x], should = 0;
                if (x < filled.width && y < filled.height)
                    should = (rgb[(y * filled.width + x) * 3 + c] - pixel_mean[c]) / pixel_std[c];
                ck_assert_msg(fabsf(is - should) < 1e-5f, "plane %d, (%d, %d): %g, expected %g", c,
                              x, y, is, should);
            }
    memory_free(tensor);
    resize_free(resize);
    image_free(&image);
    checkpoint_close(dump);
}
END_TEST

int main(void)
{
    struct error error;
    if (image_library_start(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("parity of the input");
    TCase *tests = tcase_create("input");
    tcase_add_loop_test(tests, input_equals_the_reference, 0, NAMES);
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    image_library_stop();
    return status;
}
