#include "model/checkpoint/safetensors.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "model/checkpoint/tensor_table.h"

enum {
    LENGTH_BYTES = 8,
    HEADER_MAX = 100 * 1000 * 1000 /* bytes; the format's own library has the same limit */
};

static uint64_t read_length(const unsigned char *bytes)
{
    uint64_t length = 0;
    for (int i = LENGTH_BYTES - 1; i >= 0; i--)
        length = length << 8 | bytes[i];
    return length;
}

bool safetensors_recognise(const unsigned char *bytes, size_t size)
{
    return size > LENGTH_BYTES && bytes[LENGTH_BYTES] == '{';
}

static int parse_shape(const json_t *value, struct shape *shape)
{
    *shape = (struct shape){0};
    if (!json_is_array(value) || json_array_size(value) > SHAPE_RANK_MAX)
        return -1;
    shape->rank = (int)json_array_size(value);
    for (int i = 0; i < shape->rank; i++) {
        const json_t *size = json_array_get(value, (size_t)i);
        if (!json_is_integer(size) || json_integer_value(size) < 0)
            return -1;
        shape->size[i] = json_integer_value(size);
    }
    return 0;
}

/* 0 <= *begin <= *end <= size. */
static int parse_offsets(const json_t *value, size_t size, size_t *begin, size_t *end)
{
    const json_t *first = json_array_get(value, 0);
    const json_t *last = json_array_get(value, 1);
    if (json_array_size(value) != 2 || !json_is_integer(first) || !json_is_integer(last) ||
        json_integer_value(first) < 0 || json_integer_value(last) < json_integer_value(first) ||
        (uint64_t)json_integer_value(last) > size)
        return -1;
    *begin = (size_t)json_integer_value(first);
    *end = (size_t)json_integer_value(last);
    return 0;
}

static int add_tensor(const char *name, const json_t *entry, const unsigned char *data, size_t size,
                      struct tensor_table *table, struct error *error)
{
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    struct shape shape;
    size_t begin, end;
    if (!tensor_name_valid(name, strlen(name)))
        return error_set(error, ERROR_MODEL, "a tensor's name is empty, too long or not printable");
    if (!dtype)
        return error_set(error, ERROR_MODEL, "tensor %s has no dtype", name);
    if (parse_shape(json_object_get(entry, "shape"), &shape))
        return error_set(error, ERROR_MODEL, "tensor %s has no valid shape", name);
    if (parse_offsets(json_object_get(entry, "data_offsets"), size, &begin, &end))
        return error_set(error, ERROR_MODEL,
                         "tensor %s has data_offsets outside the file's %zu bytes of data "
                         "(truncated or damaged?)",
                         name, size);
    const struct tensor_entry found = {
        .name = name,
        .name_length = strlen(name),
        .dtype = dtype_parse(dtype),
        .shape = &shape,
        .bytes = data + begin,
        .available = end - begin,
    };
    if (tensor_table_add(table, &found, error))
        return -1;
    const struct tensor *tensor = &table->tensors[table->tensor_count - 1];
    if (tensor->dtype != DTYPE_OTHER && tensor->extent != end - begin)
        return error_set(error, ERROR_MODEL,
                         "tensor %s has %zu bytes of data, but its shape needs %zu", name,
                         end - begin, tensor->extent);
    return 0;
}

static int add_metadata(const json_t *object, struct tensor_table *table, struct error *error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return error_set(error, ERROR_MODEL, "__metadata__ is not a JSON object");
    json_object_foreach((json_t *)object, key, value)
    {
        if (!json_is_string(value))
            return error_set(error, ERROR_MODEL, "__metadata__ holds a value that is not a string");
        if (tensor_table_add_metadata(table, key, json_string_value(value), error))
            return -1;
    }
    return 0;
}

static int compare_positions(const void *a, const void *b)
{
    const struct tensor *first = a;
    const struct tensor *second = b;
    return first->bytes != second->bytes
               ? (first->bytes > second->bytes) - (first->bytes < second->bytes)
               : (first->extent > second->extent) - (first->extent < second->extent);
}

/* Leaves the tensors sorted by where their data lies. */
static int check_overlap(struct tensor_table *table, struct error *error)
{
    if (table->tensor_count == 0)
        return 0;
    qsort(table->tensors, table->tensor_count, sizeof *table->tensors, compare_positions);
    for (size_t i = 1; i < table->tensor_count; i++) {
        const struct tensor *before = &table->tensors[i - 1];
        const struct tensor *tensor = &table->tensors[i];
        if (before->bytes + before->extent > tensor->bytes)
            return error_set(error, ERROR_MODEL, "the data of tensors %s and %s overlap",
                             before->name, tensor->name);
    }
    return 0;
}

int safetensors_read(const unsigned char *bytes, size_t size, struct tensor_table *table,
                     struct error *error)
{
    table->format = "safetensors";
    uint64_t length = size >= LENGTH_BYTES ? read_length(bytes) : 0;
    if (size < LENGTH_BYTES || length > size - LENGTH_BYTES || length > HEADER_MAX)
        return error_set(error, ERROR_MODEL,
                         "the safetensors header would be %llu bytes long in a file of %zu bytes "
                         "(truncated or damaged?)",
                         (unsigned long long)length, size);
    json_error_t where;
    json_t *header = json_load_bounded((const char *)bytes + LENGTH_BYTES, (size_t)length,
                                       JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(header)) {
        bool twice = !header && json_error_code(&where) == json_error_duplicate_key;
        json_decref(header);
        return error_set(error, ERROR_MODEL, "the safetensors header %s",
                         twice ? "names a tensor twice" : "is not a JSON object (damaged?)");
    }
    const unsigned char *data = bytes + LENGTH_BYTES + length;
    const char *name;
    json_t *entry;
    int failed = 0;
    bool described = table->metadata_count > 0; /* by the first shard, which speaks for all */
    json_object_foreach(header, name, entry)
    {
        if (strcmp(name, "__metadata__") == 0)
            failed = described ? 0 : add_metadata(entry, table, error);
        else
            failed =
                add_tensor(name, entry, data, size - LENGTH_BYTES - (size_t)length, table, error);
        if (failed)
            break;
    }
    json_decref(header);
    return failed ? failed : check_overlap(table, error);
}
