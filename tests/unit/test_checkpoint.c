/* Checkpoints that are sound: every layout gives the same tensors, and the checks of names, shapes
 * and left-over tensors say what is wrong. */
#include "unit.h"

#include <math.h>
#include <unistd.h>

#include "checkpoint_files.h"

#define DATA "tests/data/checkpoint/"

static const float a[6] = {-0.5f, -0.25f, 0, 0.25f, 0.5f, 0.75f};
static const float b[4] = {1.5f, -2, 0.25f, 1024};
static const float scalar[1] = {7};

static void check_tensor(struct checkpoint *checkpoint, const char *name, struct shape shape,
                         const float *expected, int count)
{
    struct error error = {0};
    const float *tensor = checkpoint_tensor(checkpoint, name, shape, &error);
    ck_assert_msg(tensor != NULL, "%s", error.text);
    for (int i = 0; i < count; i++)
        ck_assert_float_eq(tensor[i], expected[i]);
    ck_assert_ptr_eq(checkpoint_tensor(checkpoint, name, shape, &error), tensor);
}

static const struct {
    const char *path, *format, *dtype;
} sound[] = {
    {DATA "zip.pth", "PyTorch zip", "F32"},
    {DATA "zip-protocol4.pth", "PyTorch zip", "F32"},
    {DATA "zip-half.pth", "PyTorch zip", "F16"},
    {DATA "zip-bf16.pth", "PyTorch zip", "BF16"},
    {DATA "zip-parameters.pth", "PyTorch zip", "F32"},
    {DATA "zip-wrapped.pth", "PyTorch zip", "F32"},
    {DATA "zip-wrapped-twice.pth", "PyTorch zip", "F32"},
    {DATA "zip-shared.pth", "PyTorch zip", "F32"},
    {DATA "zip-strided.pth", "PyTorch zip", "F32"},
    {DATA "zip-buffer.pth", "PyTorch zip", "F32"},
    {DATA "torchscript.pth", "TorchScript", "F32"},
    {DATA "legacy.pth", "PyTorch legacy", "F32"},
    {DATA "legacy-half.pth", "PyTorch legacy", "F16"},
    {DATA "legacy-parameters.pth", "PyTorch legacy", "F32"},
    {DATA "plain.safetensors", "safetensors", "F32"},
    {DATA "mixed.safetensors", "safetensors", "mixed"},
};

START_TEST(every_layout_gives_the_same_tensors)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    ck_assert_msg(!checkpoint_open(&checkpoint, sound[_i].path, &error), "%s", error.text);
    check_tensor(checkpoint, "a", shape_2d(2, 3), a, 6);
    check_tensor(checkpoint, "b", shape_1d(4), b, 4);
    check_tensor(checkpoint, "scalar", (struct shape){0}, scalar, 1);
    ck_assert_msg(!checkpoint_check_unused(checkpoint, &error), "%s", error.text);
    struct checkpoint_summary summary = checkpoint_summary(checkpoint);
    ck_assert_str_eq(summary.format, sound[_i].format);
    ck_assert_str_eq(summary.dtype, sound[_i].dtype);
    ck_assert_uint_eq(summary.parameters, 11);
    ck_assert_uint_eq(summary.tensors, 3);
    checkpoint_close(checkpoint);
}
END_TEST

static const char mixed_header[] =
    "{\"__metadata__\":{\"image_size\":\"256\",\"note\":\"x\"},"
    "\"half\":{\"dtype\":\"F16\",\"shape\":[2,3],\"data_offsets\":[16,28]},"
    "\"brain\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[28,32]},"
    "\"plain\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]},"
    "\"bn.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[32,40]},"
    "\"none\":{\"dtype\":\"F8_E4M3\",\"shape\":[0],\"data_offsets\":[40,40]}}";

static void make_mixed(struct bytes *bytes)
{
    struct bytes *data = calloc(1, sizeof *data);
    /* 1, -0, smallest subnormal 2^-24, largest 65504, 2^-14, -1.5 */
    const uint16_t half[] = {0x3c00, 0x8000, 0x0001, 0x7bff, 0x0400, 0xbe00};
    bytes_add(data, b, sizeof b);
    for (int i = 0; i < 6; i++)
        bytes_add_little(data, half[i], 2);
    bytes_add_little(data, 0x3fc0, 2); /* 1.5 */
    bytes_add_little(data, 0xc2f7, 2); /* -123.5 */
    bytes_add_little(data, 9, 8);
    bytes_set_safetensors(bytes, mixed_header, data->data, data->size);
    free(data);
}

