/* Checkpoints that are damaged, or made to do harm: each is refused with a clear message, and none
 * crashes the reader, reads outside the file, or takes memory that the file does not account for.
 */
#include "unit.h"

#include <math.h>
#include <unistd.h>

#include "checkpoint_files.h"

#define DATA "tests/data/checkpoint/"

/* The bytes are refused with ERROR_MODEL and a message that contains `text`. */
static void check_refused(const void *data, size_t size, const char *text)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    int failed = bytes_open(data, size, &checkpoint, &error);
    ck_assert_msg(failed, "opened, but should say: %s", text);
    ck_assert_ptr_null(checkpoint);
    ck_assert_int_eq(error.code, ERROR_MODEL);
    ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" does not say \"%s\"", error.text, text);
}

static void check_file_refused(const char *path, const char *text)
{
    struct error error = {0};
    struct checkpoint *checkpoint;
    ck_assert_int_eq(checkpoint_open(&checkpoint, path, &error), -1);
    ck_assert_msg(strstr(error.text, path) == error.text && strstr(error.text, text), "%s",
                  error.text);
}

START_TEST(what_is_no_checkpoint_is_said_to_be_none)
{
    check_refused("", 0, "the file is empty");
    check_refused("P", 1, "not a checkpoint");
    check_refused("a text that somebody called vit_b.pth\n", 38, "not a checkpoint");
    check_refused("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1", 13, "not a checkpoint");
    check_refused("PK\3\4", 4, "truncated?");
    struct error error = {0};
    struct checkpoint *checkpoint;
    ck_assert_int_eq(checkpoint_open(&checkpoint, "/nonexistent/x.pth", &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_str_eq(error.text, "/nonexistent/x.pth: No such file or directory");
    ck_assert_int_eq(checkpoint_open(&checkpoint, "/", &error), -1);
    ck_assert(strstr(error.text, "/: a folder without model.safetensors") == error.text);
    ck_assert_int_eq(checkpoint_open(&checkpoint, "/dev/null", &error), -1);
    ck_assert_str_eq(error.text, "/dev/null: not a regular file");
}
END_TEST

START_TEST(pickles_that_ask_for_more_than_tensors_are_refused)
{
    check_file_refused(DATA "bad-command.pth", "refused: its pickle asks for posix.system");
    check_file_refused(DATA "bad-legacy-command.pth", "refused: its pickle asks for posix.system");
    check_file_refused(DATA "bad-module.pth",
                       "holds a whole module (torch.nn.modules.linear.Linear) as a pickled object");
    ck_assert_int_ne(access("pwned", F_OK), 0);
    ck_assert_int_ne(access(DATA "pwned", F_OK), 0);
}
END_TEST

#define PICKLE(text) text, sizeof text - 1

static const struct {
    const char *pickle;
    size_t size;
    const char *text;
} bad_pickles[] = {
    {PICKLE("\x80\x02"
            "cos\nsystem\nX\4\0\0\0true\x85R."),
     "asks for os.system"},
    {PICKLE("\x80\x04\x8c\2os\x8c\6system\x93\x8c\4true\x85R."), "asks for os.system"},
    {PICKLE("\x80\x02"
            "c\xff\n\x01\n)R."),
     "asks for ?.?"},
    {PICKLE("\x80\x04K\1K\2\x93."), "name of a function is no text"},
    {PICKLE("(ios\nsystem\n."), "opcode 0x69"},
    {PICKLE("(cos"), "a name does not end"},
    {PICKLE("\x80\x02}\x82."), "opcode 0x82"},
    {PICKLE("\x80\x04N)}\x92."), "it calls a value that is no function"},
    {PICKLE("\x80\x04)}\x92."), "pops a value that is not there"},
    {PICKLE("\x80\x06N."), "newer than 5"},
    {PICKLE("\x80\x05\x97."), "opcode 0x97"},
    {PICKLE("\x80\x02"
            "cargparse\nNamespace\n)\x81."),
     "holds no tensors"},
    {PICKLE("\x80\x02"
            "cargparse\nNamespace\n)R."),
     "refused: its pickle asks for argparse.Namespace"},
    {PICKLE("\x80\x02"
            "cargparse\nNamespace\n)\x81}b(K\1K\2u."), /* a dict after all */
     "holds no tensors"},
    {PICKLE("\x80\x02"
            "cargparse\nNamespace\n)\x81(K\1u."),
     "a key lacks its value"},
    {PICKLE("\x80\x02"
            "ccollections\ndeque\n)R(K\1K\2e."),
     "holds no tensors"},
    {PICKLE("\x80\x02"
            "c__builtin__\neval\n)R."),
     "asks for __builtin__.eval"},
    {PICKLE("\x80\x02"
            "cnumpy\nload\n)R."),
     "asks for numpy.load"},
    {PICKLE("\x80\x02"
            "ctorch\nload\n)R."),
     "asks for torch.load"},
    {PICKLE("\x80\x04\x8f(K\1\x90(\x91."), "holds no tensors"},
    {PICKLE("\x80\x04](K\1\x90."), "container of another kind"},
    {PICKLE("\x96\xff\0\0\0\0\0\0\0."), "truncated?"},
    {PICKLE("\x80\x02"), "truncated?"},
    {PICKLE("\x80\x02."), "pops a value that is not there"},
    {PICKLE("(."), "pops a value that is not there"},
    {PICKLE("X\xff\xff\xff\xff"), "truncated?"},
    {PICKLE("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "truncated?"},
    {PICKLE("\x8e\0\0\0\0\0\0\0\x80."), "truncated?"},
    {PICKLE("\x8b\xff\xff\xff\x7f"), "truncated?"},
    {PICKLE("\x8a\x09\1\1\1\1\1\1\1\1\1."), "holds no tensors"},
    {PICKLE("\x95\xff\xff\xff\xff\xff\xff\xff\xffN."), "holds no tensors"},
    {PICKLE("Nr\xff\xff\xff\xff."), "memo is too large"},
    {PICKLE("Nj\xff\xff\xff\xff."), "recalls a value that it never stored"},
    {PICKLE("Nq\5h\4."), "recalls a value that it never stored"},
    {PICKLE("(q\1."), "pops a value that is not there"},
    {PICKLE("t."), "a mark is missing"},
    {PICKLE("1."), "a mark is missing"},
    {PICKLE("K\1\x87."), "a container lacks values"},
    {PICKLE("(K\1\x86."), "a container lacks values"},
    {PICKLE("a."), "adds values to a missing container"},
    {PICKLE("K\1K\2a."), "container of another kind"},
    {PICKLE("](K\1u."), "container of another kind"},
    {PICKLE("(K\1d."), "a key lacks its value"},
    {PICKLE("K\1)R."), "calls a value that is no function"},
    {PICKLE("ccollections\nOrderedDict\nK\1R."), "calls a value that is no function"},
    {PICKLE("K\1}b."), "attributes to a value that has none"},
    {PICKLE("]."), "holds no tensors"},
    {PICKLE("K\1Q."), "in a way that torch.save does not"},
    {PICKLE("((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\4tQt."),
     "holds no dictionary of tensors"},
    {PICKLE("((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0001X\3\0\0\0cpuK\4tQt."),
     "the data of storage 1 of 1 is missing"},
};

START_TEST(pickles_that_are_damaged_are_refused)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    bytes_set_pth(bytes, bad_pickles[_i].pickle, bad_pickles[_i].size);
    check_refused(bytes->data, bytes->size, bad_pickles[_i].text);
    free(bytes);
}
END_TEST

/* What a pickle of some kilobytes can inflate itself to. */
START_TEST(pickles_that_are_bombs_stay_small)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    struct bytes *bytes = calloc(1, sizeof *bytes);
    /* 2^10000 numbers: each tuple holds the one before it twice */
    bytes_add_text(pickle, "K\1");
    for (int i = 0; i < 10000; i++)
        bytes_add_text(pickle, "2\x86");
    bytes_add_text(pickle, ".");
    bytes_set_pth(bytes, pickle->data, pickle->size);
    check_refused(bytes->data, bytes->size, "holds no tensors");
    /* lists 20,000 deep */
    pickle->size = 0;
    for (int i = 0; i < 20000; i++)
        bytes_add_text(pickle, "]");
    for (int i = 1; i < 20000; i++)
        bytes_add_text(pickle, "a");
    bytes_add_text(pickle, ".");
    bytes_set_pth(bytes, pickle->data, pickle->size);
    check_refused(bytes->data, bytes->size, "holds no tensors");
    /* a dictionary that holds itself as "model", beside a storage */
    pickle->size = 0;
    bytes_add(pickle, PICKLE("}q\1X\5\0\0\0modelh\1sX\1\0\0\0s(X\7\0\0\0storagectorch\nFloatStorage"
                             "\nX\1\0\0\0000X\3\0\0\0cpuK\4tQs."));
    bytes_set_pth(bytes, pickle->data, pickle->size);
    check_refused(bytes->data, bytes->size, "holds no dictionary of tensors");
    free(pickle);
    free(bytes);
}
END_TEST

START_TEST(a_pickle_of_too_many_values_is_refused)
{
    enum { VALUES = (1 << 20) + 10 };
    struct member members[] = {{"x/data.pkl", NULL, VALUES}};
    char *pickle = malloc(VALUES);
    memset(pickle, 'N', VALUES);
    members[0].data = pickle;
    unsigned char *file = malloc(VALUES + 200);
    struct bytes *bytes = calloc(1, sizeof *bytes);
    /* An empty archive's records around the long member. */
    members[0].size = 0;
    bytes_set_zip(bytes, members, 1);
    size_t head = 30 + strlen(members[0].name);
    memcpy(file, bytes->data, head);
    memcpy(file + head, pickle, VALUES);
    memcpy(file + head + VALUES, bytes->data + head, bytes->size - head);
    unsigned char *central = file + head + VALUES;
    unsigned char *end = file + VALUES + bytes->size - 22;
    for (int i = 0; i < 4; i++) {
        central[20 + i] = central[24 + i] = (unsigned char)(VALUES >> (8 * i));
        end[16 + i] = (unsigned char)((head + VALUES) >> (8 * i));
    }
    check_refused(file, VALUES + bytes->size, "more than 1048576 values");
    free(pickle);
    free(file);
    free(bytes);
}
END_TEST

START_TEST(tensors_outside_their_storage_are_refused)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    struct bytes *bytes = calloc(1, sizeof *bytes);
    const struct {
        int numbers, offset, size;
        const char *text;
    } cases[] = {{5, 0, 4, "should hold 5 numbers of F32, but has 16 bytes"},
                 {4, 5, 0, "tensor a begins outside its storage"},
                 {4, 1, 4, "tensor a has shape [4] and dtype F32, which does not fit the 12 bytes"},
                 {4, 0, 200, "does not fit the 16 bytes"},
                 {3, 0, 4, "does not fit the 12 bytes"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bytes_set_tensor_pickle(pickle, cases[i].numbers, cases[i].offset, cases[i].size);
        bytes_set_pth(bytes, pickle->data, pickle->size);
        check_refused(bytes->data, bytes->size, cases[i].text);
    }
    bytes_set_tensor_pickle(pickle, 4, 1, 3); /* the same, but right */
    bytes_set_pth(bytes, pickle->data, pickle->size);
    struct error error = {0};
    struct checkpoint *checkpoint;
    ck_assert_msg(!bytes_open(bytes->data, bytes->size, &checkpoint, &error), "%s", error.text);
    checkpoint_close(checkpoint);
    free(pickle);
    free(bytes);
}
END_TEST

/* Where the fields are in an archive of the two members of bytes_set_pth. */
struct places {
    size_t local, central, end;
};

static struct places find_places(const struct bytes *bytes)
{
    struct places places = {.end = bytes->size - 22};
    size_t i = 0;
    while (memcmp(bytes->data + i, "PK\1\2", 4) != 0)
        i++;
    places.central = i;
    return places;
}

START_TEST(zips_that_lie_are_refused)
{
    struct bytes *pickle = calloc(1, sizeof *pickle);
    struct bytes *bytes = calloc(1, sizeof *bytes);
    bytes_set_tensor_pickle(pickle, 4, 0, 4);
    bytes_set_pth(bytes, pickle->data, pickle->size);
    const struct places at = find_places(bytes);
    const struct {
        size_t place;
        int width;
        uint64_t value;
        const char *text;
    } lies[] = {
        {at.central + 24, 4, 0x7fffffff, "damaged header"}, /* packed and unpacked size differ */
        {at.central + 20, 8, 0x7fffffff7fffffff, "which lie outside the file"},
        {at.central + 20, 8, 0xfffffffeffffffff, "damaged header"},
        {at.central + 42, 4, 0x7ffffffe, "damaged header"}, /* offset of the local header */
        {at.central + 42, 4, 1, "damaged header"},
        {at.central + 10, 2, 8, "compressed or encrypted"},
        {at.central + 8, 2, 1, "compressed or encrypted"},
        {at.central + 28, 2, 0xffff, "directory is damaged"}, /* length of the name */
        {at.central + 30, 2, 0xffff, "directory is damaged"},
        {at.central, 4, 0, "directory is damaged"},
        {26, 2, 0xffff, "which lie outside the file"}, /* local length of the name */
        {0 + 28, 2, 0xffff, "which lie outside the file"},
        {at.end + 10, 2, 0, "is empty"},
        {at.end + 10, 2, 3, "directory is damaged"},
        {at.end + 12, 4, 0xffffffff, "lies outside the file"},
        {at.end + 16, 4, 0xffffffff, "lies outside the file"},
        {at.end + 20, 2, 9, "missing at its end"},
        {at.end, 4, 0, "missing at its end"},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct bytes changed = *bytes;
        for (int b = 0; b < lies[i].width; b++)
            changed.data[lies[i].place + b] = (unsigned char)(lies[i].value >> (8 * b));
        check_refused(changed.data, changed.size, lies[i].text);
    }
    free(pickle);
    free(bytes);
}
END_TEST

START_TEST(zips_that_torch_never_wrote_are_refused)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    const struct member other[] = {{"readme.txt", "hello", 5}};
    bytes_set_zip(bytes, other, 1);
    check_refused(bytes->data, bytes->size, "has no data.pkl");
    const struct member twice[] = {{"x/data.pkl", "N.", 2}, {"x/data.pkl", "N.", 2}};
    bytes_set_zip(bytes, twice, 2);
    check_refused(bytes->data, bytes->size, "two members of the same name");
    const struct member big[] = {{"x/data.pkl", "N.", 2}, {"x/byteorder", "big", 3}};
    bytes_set_zip(bytes, big, 2);
    check_refused(bytes->data, bytes->size, "big-endian");
    free(bytes);
}
END_TEST

/* zip64: sizes and offsets of all ones, the true ones in an extra field and a second end record. */
static void set_zip64(struct bytes *bytes, uint64_t data_size, uint64_t locator)
{
    const char pickle[] = "\x80\x02}.";
    bytes->size = 0;
    bytes_add(bytes, PICKLE("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    bytes_add(bytes, PICKLE("\xff\xff\xff\xff\xff\xff\xff\xff\x0a\0\0\0x/data.pkl"));
    bytes_add(bytes, pickle, 4);
    size_t central = bytes->size;
    bytes_add_text(bytes, "PK\1\2");
    bytes_add(bytes, (unsigned char[16]){0}, 16);
    bytes_add(bytes, PICKLE("\xff\xff\xff\xff\xff\xff\xff\xff\x0a\0\x1c\0\0\0\0\0\0\0\0\0\0\0"));
    bytes_add(bytes, PICKLE("\xff\xff\xff\xffx/data.pkl\1\0\x18\0"));
    bytes_add_little(bytes, data_size, 8);
    bytes_add_little(bytes, data_size, 8);
    bytes_add_little(bytes, 0, 8);
    size_t end64 = bytes->size;
    bytes_add(bytes, PICKLE("PK\6\6\x2c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    bytes_add_little(bytes, 1, 8);
    bytes_add_little(bytes, 1, 8);
    bytes_add_little(bytes, end64 - central, 8);
    bytes_add_little(bytes, central, 8);
    bytes_add(bytes, PICKLE("PK\6\7\0\0\0\0"));
    bytes_add_little(bytes, locator ? locator : end64, 8);
    bytes_add_little(bytes, 1, 4);
    bytes_add(bytes, PICKLE("PK\5\6\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0"));
}

START_TEST(zip64_is_followed_and_checked)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    set_zip64(bytes, 4, 0); /* sound as a zip: its pickle is an empty dictionary */
    check_refused(bytes->data, bytes->size, "holds no tensors");
    set_zip64(bytes, UINT64_MAX, 0);
    check_refused(bytes->data, bytes->size, "which lie outside the file");
    set_zip64(bytes, 4, UINT64_MAX);
    check_refused(bytes->data, bytes->size, "zip64 end record is damaged");
    free(bytes);
}
END_TEST

#define F32_4 "\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":"

static const struct {
    const char *header, *text;
} bad_headers[] = {
    {"{}", "holds no tensors"},
    {"{\"a\":{" F32_4 "[0,16]}", "not a JSON object"},
    {"{\"a\":{" F32_4 "[0,16]},\"a\":{" F32_4 "[0,16]}}", "names a tensor twice"},
    {"{\"a\":{" F32_4 "[0,17]}}", "outside the file's 16 bytes"},
    {"{\"a\":{" F32_4 "[-16,0]}}", "outside the file"},
    {"{\"a\":{" F32_4 "[16,0]}}", "outside the file"},
    {"{\"a\":{" F32_4 "[0,1e1]}}", "outside the file"},
    {"{\"a\":{" F32_4 "[0]}}", "outside the file"},
    {"{\"a\":{" F32_4 "7}}", "outside the file"},
    {"{\"a\":{" F32_4 "[0,99999999999999999999]}}", "not a JSON object"},
    {"{\"a\":{" F32_4 "[0,12]}}", "does not fit the 12 bytes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,16]}}", "but its shape needs 12"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-4],\"data_offsets\":[0,16]}}", "no valid shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,4],\"data_offsets\":[0,16]}}",
     "no valid shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4],\"data_offsets\":[0,16]}}",
     "does not fit"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}",
     "does not fit"},
    {"{\"a\":{\"dtype\":4,\"shape\":[4],\"data_offsets\":[0,16]}}", "has no dtype"},
    {"{\"a\":7}", "has no dtype"},
    {"{\"a\\nb\":{" F32_4 "[0,16]}}", "not printable"},
    {"{\"\":{" F32_4 "[0,16]}}", "empty"},
    {"{\"a\\u0000b\":{" F32_4 "[0,16]}}", "not a JSON object"},
    {"{\"a\":{" F32_4 "[0,16]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}",
     "tensors a and b overlap"},
    {"{\"__metadata__\":[]}", "__metadata__ is not a JSON object"},
    {"{\"__metadata__\":{\"a\":7}}", "__metadata__ holds a value that is not a string"},
};

START_TEST(safetensors_headers_that_lie_are_refused)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    bytes_set_safetensors(bytes, bad_headers[_i].header, (const float[4]){0}, 16);
    check_refused(bytes->data, bytes->size, bad_headers[_i].text);
    free(bytes);
}
END_TEST

START_TEST(safetensors_headers_of_absurd_length_or_depth_are_refused)
{
    struct bytes *bytes = calloc(1, sizeof *bytes);
    bytes_set_safetensors(bytes, "{}", NULL, 0);
    memset(bytes->data, 0xff, 8);
    check_refused(bytes->data, bytes->size, "would be 18446744073709551615 bytes long");
    memset(bytes->data, 0, 8);
    bytes->data[0] = 3;
    check_refused(bytes->data, bytes->size, "would be 3 bytes long in a file of 10 bytes");
    char deep[50001];
    memset(deep, '[', sizeof deep - 1);
    memcpy(deep, "{\"a\":", 5);
    deep[sizeof deep - 1] = '\0';
    bytes_set_safetensors(bytes, deep, NULL, 0);
    check_refused(bytes->data, bytes->size, "not a JSON object");
    free(bytes);
}
END_TEST

START_TEST(weights_that_are_not_finite_are_refused)
{
    struct error error = {0};
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        float data[4] = {1, 2, bad[i], 4};
        struct bytes *bytes = calloc(1, sizeof *bytes);
        struct checkpoint *checkpoint;
        bytes_set_safetensors(bytes, "{\"a\":{" F32_4 "[0,16]}}", data, sizeof data);
        ck_assert(!checkpoint_open_memory(&checkpoint, bytes->data, bytes->size, "m", &error));
        ck_assert_ptr_null(checkpoint_tensor(checkpoint, "a", shape_1d(4), &error));
        ck_assert_str_eq(error.text, "m: tensor a holds NaN or infinity at number 2 of 4");
        checkpoint_close(checkpoint);
        free(bytes);
    }
    const uint16_t halves[] = {0x7c00, 0xfc00, 0x7e01, 0x7fff};
    for (int i = 0; i < 4; i++) {
        struct bytes *bytes = calloc(1, sizeof *bytes);
        struct checkpoint *checkpoint;
        bytes_set_safetensors(bytes,
                              "{\"a\":{\"dtype\":\"F16\",\"shape\":[1],\"data_offsets\":[0,2]}}",
                              &halves[i], 2);
        ck_assert(!checkpoint_open_memory(&checkpoint, bytes->data, bytes->size, "m", &error));
        ck_assert_ptr_null(checkpoint_tensor(checkpoint, "a", shape_1d(1), &error));
        ck_assert_str_eq(error.text, "m: tensor a holds NaN or infinity at number 0 of 1");
        checkpoint_close(checkpoint);
        free(bytes);
    }
}
END_TEST

