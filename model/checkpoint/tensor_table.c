#include "model/checkpoint/tensor_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [DTYPE_F32] = {"F32", 4},   [DTYPE_F16] = {"F16", 2},     [DTYPE_BF16] = {"BF16", 2},
    [DTYPE_F64] = {"F64", 8},   [DTYPE_I64] = {"I64", 8},     [DTYPE_I32] = {"I32", 4},
    [DTYPE_I16] = {"I16", 2},   [DTYPE_I8] = {"I8", 1},       [DTYPE_U8] = {"U8", 1},
    [DTYPE_BOOL] = {"BOOL", 1}, [DTYPE_OTHER] = {"other", 0},
};

const char *dtype_name(enum dtype dtype)
{
    return dtypes[dtype].name;
}

size_t dtype_size(enum dtype dtype)
{
    return dtypes[dtype].size;
}

enum dtype dtype_parse(const char *name)
{
    int dtype = 0;
    while (dtype < DTYPE_OTHER && strcmp(dtypes[dtype].name, name) != 0)
        dtype++;
    return (enum dtype)dtype;
}

bool tensor_name_valid(const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return length > 0 && length < 256;
}

static struct shape contiguous_stride(const struct shape *shape)
{
    struct shape stride = {.rank = shape->rank};
    int64_t step = 1;
    for (int i = shape->rank - 1; i >= 0; i--) {
        stride.size[i] = step;
        step *= shape->size[i] > 0 ? shape->size[i] : 1;
    }
    return stride;
}

/* *numbers = how many numbers lie between the first one and the end of the last. */
static bool count_extent(const struct shape *shape, const struct shape *stride, size_t *numbers)
{
    *numbers = 1;
    for (int i = 0; i < shape->rank; i++) {
        size_t step;
        if (stride->size[i] < 0 ||
            __builtin_mul_overflow((size_t)(shape->size[i] - 1), (size_t)stride->size[i], &step) ||
            __builtin_add_overflow(*numbers, step, numbers))
            return false;
    }
    return true;
}

/* Fills the sizes of a tensor whose shape is set; false when they overflow or exceed `available`
 * bytes, or when it has more numbers than there is memory behind it. */
static bool measure(struct tensor *tensor, const struct shape *stride, size_t available)
{
    const struct shape *shape = &tensor->shape;
    size_t size = dtype_size(tensor->dtype);
    size_t bytes;
    size_t numbers = 0;
    if (!shape_count(shape, &tensor->count) || tensor->count > INT64_MAX)
        return false;
    tensor->contiguous = true;
    tensor->stride = (struct shape){.rank = shape->rank};
    if (tensor->count == 0)
        return true;
    struct shape dense = contiguous_stride(shape);
    tensor->stride = stride ? *stride : dense;
    for (int i = 0; i < shape->rank; i++)
        if (shape->size[i] > 1 && tensor->stride.size[i] != dense.size[i])
            tensor->contiguous = false;
    if (!count_extent(shape, &tensor->stride, &numbers) ||
        __builtin_mul_overflow(numbers, size, &tensor->extent) || tensor->extent > available)
        return false;
    return !__builtin_mul_overflow(tensor->count, size, &bytes) && bytes <= tensor->extent;
}

int contents_add(struct contents *contents, const char *name, size_t length, enum dtype dtype,
                 const struct shape *shape, const struct shape *stride, const unsigned char *bytes,
                 size_t available, struct error *error)
{
    if (!tensor_name_valid(name, length))
        return error_set(error, ERROR_MODEL, "a tensor's name is empty, too long or not printable");
    if (memory_grow((void **)&contents->tensors, &contents->tensor_capacity,
                    contents->tensor_count + 1, sizeof *contents->tensors, error))
        return -1;
    struct tensor *tensor = &contents->tensors[contents->tensor_count];
    *tensor = (struct tensor){.dtype = dtype, .shape = *shape, .bytes = bytes};
    if (!measure(tensor, stride, available)) {
        char text[SHAPE_TEXT_SIZE];
        return error_set(error, ERROR_MODEL,
                         "tensor %.*s has shape %s and dtype %s, which does not fit the %zu bytes "
                         "that the file has for it (truncated or damaged?)",
                         (int)length, name, shape_text(shape, text), dtype_name(dtype), available);
    }
    tensor->name = strndup(name, length);
    if (!tensor->name)
        return error_set(error, ERROR_MEMORY, "no memory for a tensor's name");
    contents->tensor_count++;
    return 0;
}

int contents_add_metadata(struct contents *contents, const char *key, const char *value,
                          struct error *error)
{
    if (memory_grow((void **)&contents->metadata, &contents->metadata_capacity,
                    contents->metadata_count + 1, sizeof *contents->metadata, error))
        return -1;
    struct metadata pair = {strdup(key), strdup(value)};
    if (!pair.key || !pair.value) {
        free(pair.key);
        free(pair.value);
        return error_set(error, ERROR_MEMORY, "no memory for metadata");
    }
    contents->metadata[contents->metadata_count++] = pair;
    return 0;
}

static int compare_tensors(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

int contents_sort(struct contents *contents, struct error *error)
{
    if (contents->tensor_count == 0)
        return error_set(error, ERROR_MODEL, "holds no tensors");
    qsort(contents->tensors, contents->tensor_count, sizeof *contents->tensors, compare_tensors);
    for (size_t i = 1; i < contents->tensor_count; i++)
        if (compare_tensors(&contents->tensors[i - 1], &contents->tensors[i]) == 0)
            return error_set(error, ERROR_MODEL, "tensor %s occurs twice",
                             contents->tensors[i].name);
    return 0;
}

static int compare_name(const void *name, const void *tensor)
{
    return strcmp(name, ((const struct tensor *)tensor)->name);
}

struct tensor *contents_find(const struct contents *contents, const char *name)
{
    return bsearch(name, contents->tensors, contents->tensor_count, sizeof *contents->tensors,
                   compare_name);
}

void contents_clear(struct contents *contents)
{
    for (size_t i = 0; i < contents->tensor_count; i++) {
        free(contents->tensors[i].name);
        memory_free(contents->tensors[i].owned);
    }
    for (size_t i = 0; i < contents->metadata_count; i++) {
        free(contents->metadata[i].key);
        free(contents->metadata[i].value);
    }
    free(contents->tensors);
    free(contents->metadata);
    *contents = (struct contents){0};
}