START_TEST(safetensors_of_mixed_dtypes_are_read)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    struct bytes *bytes = calloc(1, sizeof *bytes);
    make_mixed(bytes);
    ck_assert_msg(!checkpoint_open_memory(&checkpoint, bytes->data, bytes->size, "m", &error), "%s",
                  error.text);
    const float half[] = {1, -0.0f, 0x1p-24f, 65504, 0x1p-14f, -1.5f};
    const float brain[] = {1.5f, -123.5f};
    check_tensor(checkpoint, "half", shape_2d(2, 3), half, 6);
    check_tensor(checkpoint, "brain", shape_1d(2), brain, 2);
    check_tensor(checkpoint, "plain", shape_1d(4), b, 4);
    ck_assert(signbit(checkpoint_tensor(checkpoint, "half", shape_2d(2, 3), &error)[1]));
    ck_assert_str_eq(checkpoint_summary(checkpoint).dtype, "mixed");
    ck_assert_str_eq(checkpoint_metadata(checkpoint, "image_size"), "256");
    ck_assert_ptr_null(checkpoint_metadata(checkpoint, "image"));
    const char *key, *value;
    ck_assert(checkpoint_metadata_at(checkpoint, 1, &key, &value));
    ck_assert(!checkpoint_metadata_at(checkpoint, 2, &key, &value));
    checkpoint_close(checkpoint);
    free(bytes);
}
END_TEST

START_TEST(f32_is_used_where_it_lies_and_can_be_asked_for_again)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    float data[5] = {0, 1, 2, 3, 4};
    int in_place = 0;
    for (int spaces = 0; spaces < 4; spaces++) { /* behind the header: they move the numbers */
        char header[100];
        snprintf(header, sizeof header,
                 "{\"t\":{\"dtype\":\"F32\",\"shape\":[5],\"data_offsets\":[0,20]}}%*s", spaces,
                 "");
        struct bytes *bytes = calloc(1, sizeof *bytes);
        bytes_set_safetensors(bytes, header, data, sizeof data);
        const unsigned char *place = bytes->data + bytes->size - sizeof data;
        ck_assert(!checkpoint_open_memory(&checkpoint, bytes->data, bytes->size, "m", &error));
        const float *tensor = checkpoint_tensor(checkpoint, "t", shape_1d(5), &error);
        in_place += (const void *)tensor == (const void *)place;
        check_tensor(checkpoint, "t", shape_1d(5), data, 5);
        checkpoint_release(checkpoint, "t");
        checkpoint_release(checkpoint, "t");
        check_tensor(checkpoint, "t", shape_1d(5), data, 5);
        checkpoint_close(checkpoint);
        free(bytes);
    }
    ck_assert_int_eq(in_place, 1);
}
END_TEST

START_TEST(a_tensor_that_is_not_as_expected_is_named)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    struct bytes *bytes = calloc(1, sizeof *bytes);
    make_mixed(bytes);
    ck_assert(!checkpoint_open_memory(&checkpoint, bytes->data, bytes->size, "m.st", &error));
    ck_assert_ptr_null(checkpoint_tensor(checkpoint, "half", shape_2d(3, 2), &error));
    ck_assert_str_eq(error.text, "m.st: tensor half is [2,3], expected [3,2]");
    ck_assert_int_eq(error.code, ERROR_MODEL);
    ck_assert_ptr_null(checkpoint_tensor(checkpoint, "full", shape_2d(3, 2), &error));
    ck_assert_str_eq(error.text, "m.st: tensor full is missing, expected with shape [3,2]");
    ck_assert_ptr_null(
        checkpoint_tensor(checkpoint, "bn.num_batches_tracked", (struct shape){0}, &error));
    ck_assert_str_eq(error.text, "m.st: tensor bn.num_batches_tracked has dtype I64, expected F32, "
                                 "F16, BF16 or F64");
    struct shape shape;
    ck_assert(checkpoint_shape(checkpoint, "half", &shape));
    ck_assert_int_eq(shape.rank, 2);
    ck_assert_int_eq(shape.size[1], 3);
    ck_assert(!checkpoint_shape(checkpoint, "full", &shape));
    checkpoint_close(checkpoint);
    free(bytes);
}
END_TEST

