#include "model/checkpoint/foreign.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "model/checkpoint/zip.h"

#define CONVERT ": maskmill needs the PyTorch weights (.pth) or .safetensors that it was made from"
#define UNPACK ": unpack it, and name the checkpoint that is in it"

#define SAYS_ONNX "an ONNX model" CONVERT
#define SAYS_TENSORFLOW "a TensorFlow model" CONVERT
#define SAYS_PAGE                                                                                  \
    "an HTML or XML page, not the file: a download that went wrong; fetch it again from the "      \
    "address of the file itself (on Hugging Face \"resolve\" instead of \"blob\")"

/* A mark at a place of the file. */
struct mark {
    size_t at;
    const char *bytes;
    size_t size;
    const char *says;
};

#define MARK(at, bytes, says)                                                                      \
    {                                                                                              \
        at, bytes, sizeof bytes - 1, says                                                          \
    }

static const struct mark marks[] = {
    MARK(0, "version https://git-lfs",
         "a Git LFS pointer, not the file that it stands for: run git lfs pull, or download the "
         "file itself"),
    MARK(0, "version https://hawser",
         "a Git LFS pointer, not the file that it stands for: run git lfs pull, or download the "
         "file itself"),
    MARK(0, "GGUF", "a GGUF model (llama.cpp)" CONVERT),
    MARK(0, "FUGG", "a GGUF model (llama.cpp)" CONVERT),
    MARK(0, "lmgg", "a GGML model" CONVERT),
    MARK(0, "tjgg", "a GGML model" CONVERT),
    MARK(0, "fmgg", "a GGML model" CONVERT),
    MARK(0, "\x89HDF\r\n\x1a\n", "an HDF5 file (Keras or TensorFlow)" CONVERT),
    MARK(4, "TFL3", "a TensorFlow Lite model" CONVERT),
    MARK(0, "ftrt", "a TensorRT engine" CONVERT),
    MARK(0, "ptrt", "a TensorRT engine" CONVERT),
    MARK(0, "\x93NUMPY", "a NumPy array (.npy)" CONVERT),
    MARK(0, "\x1f\x8b", "a gzip file" UNPACK),
    MARK(0, "BZh", "a bzip2 file" UNPACK),
    MARK(0,
         "\xfd"
         "7zXZ",
         "an xz file" UNPACK),
    MARK(0, "\x28\xb5\x2f\xfd", "a Zstandard file" UNPACK),
    MARK(0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive" UNPACK),
    MARK(0, "Rar!", "a RAR archive" UNPACK),
    MARK(257, "ustar", "a tar archive" UNPACK),
};

static bool begins(const unsigned char *bytes, size_t size, const char *text)
{
    size_t length = strlen(text);
    return size >= length && strncasecmp((const char *)bytes, text, length) == 0;
}

/* A page of a web server, behind blanks, a byte order mark or both. */
static bool is_page(const unsigned char *bytes, size_t size)
{
    static const char *const starts[] = {"<!doctype", "<html",   "<head",  "<body", "<?xml",
                                         "<!--",      "<script", "<error", "<title"};
    if (begins(bytes, size, "\xef\xbb\xbf"))
        bytes += 3, size -= 3;
    while (size > 0 && strchr(" \t\r\n", *bytes) && *bytes)
        bytes++, size--;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (begins(bytes, size, starts[i]))
            return true;
    return false;
}

/* Whether `text` is among the first bytes. */
static bool mentions(const unsigned char *bytes, size_t size, const char *text)
{
    enum { NEAR = 4096 };
    return memmem(bytes, size < NEAR ? size : NEAR, text, strlen(text)) != NULL;
}

/* Both are Protocol Buffers without a mark of their own. An ONNX file begins with field 1, its
 * version (3 or more), then the producer's name or another field up to the graph and the operators.
 * A SavedModel begins with version 1 and its graphs, a frozen graph with nodes. */
static const char *foreign_protobuf(const unsigned char *bytes, size_t size)
{
    enum { VERSION = 0x08, FIRST_MESSAGE = 0x0a, SECOND_MESSAGE = 0x12 };
    static const char onnx_fields[] = "\x12\x1a\x22\x28\x32\x3a\x42\x72";
    if (size < 16)
        return NULL;
    if (bytes[0] == VERSION && bytes[1] == 1 && bytes[2] == SECOND_MESSAGE)
        return SAYS_TENSORFLOW;
    if (bytes[0] == VERSION && bytes[1] >= 3 && bytes[1] < 0x40 && bytes[2] &&
        strchr(onnx_fields, bytes[2]))
        return SAYS_ONNX;
    if (bytes[0] == FIRST_MESSAGE && (mentions(bytes, size, "Placeholder") || mentions(bytes, size,
                                                                                       "\x12\x05"
                                                                                       "Const")))
        return SAYS_TENSORFLOW;
    return NULL;
}

/* TensorFlow's NAME.index ends with the number of a LevelDB table. */
static bool is_tensorflow_index(const unsigned char *bytes, size_t size)
{
    static const unsigned char end[] = {0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb};
    return size >= sizeof end && memcmp(bytes + size - sizeof end, end, sizeof end) == 0;
}

static bool is_json(const unsigned char *bytes, size_t size)
{
    while (size > 0 && strchr(" \t\r\n", *bytes) && *bytes)
        bytes++, size--;
    return size > 1 && *bytes == '{' && (bytes[1] == '"' || strchr(" \r\n\t", bytes[1])) &&
           bytes[1];
}

const char *foreign_file(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (size >= marks[i].at && size - marks[i].at >= marks[i].size &&
            memcmp(bytes + marks[i].at, marks[i].bytes, marks[i].size) == 0)
            return marks[i].says;
    if (is_page(bytes, size))
        return SAYS_PAGE;
    if (is_json(bytes, size))
        return "a JSON text, such as a model's configuration or index: name the file of the "
               "weights instead";
    if (is_tensorflow_index(bytes, size))
        return SAYS_TENSORFLOW;
    if (size > 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        return "a Python pickle that torch.save did not write: load it in Python if you trust it, "
               "and save the weights with torch.save or as .safetensors";
    return foreign_protobuf(bytes, size);
}

static const struct {
    const char *ending; /* of a member's name */
    const char *says;
} members[] = {
    {"/bytecode.pkl", FOREIGN_TORCHSCRIPT},
    {"serialized_exported_program.json",
     "a program of torch.export (.pt2): save model.state_dict() with torch.save instead"},
    {"/archive_format",
     "a program of torch.export (.pt2): save model.state_dict() with torch.save instead"},
    {".data/extern_modules",
     "a torch.package archive, which is a program: save model.state_dict() with torch.save "
     "instead"},
    {"model.weights.h5", "a Keras model" CONVERT},
    {".npy", "an archive of NumPy arrays (.npz)" CONVERT},
    {"saved_model.pb", SAYS_TENSORFLOW},
    {".onnx", "a zip archive around an ONNX model" CONVERT},
    {".mlmodel", "a Core ML package" CONVERT},
    {".pth", "a zip archive around a checkpoint" UNPACK},
    {".pt", "a zip archive around a checkpoint" UNPACK},
    {".safetensors", "a zip archive around a checkpoint" UNPACK},
};

static bool has_member(const struct zip *zip, const char *ending)
{
    size_t length = strlen(ending);
    for (size_t i = 0; i < zip->count; i++) {
        const struct zip_member *member = &zip->members[i];
        if (member->name_length >= length &&
            memcmp(member->name + member->name_length - length, ending, length) == 0)
            return true;
    }
    return false;
}

const char *foreign_zip(const struct zip *zip)
{
    if (has_member(zip, "/constants.pkl") && !has_member(zip, "/data.pkl"))
        return FOREIGN_TORCHSCRIPT;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (has_member(zip, members[i].ending))
            return members[i].says;
    return NULL;
}
