/* Embeddings of masks as files: float16, .npy and safetensors, and what is refused. */
#include "records/embeddings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/half.h"
#include "tests/unit/unit.h"

START_TEST(every_float16_is_a_float_and_comes_back)
{
    for (uint32_t half = 0; half < 65536; half++) {
        float value = half_value((uint16_t)half);
        if (isnan(value))
            ck_assert(isnan(half_value(half_of(value))));
        else
            ck_assert_uint_eq(half_of(value), half);
    }
    ck_assert_float_eq(half_value(0x3c00), 1);
    ck_assert_float_eq(half_value(0xc000), -2);
    ck_assert_float_eq(half_value(0x0001), 0x1p-24f);
    ck_assert_float_eq(half_value(0x7bff), 65504);
}
END_TEST

/* Between any two neighbours: to the nearer, and half way to the even one. */
START_TEST(a_float_becomes_the_nearest_float16)
{
    for (uint16_t half = 0; half < 0x7bff; half++) {
        float low = half_value(half), high = half_value((uint16_t)(half + 1));
        float middle = (low + high) / 2;
        ck_assert_uint_eq(half_of(middle), half + (half & 1));
        ck_assert_uint_eq(half_of(nextafterf(middle, 0)), half);
        ck_assert_uint_eq(half_of(nextafterf(middle, INFINITY)), half + 1);
        ck_assert_uint_eq(half_of(-nextafterf(middle, 0)), half | 0x8000);
    }
    ck_assert_uint_eq(half_of(65519.99f), 0x7bff);
    ck_assert_uint_eq(half_of(65520), 0x7c00);
    ck_assert_uint_eq(half_of(-INFINITY), 0xfc00);
    ck_assert_uint_eq(half_of(0x1p-26f), 0);
}
END_TEST

static const float VALUES[6] = {0.5f, -0.25f, 1, 0, 0x1p-20f, -1};

static char *written(enum embeddings_format format, size_t count, size_t *size)
{
    struct error error;
    const struct embeddings_rows rows = {VALUES, count, 3, "crop"};
    char *bytes = embeddings_bytes(&rows, format, size, &error);
    ck_assert_ptr_nonnull(bytes);
    return bytes;
}

START_TEST(what_is_written_is_read)
{
    enum embeddings_format format = _i;
    for (size_t count = 0; count <= 2; count++) {
        struct error error;
        struct embeddings found;
        size_t size;
        char *bytes = written(format, count, &size);
        ck_assert_int_eq(embeddings_parse(&found, bytes, size, &error), 0);
        ck_assert_uint_eq(found.count, count);
        ck_assert_uint_eq(found.width, 3);
        ck_assert_str_eq(found.kind, format == EMBEDDINGS_NPY ? "" : "crop");
        for (size_t i = 0; i < 3 * count; i++)
            ck_assert_float_eq(
                half_value((uint16_t)(found.rows[2 * i] | found.rows[2 * i + 1] << 8)), VALUES[i]);
        free(bytes);
    }
}
END_TEST

static const char HEAD[] = "\x93NUMPY\x01\x00v\x00"
                           "{'descr': '<f2', 'fortran_order': False, 'shape': (1, 3), }   ";

/* numpy.save(file, numpy.array([[0.5, -0.25, 1]], "<f2")) */
START_TEST(npy_is_what_numpy_writes)
{
    size_t size;
    char *bytes = written(EMBEDDINGS_NPY, 1, &size);
    ck_assert_uint_eq(size, 128 + 6);
    ck_assert_mem_eq(bytes, HEAD, sizeof HEAD - 1);
    ck_assert_int_eq(bytes[127], '\n');
    ck_assert_mem_eq(bytes + 128, "\x00\x38\x00\xb4\x00\x3c", 6);
    free(bytes);
}
END_TEST

/* Every shorter file, and every byte of the header replaced: refused, or of a size that fits. */
START_TEST(damaged_files_are_refused)
{
    struct error error;
    struct embeddings found;
    size_t size;
    char *bytes = written(_i, 2, &size);
    for (size_t length = 0; length < size; length++) {
        char *part = malloc(length + 1);
        memcpy(part, bytes, length);
        ck_assert_int_eq(embeddings_parse(&found, part, length, &error), -1);
        ck_assert_int_eq(error.code, ERROR_RECORD);
        free(part);
    }
    for (size_t at = 0; at < size - 12; at++)
        for (int byte = 0; byte < 256; byte++) {
            char kept = bytes[at];
            bytes[at] = (char)byte;
            if (embeddings_parse(&found, bytes, size, &error) == 0) {
                ck_assert_uint_eq(found.count * found.width, 6);
                ck_assert_ptr_eq(found.rows + 12, (unsigned char *)bytes + size);
            }
            bytes[at] = kept;
        }
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embeddings");
    TCase *tests = tcase_create("embeddings");
    tcase_add_test(tests, every_float16_is_a_float_and_comes_back);
    tcase_add_test(tests, a_float_becomes_the_nearest_float16);
    tcase_add_loop_test(tests, what_is_written_is_read, EMBEDDINGS_NPY, EMBEDDINGS_SAFETENSORS + 1);
    tcase_add_test(tests, npy_is_what_numpy_writes);
    tcase_add_loop_test(tests, damaged_files_are_refused, EMBEDDINGS_NPY,
                        EMBEDDINGS_SAFETENSORS + 1);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
