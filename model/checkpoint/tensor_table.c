#include "model/checkpoint/tensor_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [DTYPE_F32] = {"F32", 4},     [DTYPE_F16] = {"F16", 2}, [DTYPE_BF16] = {"BF16", 2},
    [DTYPE_F64] = {"F64", 8},     [DTYPE_I64] = {"I64", 8}, [DTYPE_I32] = {"I32", 4},
    [DTYPE_I16] = {"I16", 2},     [DTYPE_I8] = {"I8", 1},   [DTYPE_U8] = {"U8", 1},
    [DTYPE_BOOL] = {"BOOL", 1},   [DTYPE_C64] = {"C64", 8}, [DTYPE_C128] = {"C128", 16},
    [DTYPE_OTHER] = {"other", 0},
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

/* *numbers = how many numbers the tensor spans, from its first number to its last. */
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

/* Fills in the sizes of a tensor whose shape is set. False if they overflow or exceed `available`
 * bytes, or if several numbers share memory. */
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

int tensor_table_add(struct tensor_table *table, const struct tensor_entry *entry,
                     struct error *error)
{
    if (!tensor_name_valid(entry->name, entry->name_length))
        return error_set(error, ERROR_MODEL, "a tensor's name is empty, too long or not printable");
    if (memory_grow((void **)&table->tensors, &table->tensor_capacity, table->tensor_count + 1,
                    sizeof *table->tensors, error))
        return -1;
    struct tensor *tensor = &table->tensors[table->tensor_count];
    *tensor = (struct tensor){.dtype = entry->dtype, .shape = *entry->shape, .bytes = entry->bytes};
    if (!measure(tensor, entry->stride, entry->available)) {
        char text[SHAPE_TEXT_SIZE];
        return error_set(error, ERROR_MODEL,
                         "tensor %.*s has shape %s and dtype %s, which does not fit the %zu bytes "
                         "that the file has for it (truncated or damaged?)",
                         (int)entry->name_length, entry->name, shape_text(entry->shape, text),
                         dtype_name(entry->dtype), entry->available);
    }
    tensor->name = strndup(entry->name, entry->name_length);
    if (!tensor->name)
        return error_set(error, ERROR_MEMORY, "no memory for the name of a tensor");
    table->tensor_count++;
    return 0;
}

int tensor_table_add_metadata(struct tensor_table *table, const char *key, const char *value,
                              struct error *error)
{
    if (memory_grow((void **)&table->metadata, &table->metadata_capacity, table->metadata_count + 1,
                    sizeof *table->metadata, error))
        return -1;
    struct metadata pair = {strdup(key), strdup(value)};
    if (!pair.key || !pair.value) {
        free(pair.key);
        free(pair.value);
        return error_set(error, ERROR_MEMORY, "no memory for metadata");
    }
    table->metadata[table->metadata_count++] = pair;
    return 0;
}

const char *tensor_own_name(const struct tensor *tensor)
{
    return tensor->own ? tensor->own : tensor->name;
}

static int compare_tensors(const void *a, const void *b)
{
    return strcmp(((const struct tensor *)a)->name, ((const struct tensor *)b)->name);
}

/* Puts tensors of one name in the order of their own names. */
static int compare_all_names(const void *a, const void *b)
{
    int order = compare_tensors(a, b);
    return order ? order : strcmp(tensor_own_name(a), tensor_own_name(b));
}

static bool same_numbers(const struct tensor *a, const struct tensor *b)
{
    return a->dtype == b->dtype && shape_equal(&a->shape, &b->shape) &&
           shape_equal(&a->stride, &b->stride) && a->extent == b->extent &&
           memcmp(a->bytes, b->bytes, a->extent) == 0;
}

static void free_tensor(struct tensor *tensor)
{
    free(tensor->name);
    free(tensor->own);
    memory_free(tensor->owned);
}

/* Whether two tensors of one name may be taken for one. */
static int check_twins(const struct tensor *a, const struct tensor *b, struct error *error)
{
    if (strcmp(tensor_own_name(a), tensor_own_name(b)) == 0)
        return error_set(error, ERROR_MODEL, "tensor %s occurs twice", tensor_own_name(a));
    if (!same_numbers(a, b))
        return error_set(error, ERROR_MODEL,
                         "tensors %s and %s are one in this model, but the file has different ones",
                         tensor_own_name(a), tensor_own_name(b));
    return 0;
}

/* Of sorted tensors, keeps one of each name. */
static int drop_twins(struct tensor_table *table, struct error *error)
{
    struct tensor *tensors = table->tensors;
    size_t kept = 1;
    int failed = 0;
    for (size_t i = 1; i < table->tensor_count; i++) {
        bool twins = !failed && compare_tensors(&tensors[kept - 1], &tensors[i]) == 0;
        if (twins)
            failed = check_twins(&tensors[kept - 1], &tensors[i], error);
        if (twins && !failed)
            free_tensor(&tensors[i]);
        else
            tensors[kept++] = tensors[i];
    }
    table->tensor_count = kept;
    return failed;
}

int tensor_table_sort(struct tensor_table *table, struct error *error)
{
    if (table->tensor_count == 0)
        return error_set(error, ERROR_MODEL, "holds no tensors");
    qsort(table->tensors, table->tensor_count, sizeof *table->tensors, compare_all_names);
    return drop_twins(table, error);
}

static int compare_name(const void *name, const void *tensor)
{
    return strcmp(name, ((const struct tensor *)tensor)->name);
}

struct tensor *tensor_table_find(const struct tensor_table *table, const char *name)
{
    return bsearch(name, table->tensors, table->tensor_count, sizeof *table->tensors, compare_name);
}

void tensor_table_clear(struct tensor_table *table)
{
    for (size_t i = 0; i < table->tensor_count; i++)
        free_tensor(&table->tensors[i]);
    for (size_t i = 0; i < table->metadata_count; i++) {
        free(table->metadata[i].key);
        free(table->metadata[i].value);
    }
    free(table->tensors);
    free(table->metadata);
    *table = (struct tensor_table){0};
}
