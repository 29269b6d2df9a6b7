/* SAM 2's input against its own transform. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "images/image.h"
#include "images/resize_square.h"
#include "resize_square_table.h"

/* The generator of resize_table.py. Rows lie `stride` bytes apart; the block ends with the last
 * pixel, so that AddressSanitizer sees any access beyond it. */
static uint8_t *random_rows(int32_t width, int32_t height, size_t stride, uint64_t seed)
{
    size_t row = (size_t)width * 3;
    uint8_t *rows = malloc(stride * (size_t)(height - 1) + row);
    for (int32_t y = 0; y < height; y++)
        for (size_t x = 0; x < row; x++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            uint8_t value = (uint8_t)(seed >> 56);
            rows[stride * (size_t)y + x] = seed >> 55 & 1 ? value : (uint8_t)(255 * (value >> 7));
        }
    return rows;
}

START_TEST(tensors_are_those_of_sam2)
{
    const struct square_case *c = &square_cases[_i];
    struct error error = {0};
    size_t size = 3 * (size_t)c->side * (size_t)c->side;
    size_t stride = 3 * (size_t)c->width + (size_t)_i % 5;
    uint8_t *rows = random_rows(c->width, c->height, stride, (uint64_t)_i + 1);
    float *tensor = malloc(size * sizeof *tensor);
    const struct image_view view = {rows, stride, c->width, c->height};
    double squares = 0;
    memset(tensor, 0xff, size * sizeof *tensor);
    ck_assert_int_eq(resize_square(&view, c->side, tensor, &error), 0);
    for (size_t i = 0; i < size; i++)
        squares += (double)tensor[i] * (double)tensor[i];
    ck_assert_double_eq_tol(squares, c->squares, 1e-6 * c->squares);
    for (int v = 0; v < SQUARE_VALUES; v++)
        ck_assert_float_eq_tol(tensor[c->values[v].at], c->values[v].is, 2e-6f);
    free(tensor);
    free(rows);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resize_square");
    TCase *tests = tcase_create("resize_square");
    tcase_add_loop_test(tests, tensors_are_those_of_sam2, 0,
                        sizeof square_cases / sizeof *square_cases);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
