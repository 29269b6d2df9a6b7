/* Files of other programs that are given as checkpoints: the message says what they are. */
#include "unit.h"

#include "checkpoint_files.h"

static void check_named(const void *data, size_t size, const char *text)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    ck_assert_msg(bytes_open(data, size, &checkpoint, &error), "opened, but is: %s", text);
    ck_assert_int_eq(error.code, ERROR_MODEL);
    ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" does not say \"%s\"", error.text, text);
}

#define BYTES(text) text, sizeof text - 1

static const struct {
    const char *bytes;
    size_t size;
    const char *text;
} files[] = {
    {BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:ec2df6\nsize 375042383\n"),
     "a Git LFS pointer"},
    {BYTES("<!DOCTYPE html>\n<html><head>"), "an HTML or XML page"},
    {BYTES("\n  <html lang=\"en\">"), "an HTML or XML page"},
    {BYTES("\xef\xbb\xbf<!doctype HTML>"), "an HTML or XML page"},
    {BYTES("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>"), "an HTML or XML"},
    {BYTES("GGUF\3\0\0\0\1\0\0\0\0\0\0\0"), "a GGUF model"},
    {BYTES("\x08\x08\x12\x07pytorch\x1a\x05"
           "2.1.0:\x80\x01"),
     "an ONNX model"},
    {BYTES("\x08\x0a\x3a\x80\x20\x0a\x10\x0a\5input\x12\4node\0\0"), "an ONNX model"},
    {BYTES("\x08\x01\x12\xf3\x9a\x04\x0a\x90\x04\x0a\x0eunknown_function"), "a TensorFlow model"},
    {BYTES("\x0a\x20\x0a\5input\x12\x0bPlaceholder*\x0b\n\5dtype"), "a TensorFlow model"},
    {BYTES("\0\0\0\0index entries\x57\xfb\x80\x8b\x24\x75\x47\xdb"), "a TensorFlow model"},
    {BYTES("\x1c\0\0\0TFL3\x14\0\x20\0"), "a TensorFlow Lite model"},
    {BYTES("\x89HDF\r\n\x1a\n\0\0\0\0"), "an HDF5 file (Keras or TensorFlow)"},
    {BYTES("\x93NUMPY\1\0"), "a NumPy array"},
    {BYTES("{\n  \"architectures\": [\"SamModel\"]\n}\n"), "a JSON text"},
    {BYTES("\x1f\x8b\x08\0\0\0\0\0"), "a gzip file"},
    {BYTES("\x80\x04K\1."), "a Python pickle that torch.save did not write"},
};

START_TEST(a_file_of_another_program_is_named)
{
    check_named(files[_i].bytes, files[_i].size, files[_i].text);
}
END_TEST

static const struct {
    const char *members[3];
    const char *text;
} archives[] = {
    {{"m/data.pkl", "m/bytecode.pkl", "m/code/__torch__.py"}, "a TorchScript archive"},
    {{"m/code/__torch__.py", "m/constants.pkl", "m/version"}, "a TorchScript archive"},
    {{"archive_format", "m/archive_format", "x"}, "a program of torch.export"},
    {{"config.json", "metadata.json", "model.weights.h5"}, "a Keras model"},
    {{"a.npy", "b.npy", "c.npy"}, "an archive of NumPy arrays"},
    {{"weights/vit_b.pth", "readme.txt", "x"}, "a zip archive around a checkpoint: unpack it"},
};

/* TorchScript compresses its code, others everything. */
START_TEST(an_archive_of_another_program_is_named)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    for (int packed = 0; packed < 2; packed++) {
        struct member members[3];
        for (int i = 0; i < 3; i++)
            members[i] = (struct member){archives[_i].members[i], "N.", 2};
        bytes_set_zip(bytes, members, 3);
        for (size_t i = 0; packed && i + 4 < bytes->size; i++)
            if (memcmp(bytes->data + i, "PK\1\2", 4) == 0) {
                bytes->data[i + 10] = 8;  /* the method: deflated */
                bytes->data[i + 24] = 99; /* to fewer bytes than these */
            }
        check_named(bytes->data, bytes->size, archives[_i].text);
    }
    free(bytes);
}
END_TEST

/* Every beginning of a file, however short, is read within its bounds. */
START_TEST(short_files_are_refused)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (size_t size = 1; size < files[i].size; size++)
            check_named(files[i].bytes, size, "not a checkpoint");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint, files of other programs");
    TCase *tests = tcase_create("foreign");
    tcase_add_loop_test(tests, a_file_of_another_program_is_named, 0, sizeof files / sizeof *files);
    tcase_add_loop_test(tests, an_archive_of_another_program_is_named, 0,
                        sizeof archives / sizeof *archives);
    tcase_add_test(tests, short_files_are_refused);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
