/* Checkpoints as training scripts write them: the weights lie beside other things, under a prefix,
 * or both. */
#include "unit.h"

#include "checkpoint_files.h"

#define POS "image_encoder.pos_embed"

/* A dictionary that begins; its entries follow, then bytes_add_end. */
static void begin_dict(struct bytes *pickle, const char *key)
{
    if (key)
        bytes_add_key(pickle, key);
    bytes_add_text(pickle, "}(");
}

static void end_dict(struct bytes *pickle)
{
    bytes_add_text(pickle, "u");
}

static void add_tensor(struct bytes *pickle, const char *name)
{
    bytes_add_key(pickle, name);
    bytes_add_tensor_call(pickle, 4, 0, 4);
}

/* Opens the pickle that was written, and adds its last opcode. */
static struct checkpoint *open_pickle(struct bytes *pickle)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    struct error error = {0};
    struct checkpoint *checkpoint;
    bytes_add_text(pickle, ".");
    bytes_set_pth(bytes, pickle->data, pickle->size);
    int failed = bytes_open(bytes->data, bytes->size, &checkpoint, &error);
    ck_assert_msg(!failed, "%s", error.text);
    free(bytes);
    pickle->size = 0;
    return checkpoint;
}

/* Opens the pickle, whose tensors must be `pos` alone, there. */
static void check_found(struct bytes *pickle, const char *inside, const char *prefix)
{
    struct error error = {0};
    struct checkpoint *checkpoint = open_pickle(pickle);
    const struct checkpoint_summary summary = checkpoint_summary(checkpoint);
    ck_assert_str_eq(summary.inside, inside);
    ck_assert_str_eq(summary.prefix, prefix);
    ck_assert_ptr_nonnull(checkpoint_tensor(checkpoint, POS, shape_1d(4), &error));
    ck_assert_msg(!checkpoint_check_unused(checkpoint, &error), "%s", error.text);
    checkpoint_close(checkpoint);
}

static const struct {
    const char *first, *second; /* keys around the weights, NULL: one level */
    const char *inside;
} places[] = {
    {"model", NULL, "model"},
    {"state_dict", NULL, "state_dict"},
    {"model_state", NULL, "model_state"},
    {"model_state_dict", NULL, "model_state_dict"},
    {"ema", NULL, "ema"},
    {"net", NULL, "net"},
    {"checkpoint", "model", "checkpoint.model"},
    {"ema", "state_dict", "ema.state_dict"},
};

START_TEST(the_encoder_is_found_beside_other_tensors)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    begin_dict(pickle, NULL);
    add_tensor(pickle, "loss");
    begin_dict(pickle, places[_i].first);
    if (places[_i].second) {
        add_tensor(pickle, "decay");
        begin_dict(pickle, places[_i].second);
    }
    add_tensor(pickle, POS);
    end_dict(pickle);
    if (places[_i].second)
        end_dict(pickle);
    begin_dict(pickle, "optimizer");
    add_tensor(pickle, "exp_avg");
    end_dict(pickle);
    end_dict(pickle);
    check_found(pickle, places[_i].inside, "");
    free(pickle);
}
END_TEST

/* Each encoder's first tensor, as its authors and transformers call it. */
static const char *const encoders[] = {
    "image_encoder.pos_embed",
    "vision_encoder.pos_embed",
    "image_encoder.patch_embed.seq.0.c.weight",
    "image_encoder.trunk.pos_embed",
    "vision_encoder.backbone.pos_embed",
    "image_encoder.features.0.0.c.weight",
    "image_encoder.trunk.body.stem.conv1.c.weight",
    "image_encoder.backbone.stages.0.op_list.0.conv.weight",
    "prompt_encoder.bbox_top_left_embeddings.weight",
};

START_TEST(every_encoder_is_found_under_a_key_and_a_prefix)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    char name[100];
    begin_dict(pickle, NULL);
    begin_dict(pickle, "another");
    add_tensor(pickle, "decay");
    end_dict(pickle);
    begin_dict(pickle, "weights");
    snprintf(name, sizeof name, "module.%s", encoders[_i]);
    add_tensor(pickle, name);
    end_dict(pickle);
    end_dict(pickle);
    struct checkpoint *checkpoint = open_pickle(pickle);
    ck_assert_str_eq(checkpoint_summary(checkpoint).inside, "weights");
    ck_assert_str_eq(checkpoint_summary(checkpoint).prefix, "module.");
    checkpoint_close(checkpoint);
    free(pickle);
}
END_TEST

