/* The built-in model is the file in the tree, byte for byte, and a sound checkpoint. */
#include "unit.h"

#include "checkpoint_files.h"
#include "model/builtin.h"
#include "model/sam.h"

START_TEST(the_built_in_model_is_the_file)
{
    size_t file_size;
    unsigned char *file = bytes_load("model/builtin.safetensors", &file_size);
    ck_assert_uint_eq(builtin_model_size, file_size);
    ck_assert(memcmp(builtin_model, file, file_size) == 0);
    ck_assert_uint_eq((uintptr_t)builtin_model % 4096, 0);
    free(file);
}
END_TEST

START_TEST(the_built_in_model_is_a_checkpoint_with_its_defaults)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    ck_assert_msg(
        !checkpoint_open_memory(&checkpoint, builtin_model, builtin_model_size, "built-in", &error),
        "%s", error.text);
    ck_assert(checkpoint_shape(checkpoint, "mask_decoder.iou_token.weight", NULL));
    ck_assert_ptr_nonnull(checkpoint_metadata(checkpoint, "image_size"));
    ck_assert_ptr_nonnull(checkpoint_metadata(checkpoint, "pred_iou_thresh"));
    checkpoint_close(checkpoint);
}
END_TEST

/* Input that overflows: an error for this image, not masks of noise. */
START_TEST(an_embedding_that_is_not_finite_is_refused)
{
    struct error error = {0};
    struct sam *sam;
    const struct sam_options options = {.image_size = 224}; /* fast */
    ck_assert_int_eq(
        sam_load_memory(&sam, builtin_model, builtin_model_size, "built-in", &options, &error), 0);
    struct sam_encoder *encoder = sam_encoder_new(sam, 1, &error);
    struct sam_image *image = sam_image_new(sam, &error);
    size_t side = (size_t)sam_info(sam)->image_size;
    float *input = malloc(3 * side * side * sizeof(float));
    ck_assert(encoder && image && input);
    for (size_t i = 0; i < 3 * side * side; i++)
        input[i] = i % 2 ? 3e38f : -3e38f;
    ck_assert_int_eq(sam_encode(sam, encoder, input, 1, image, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IMAGE);
    free(input);
    sam_image_free(image);
    sam_encoder_free(encoder);
    sam_free(sam);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("builtin");
    TCase *tests = tcase_create("builtin");
    tcase_add_test(tests, the_built_in_model_is_the_file);
    tcase_add_test(tests, the_built_in_model_is_a_checkpoint_with_its_defaults);
    tcase_add_test(tests, an_embedding_that_is_not_finite_is_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
