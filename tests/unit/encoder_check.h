/* encoder_check.h - compares an image encoder with its reference, on a small model in memory. */
#ifndef TESTS_UNIT_ENCODER_CHECK_H
#define TESTS_UNIT_ENCODER_CHECK_H

#include <math.h>

#include "base/error.h"
#include "base/isa.h"
#include "model/checkpoint/checkpoint.h"
#include "model/encoder.h"
#include "tests/reference/encoder_reference.h"
#include "tests/unit/small_model.h"

/* What an encoder writes, in one block: the embedding, then the features of high resolution if it has
 * some. */
struct result {
    float *block;       /* owned */
    size_t part, parts; /* floats of a quarter of the block; 1 (the embedding alone) or 4 of them */
};

static inline struct checkpoint *open_bytes(const unsigned char *bytes, size_t size)
{
    struct error error;
    struct checkpoint *checkpoint;
    ck_assert_int_eq(checkpoint_open_memory(&checkpoint, bytes, size, "small", &error), 0);
    return checkpoint;
}

/* A fixed random image[3][S][S]. */
static inline float *make_input(int image_size)
{
    size_t pixels = 3 * (size_t)image_size * (size_t)image_size;
    float *input = malloc(pixels * sizeof *input);
    ck_assert_ptr_nonnull(input);
    struct small_model random = {.state = 3};
    for (size_t i = 0; i < pixels; i++)
        input[i] = 2 * small_model_random(&random);
    return input;
}

static inline struct result make_result(const struct encoder_info *info)
{
    size_t grid = (size_t)info->grid;
    struct result result = {.part = (size_t)info->embed_dim * grid * grid,
                            .parts = info->high_resolution ? 4 : 1};
    result.block = malloc(result.parts * result.part * sizeof(float));
    ck_assert_ptr_nonnull(result.block);
    return result;
}

/* high[0] is twice as large as the embedding, and high[1] as large. */
static inline struct encoding encoding_of(const struct result *result)
{
    struct encoding encoding = {.embedding = result->block};
    if (result->parts > 1) {
        encoding.high[0] = result->block + result->part;
        encoding.high[1] = result->block + 3 * result->part;
    }
    return encoding;
}

static inline struct result encode(const unsigned char *bytes, size_t size,
                                   const struct sam_options *options, int threads)
{
    struct error error;
    struct checkpoint *checkpoint = open_bytes(bytes, size);
    struct encoder *encoder = NULL;
    ck_assert_msg(encoder_load(&encoder, checkpoint, options, &error) == 0, "%s", error.text);
    struct encoder_info info = *encoder_info(encoder);
    struct result result = make_result(&info);
    float *input = make_input(info.image_size);
    struct sam_encoder *scratch = encoder_scratch_new(encoder, 5, &error);
    ck_assert_ptr_nonnull(scratch);
    const struct encoding to = encoding_of(&result);
    for (int run = 0; run < 2; run++) /* the second finds what the first left in the scratch */
        encoder_run(encoder, scratch, input, threads, &to);
    sam_encoder_free(scratch);
    encoder_free(encoder);
    checkpoint_close(checkpoint);
    free(input);
    return result;
}

/* The same by the reference. */
static inline struct result encode_by_reference(const unsigned char *bytes, size_t size,
                                                int image_size)
{
    struct error error;
    struct checkpoint *checkpoint = open_bytes(bytes, size);
    struct encoder *encoder = NULL;
    struct sam_options options = {.image_size = image_size};
    ck_assert_msg(encoder_load(&encoder, checkpoint, &options, &error) == 0, "%s", error.text);
    struct encoder_info info = *encoder_info(encoder);
    encoder_free(encoder);
    checkpoint_close(checkpoint);

    struct result result = make_result(&info);
    float *input = make_input(info.image_size);
    checkpoint = open_bytes(bytes, size);
    const struct encoding to = encoding_of(&result);
    int status = encoder_reference(checkpoint, info.image_size, input, &to, &error);
    ck_assert_msg(status == 0, "%s", error.text);
    checkpoint_close(checkpoint);
    free(input);
    return result;
}

static inline double relative_difference(size_t count, const float *is, const float *want)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        difference += ((double)is[i] - want[i]) * ((double)is[i] - want[i]);
        norm += (double)want[i] * want[i];
    }
    return sqrt(difference / norm);
}

/* One thread and five, which share windows where there are few, give the same bits, and those are
 * near `want`, in each part of the block. */
static inline void expect_near(const unsigned char *bytes, size_t size,
                               const struct sam_options *options, const float *want,
                               double tolerance)
{
    struct result one = encode(bytes, size, options, 1), five = encode(bytes, size, options, 5);
    ck_assert_int_eq(memcmp(one.block, five.block, one.parts * one.part * sizeof(float)), 0);
    for (size_t i = 0; i < one.parts; i++) {
        double off = relative_difference(one.part, one.block + i * one.part, want + i * one.part);
        ck_assert_msg(off < tolerance, "part %zu of %zu: relative difference %g", i, one.parts,
                      off);
    }
    free(one.block);
    free(five.block);
}

/* On every instruction set. `image_size` is 0 if the tensors show it. */
static inline void expect_reference(const unsigned char *bytes, size_t size, int image_size)
{
    struct sam_options options = {.image_size = image_size};
    struct result want = encode_by_reference(bytes, size, image_size);
    for (enum isa isa = ISA_GENERIC; isa <= isa_best(); isa++) {
        setenv("MASKMILL_ISA", isa_name(isa), 1);
        expect_near(bytes, size, &options, want.block, 3e-6);
        unsetenv("MASKMILL_ISA");
    }
    free(want.block);
}

/* The model cannot be loaded, and the message has `text`. Frees the bytes. */
static inline void expect_bytes_refused(unsigned char *bytes, size_t size, int image_size,
                                        const char *text)
{
    struct error error;
    struct checkpoint *checkpoint;
    struct encoder *encoder = NULL;
    struct sam_options options = {.image_size = image_size};
    ck_assert_int_eq(checkpoint_open_memory(&checkpoint, bytes, size, "small", &error), 0);
    ck_assert_int_eq(encoder_load(&encoder, checkpoint, &options, &error), -1);
    ck_assert_int_eq(error.code, ERROR_MODEL);
    ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
    ck_assert_ptr_null(encoder);
    checkpoint_close(checkpoint);
    free(bytes);
}

#endif