START_TEST(of_several_encoders_the_one_under_the_usual_name_is_taken)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    static const char *const keys[] = {"ema", "teacher", "state_dict", "model"};
    for (int count = 1; count <= 4; count++) {
        begin_dict(pickle, NULL);
        for (int i = 0; i < count; i++) {
            begin_dict(pickle, keys[i]);
            add_tensor(pickle, POS);
            end_dict(pickle);
        }
        end_dict(pickle);
        check_found(pickle, keys[count - 1], "");
    }
    free(pickle);
}
END_TEST

START_TEST(a_prefix_that_all_tensors_share_is_dropped)
{
    static const char *const prefixes[] = {
        "module.", "_orig_mod.", "model.", "sam.", "module._orig_mod.", "net.sam.", "student.",
    };
    struct bytes *pickle = calloc(1, sizeof *pickle);
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        char name[100];
        begin_dict(pickle, NULL);
        snprintf(name, sizeof name, "%spixel_mean", prefixes[i]);
        add_tensor(pickle, name);
        snprintf(name, sizeof name, "%s" POS, prefixes[i]);
        add_tensor(pickle, name);
        add_tensor(pickle, "n_averaged");
        end_dict(pickle);
        check_found(pickle, "", prefixes[i]);
    }
    free(pickle);
}
END_TEST

START_TEST(other_names_stay_as_they_are)
{
    static const char *const names[][2] = {{"my" POS, "model.a"}, {"model." POS, POS}};
    struct bytes *pickle = calloc(1, sizeof *pickle);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        begin_dict(pickle, NULL);
        add_tensor(pickle, names[i][0]);
        add_tensor(pickle, names[i][1]);
        end_dict(pickle);
        struct checkpoint *checkpoint = open_pickle(pickle);
        ck_assert(checkpoint_shape(checkpoint, names[i][0], NULL));
        ck_assert(checkpoint_shape(checkpoint, names[i][1], NULL));
        ck_assert_str_eq(checkpoint_summary(checkpoint).prefix, "");
        checkpoint_close(checkpoint);
    }
    free(pickle);
}
END_TEST

START_TEST(a_tensor_without_the_prefix_is_named)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    struct error error = {0};
    begin_dict(pickle, NULL);
    add_tensor(pickle, "model." POS);
    add_tensor(pickle, "loss.weight");
    end_dict(pickle);
    struct checkpoint *checkpoint = open_pickle(pickle);
    ck_assert_ptr_nonnull(checkpoint_tensor(checkpoint, POS, shape_1d(4), &error));
    ck_assert_int_eq(checkpoint_check_unused(checkpoint, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "1 unknown tensors, first loss.weight"));
    checkpoint_close(checkpoint);
    free(pickle);
}
END_TEST

START_TEST(a_prefix_is_dropped_in_safetensors_too)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    struct error error = {0};
    struct checkpoint *checkpoint;
    bytes_set_safetensors(
        bytes, "{\"sam." POS "\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}",
        (const float[4]){0}, 16);
    ck_assert(!bytes_open(bytes->data, bytes->size, &checkpoint, &error));
    ck_assert(checkpoint_shape(checkpoint, POS, NULL));
    ck_assert_str_eq(checkpoint_summary(checkpoint).prefix, "sam.");
    checkpoint_close(checkpoint);
    free(bytes);
}
END_TEST

#define PICKLE(text) text, sizeof text - 1