START_TEST(tensors_without_a_use_are_refused)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    ck_assert(!checkpoint_open(&checkpoint, DATA "zip-buffer.pth", &error));
    const float *tensors[2];
    const struct checkpoint_want wants[] = {{&tensors[0], "a", shape_2d(2, 3)},
                                            {&tensors[1], "b", shape_1d(4)}};
    ck_assert(!checkpoint_tensors(checkpoint, "", wants, 2, &error));
    ck_assert_float_eq(tensors[1][1], -2);
    ck_assert_int_eq(checkpoint_check_unused(checkpoint, &error), -1);
    ck_assert_str_eq(error.text, DATA "zip-buffer.pth: unexpected architecture: 1 unknown tensors, "
                                      "first scalar");
    ck_assert_int_eq(checkpoint_tensors(checkpoint, "x.", wants, 2, &error), -1);
    ck_assert_str_eq(error.text, DATA "zip-buffer.pth: tensor x.a is missing, expected with "
                                      "shape [2,3]");
    checkpoint_close(checkpoint);
}
END_TEST

/* tests/data/sharded has two shards, which share out these tensors; the matrix is in both. */
static const struct {
    const char *own, *official;
    int size;
    float first;
} translated[] = {
    {"vision_encoder.pos_embed", "image_encoder.pos_embed", 2, 1},
    {"prompt_encoder.shared_embedding.positional_embedding",
     "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", 3, 3},
    {"vision_encoder.layers.11.layer_norm2.bias", "image_encoder.blocks.11.norm2.bias", 1, 6},
    {"mask_decoder.iou_prediction_head.layers.0.bias",
     "mask_decoder.iou_prediction_head.layers.1.bias", 1, 7},
    {"mask_decoder.iou_token.weight", "mask_decoder.iou_token.weight", 1, 8},
};

START_TEST(shards_with_names_of_transformers_are_one_checkpoint)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    char text[CHECKPOINT_NAME_SIZE];
    ck_assert_msg(!checkpoint_open(&checkpoint, "tests/data/sharded", &error), "%s", error.text);
    for (size_t i = 0; i < sizeof translated / sizeof *translated; i++) {
        const char *name = translated[i].official;
        const float *tensor =
            checkpoint_tensor(checkpoint, name, shape_1d(translated[i].size), &error);
        ck_assert_msg(tensor != NULL, "%s", error.text);
        ck_assert_float_eq(tensor[0], translated[i].first);
        ck_assert_str_eq(checkpoint_own_name(checkpoint, name, text), translated[i].own);
    }
    ck_assert_msg(!checkpoint_check_unused(checkpoint, &error), "%s", error.text);
    const struct checkpoint_summary summary = checkpoint_summary(checkpoint);
    ck_assert_uint_eq(summary.files, 2);
    ck_assert_uint_eq(summary.tensors, 5);
    ck_assert_str_eq(summary.naming, "transformers");
    /* What is not there is called as the file would. */
    ck_assert_str_eq(checkpoint_own_name(checkpoint,
                                         "mask_decoder.output_hypernetworks_mlps.3.layers.2.bias",
                                         text),
                     "mask_decoder.output_hypernetworks_mlps.3.proj_out.bias");
    ck_assert_str_eq(checkpoint_own_name(checkpoint, "image_encoder.blocks.x.norm1.bias", text),
                     "image_encoder.blocks.x.norm1.bias");
    size_t size;
    ck_assert_ptr_nonnull(checkpoint_bytes(checkpoint, 1, &size));
    ck_assert_ptr_null(checkpoint_bytes(checkpoint, 2, &size));
    checkpoint_close(checkpoint);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tests = tcase_create("checkpoint");
    tcase_add_loop_test(tests, every_layout_gives_the_same_tensors, 0,
                        sizeof sound / sizeof *sound);
    tcase_add_test(tests, safetensors_of_mixed_dtypes_are_read);
    tcase_add_test(tests, f32_is_used_where_it_lies_and_can_be_asked_for_again);
    tcase_add_test(tests, a_tensor_that_is_not_as_expected_is_named);
    tcase_add_test(tests, tensors_without_a_use_are_refused);
    tcase_add_test(tests, shards_with_names_of_transformers_are_one_checkpoint);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