static const char *const files[] = {
    DATA "zip.pth",    DATA "zip-half.pth",   DATA "zip-strided.pth",
    DATA "legacy.pth", DATA "zip-shared.pth", DATA "legacy-parameters.pth",
};

START_TEST(every_truncation_is_refused)
{
    size_t size;
    unsigned char *data = bytes_load(files[_i], &size);
    for (size_t length = 1; length < size; length++)
        check_refused(data, length, "");
    free(data);
}
END_TEST

/* Opens what may be damaged anywhere, and reads all that it then claims to hold. */
static void read_everything(const void *data, size_t size)
{
    static const char *const names[] = {"a", "b", "scalar"};
    struct error error = {0};
    struct checkpoint *checkpoint;
    if (bytes_open(data, size, &checkpoint, &error)) {
        ck_assert_ptr_null(strchr(error.text, '\n'));
        return;
    }
    for (int i = 0; i < 3; i++) {
        struct shape shape;
        if (checkpoint_shape(checkpoint, names[i], &shape))
            checkpoint_tensor(checkpoint, names[i], shape, &error);
    }
    checkpoint_check_unused(checkpoint, &error);
    checkpoint_close(checkpoint);
}

START_TEST(no_flipped_byte_crashes_the_reader)
{
    static const unsigned char flips[] = {0xff, 0x01, 0x80};
    size_t size;
    unsigned char *data = bytes_load(files[_i], &size);
    for (size_t i = 0; i < size; i++)
        for (size_t f = 0; f < sizeof flips; f++) {
            data[i] ^= flips[f];
            read_everything(data, size);
            data[i] ^= flips[f];
        }
    free(data);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint, bad input");
    TCase *tests = tcase_create("bad");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, what_is_no_checkpoint_is_said_to_be_none);
    tcase_add_test(tests, pickles_that_ask_for_more_than_tensors_are_refused);
    tcase_add_loop_test(tests, pickles_that_are_damaged_are_refused, 0,
                        sizeof bad_pickles / sizeof *bad_pickles);
    tcase_add_test(tests, pickles_that_are_bombs_stay_small);
    tcase_add_test(tests, a_pickle_of_too_many_values_is_refused);
    tcase_add_test(tests, tensors_outside_their_storage_are_refused);
    tcase_add_test(tests, zips_that_lie_are_refused);
    tcase_add_test(tests, zips_that_torch_never_wrote_are_refused);
    tcase_add_test(tests, zip64_is_followed_and_checked);
    tcase_add_loop_test(tests, safetensors_headers_that_lie_are_refused, 0,
                        sizeof bad_headers / sizeof *bad_headers);
    tcase_add_test(tests, safetensors_headers_of_absurd_length_or_depth_are_refused);
    tcase_add_test(tests, weights_that_are_not_finite_are_refused);
    tcase_add_loop_test(tests, every_truncation_is_refused, 0, sizeof files / sizeof *files);
    tcase_add_loop_test(tests, no_flipped_byte_crashes_the_reader, 0, sizeof files / sizeof *files);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