/* Values beside the weights that PyTorch's weights_only reader takes, and NumPy's. */
static const struct {
    const char *pickle;
    size_t size;
} values[] = {
    {PICKLE("\x8a\x09\x0b\0\0\0\0\0\0\x80\0")},           /* 2^63 + 11 */
    {PICKLE("\x8b\x0a\0\0\0\1\2\3\4\5\6\7\x08\x09\xff")}, /* LONG4, negative */
    {PICKLE("ccollections\nCounter\n}(K\1K\2u\x85R")},
    {PICKLE("ccollections\nCounter\n)R(K\1K\2u")},
    {PICKLE("ccollections\nOrderedDict\n)R}X\1\0\0\0xK\1sb")},
    {PICKLE("ctorch\ndevice\nX\4\0\0\0cudaK\0\x86R")},
    {PICKLE("ctorch\nfloat32\n")},
    {PICKLE("ctorch\nbfloat16\n")},
    {PICKLE("ctorch\nSize\nK\2K\3\x86\x85R")},
    {PICKLE("ctorch.serialization\n_get_layout\nX\x0d\0\0\0torch.strided\x85R")},
    {PICKLE("c__builtin__\nset\n](K\1K\2e\x85R")},
    {PICKLE("cbuiltins\nbytearray\n)R")},
    {PICKLE("c__builtin__\ncomplex\nG\0\0\0\0\0\0\0\0G\0\0\0\0\0\0\0\0\x86R")},
    {PICKLE("\x8f(K\1K\2\x90")},
    {PICKLE("(K\1\x91")},
    {PICKLE("\x96\3\0\0\0\0\0\0\0abc")},
    /* numpy.float64(0), as protocol 2 and NumPy 1 write it */
    {PICKLE("cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\2\0\0\0f8\x89\x88\x87R"
            "(K\3X\1\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
            "c_codecs\nencode\nX\1\0\0\0aX\6\0\0\0latin1\x86R\x86R")},
    /* an array, as NumPy 2 writes it */
    {PICKLE("cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\1b\x87R"
            "(K\1K\2\x85"
            "cnumpy\ndtype\nX\2\0\0\0u1\x89\x88\x87R\x89U\2abtb")},
};

START_TEST(other_data_beside_the_weights_is_passed_over)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    begin_dict(pickle, NULL);
    bytes_add_key(pickle, "other");
    bytes_add(pickle, values[_i].pickle, values[_i].size);
    bytes_add_key(pickle, "others");
    bytes_add_text(pickle, "](");
    bytes_add(pickle, values[_i].pickle, values[_i].size);
    bytes_add_text(pickle, "e");
    begin_dict(pickle, "model");
    add_tensor(pickle, POS);
    end_dict(pickle);
    end_dict(pickle);
    check_found(pickle, "model", "");
    free(pickle);
}
END_TEST

/* Parameters with attributes, by NEWOBJ, and tensors of a class of their own. */
START_TEST(a_tensor_is_found_in_whatever_wraps_it)
{
    static const struct {
        const char *before, *after;
    } wraps[] = {
        {"ctorch._utils\n_rebuild_parameter\n(", "\x89}tR"},
        {"ctorch._utils\n_rebuild_parameter_with_state\n(", "\x89}}tR"},
        {"ctorch.nn.parameter\nParameter\n(", "\x89t\x81"},
        {"ctorch.nn.parameter\nParameter\n(", "\x89tR}b"},
    };
    struct bytes *pickle = calloc(1, sizeof *pickle);
    for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
        begin_dict(pickle, NULL);
        bytes_add_key(pickle, POS);
        bytes_add_text(pickle, wraps[i].before);
        bytes_add_tensor_call(pickle, 4, 0, 4);
        bytes_add_text(pickle, wraps[i].after);
        end_dict(pickle);
        check_found(pickle, "", "");
    }
    /* _rebuild_from_type_v2(function, class, arguments, attributes) */
    begin_dict(pickle, NULL);
    bytes_add_key(pickle, POS);
    bytes_add_text(pickle, "ctorch._tensor\n_rebuild_from_type_v2\n(");
    bytes_add_tensor_parts(pickle, "ctorch.nn.parameter\nParameter\n", 4, 0, 4);
    bytes_add_text(pickle, "}tR");
    end_dict(pickle);
    check_found(pickle, "", "");
    free(pickle);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint, of training scripts");
    TCase *tests = tcase_create("training");
    tcase_add_loop_test(tests, the_encoder_is_found_beside_other_tensors, 0,
                        sizeof places / sizeof *places);
    tcase_add_loop_test(tests, every_encoder_is_found_under_a_key_and_a_prefix, 0,
                        sizeof encoders / sizeof *encoders);
    tcase_add_test(tests, of_several_encoders_the_one_under_the_usual_name_is_taken);
    tcase_add_test(tests, a_prefix_that_all_tensors_share_is_dropped);
    tcase_add_test(tests, other_names_stay_as_they_are);
    tcase_add_test(tests, a_tensor_without_the_prefix_is_named);
    tcase_add_test(tests, a_prefix_is_dropped_in_safetensors_too);
    tcase_add_loop_test(tests, other_data_beside_the_weights_is_passed_over, 0,
                        sizeof values / sizeof *values);
    tcase_add_test(tests, a_tensor_is_found_in_whatever_wraps_it);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
