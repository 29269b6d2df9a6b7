/* checkpoint_files.h - writes small checkpoints, for the tests of their readers. */
#ifndef TESTS_UNIT_CHECKPOINT_FILES_H
#define TESTS_UNIT_CHECKPOINT_FILES_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/checkpoint.h"

enum { BYTES_MAX = 1 << 16 };

/* A file under construction. */
struct bytes {
    size_t size;
    unsigned char data[BYTES_MAX];
};

static inline void bytes_add(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > sizeof bytes->data)
        abort();
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static inline void bytes_add_text(struct bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

static inline void bytes_add_little(struct bytes *bytes, uint64_t value, int width)
{
    for (int i = 0; i < width; i++)
        bytes_add(bytes, &(unsigned char){(unsigned char)(value >> (8 * i))}, 1);
}

/* A .safetensors file with this header and this data. */
static inline void bytes_set_safetensors(struct bytes *bytes, const char *header, const void *data,
                                         size_t size)
{
    bytes->size = 0;
    bytes_add_little(bytes, strlen(header), 8);
    bytes_add_text(bytes, header);
    bytes_add(bytes, data, size);
}

/* One member of a stored zip archive. */
struct member {
    const char *name;
    const void *data;
    size_t size;
};

/* A zip archive as torch.save writes it, except for the alignment. */
static inline void bytes_set_zip(struct bytes *bytes, const struct member *members, int count)
{
    struct bytes *directory = calloc(1, sizeof *directory);
    bytes->size = 0;
    for (int i = 0; i < count; i++) {
        const struct member *member = &members[i];
        size_t start = bytes->size;
        bytes_add_text(bytes, "PK\3\4");
        bytes_add(bytes, (unsigned char[14]){0}, 14); /* version, flags, method, time, date, CRC */
        bytes_add_little(bytes, member->size, 4);
        bytes_add_little(bytes, member->size, 4);
        bytes_add_little(bytes, strlen(member->name), 2);
        bytes_add_little(bytes, 0, 2);
        bytes_add_text(bytes, member->name);
        bytes_add(bytes, member->data, member->size);
        bytes_add_text(directory, "PK\1\2");
        bytes_add(directory, (unsigned char[16]){0}, 16);
        bytes_add_little(directory, member->size, 4);
        bytes_add_little(directory, member->size, 4);
        bytes_add_little(directory, strlen(member->name), 2);
        bytes_add(directory, (unsigned char[12]){0}, 12); /* extra, comment, disk, attributes */
        bytes_add_little(directory, start, 4);
        bytes_add_text(directory, member->name);
    }
    size_t start = bytes->size;
    bytes_add(bytes, directory->data, directory->size);
    bytes_add_text(bytes, "PK\5\6");
    bytes_add_little(bytes, 0, 4);
    bytes_add_little(bytes, (uint64_t)count, 2);
    bytes_add_little(bytes, (uint64_t)count, 2);
    bytes_add_little(bytes, directory->size, 4);
    bytes_add_little(bytes, start, 4);
    bytes_add_little(bytes, 0, 2);
    free(directory);
}

/* A PyTorch zip whose data.pkl is pickle[0..size), with 16 bytes of zeros as storage "0". */
static inline void bytes_set_pth(struct bytes *bytes, const void *pickle, size_t size)
{
    const struct member members[] = {{"archive/data.pkl", pickle, size},
                                     {"archive/data/0", (const float[4]){0}, 16}};
    bytes_set_zip(bytes, members, 2);
}

/* A text as a pickle holds it. */
static inline void bytes_add_key(struct bytes *pickle, const char *key)
{
    bytes_add_text(pickle, "X");
    bytes_add_little(pickle, strlen(key), 4);
    bytes_add_text(pickle, key);
}

/* The function that builds a tensor, the pickle `between`, and the function's arguments: a float
 * tensor of storage "0", shape (size,), stride (1,). All numbers are below 256. `numbers` is the
 * count that the pickle gives for the storage. */
static inline void bytes_add_tensor_parts(struct bytes *pickle, const char *between, int numbers,
                                          int offset, int size)
{
    bytes_add_text(pickle, "ctorch._utils\n_rebuild_tensor_v2\n");
    bytes_add_text(pickle, between);
    bytes_add_text(pickle, "((");
    bytes_add_key(pickle, "storage");
    bytes_add_text(pickle, "ctorch\nFloatStorage\n");
    bytes_add_key(pickle, "0");
    bytes_add_key(pickle, "cpu");
    bytes_add_text(pickle, "K");
    bytes_add_little(pickle, (uint64_t)numbers, 1);
    bytes_add_text(pickle, "tQK");
    bytes_add_little(pickle, (uint64_t)offset, 1);
    bytes_add_text(pickle, "K");
    bytes_add_little(pickle, (uint64_t)size, 1);
    bytes_add_text(pickle, "\x85K\x01\x85\x89}t");
}

/* The call of that function with these arguments. */
static inline void bytes_add_tensor_call(struct bytes *pickle, int numbers, int offset, int size)
{
    bytes_add_tensor_parts(pickle, "", numbers, offset, size);
    bytes_add_text(pickle, "R");
}

/* The pickle of {"a": a tensor as bytes_add_tensor_call writes it}. */
static inline void bytes_set_tensor_pickle(struct bytes *pickle, int numbers, int offset, int size)
{
    pickle->size = 0;
    bytes_add_text(pickle, "\x80\x02}");
    bytes_add_key(pickle, "a");
    bytes_add_tensor_call(pickle, numbers, offset, size);
    bytes_add_text(pickle, "s.");
}

/* Writes the bytes to a new file. Returns its path; the caller removes the file and frees the path.
 */
static inline char *bytes_save(const void *data, size_t size)
{
    char *path = strdup("/tmp/maskmill-test-XXXXXX");
    int file = mkstemp(path);
    FILE *stream = fdopen(file, "wb");
    if (!stream || fwrite(data, 1, size, stream) != size || fclose(stream))
        abort();
    return path;
}

/* Opens bytes as a checkpoint through a file, as a user would. */
static inline int bytes_open(const void *data, size_t size, struct checkpoint **checkpoint,
                             struct error *error)
{
    char *path = bytes_save(data, size);
    int failed = checkpoint_open(checkpoint, path, error);
    remove(path);
    free(path);
    return failed;
}

/* The bytes of a file, freed by the caller. */
static inline unsigned char *bytes_load(const char *path, size_t *size)
{
    FILE *stream = fopen(path, "rb");
    if (!stream || fseek(stream, 0, SEEK_END))
        abort();
    *size = (size_t)ftell(stream);
    unsigned char *data = malloc(*size + 1);
    rewind(stream);
    if (!data || fread(data, 1, *size, stream) != *size)
        abort();
    fclose(stream);
    return data;
}

#endif
