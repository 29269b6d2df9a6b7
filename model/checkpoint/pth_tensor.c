#include <string.h>

#include "base/error.h"
#include "model/checkpoint/pth_storage.h"

enum { WRAPPERS_MAX = 4 }; /* nested dictionaries around the weights */

static bool parse_shape(const struct pickle_value *tuple, struct shape *shape)
{
    *shape = (struct shape){0};
    if (tuple->kind != PICKLE_TUPLE || tuple->items.count > SHAPE_RANK_MAX)
        return false;
    shape->rank = (int)tuple->items.count;
    for (int i = 0; i < shape->rank; i++) {
        const struct pickle_value *size = tuple->items.values[i];
        if (size->kind != PICKLE_INTEGER || size->integer < 0)
            return false;
        shape->size[i] = size->integer;
    }
    return true;
}

/* The call that builds a tensor, which calls that build a Parameter may wrap; NULL if the value is
 * neither. A call's arguments were created before it, so the loop ends. */
static const struct pickle_value *find_tensor(const struct pickle_value *value)
{
    while (value->kind == PICKLE_CALL && value->function->tag == PTH_PARAMETER &&
           value->operand->items.count > 0)
        value = value->operand->items.values[0];
    return value->kind == PICKLE_CALL && value->function->tag == PTH_TENSOR ? value : NULL;
}

/* Arguments: storage, offset of the first number, sizes, strides, and others not needed here. */
static int add_tensor(const struct pickle_value *key, const struct pickle_value *tensor,
                      const struct pth_storages *storages, struct tensor_table *table,
                      struct error *error)
{
    const struct pickle_value *arguments = tensor->operand;
    struct pickle_value **part = arguments->items.values;
    struct shape shape, stride;
    if (key->kind != PICKLE_TEXT || !tensor_name_valid(key->text.bytes, key->text.length))
        return error_set(error, ERROR_MODEL, "a tensor's name is empty, too long or not printable");
    const struct pth_storage *storage =
        arguments->items.count >= 4 ? pth_storages_resolve(storages, part[0]) : NULL;
    if (!storage || part[1]->kind != PICKLE_INTEGER || !parse_shape(part[2], &shape) ||
        !parse_shape(part[3], &stride) || shape.rank != stride.rank)
        return error_set(error, ERROR_MODEL, "the pickle is damaged at tensor %.*s",
                         (int)key->text.length, key->text.bytes);
    int64_t offset = part[1]->integer;
    if (offset < 0 || (size_t)offset > storage->count)
        return error_set(error, ERROR_MODEL, "tensor %.*s begins outside its storage",
                         (int)key->text.length, key->text.bytes);
    size_t size = dtype_size(storage->dtype);
    const struct tensor_entry found = {
        .name = key->text.bytes,
        .name_length = key->text.length,
        .dtype = storage->dtype,
        .shape = &shape,
        .stride = &stride,
        .bytes = storage->bytes + (size_t)offset * size,
        .available = (storage->count - (size_t)offset) * size,
    };
    return tensor_table_add(table, &found, error);
}

static bool has_tensors(const struct pickle_value *dict)
{
    for (size_t i = 1; i < dict->items.count; i += 2)
        if (find_tensor(dict->items.values[i]))
            return true;
    return false;
}

/* The dictionary under one of the usual names, or NULL. */
static const struct pickle_value *unwrap(const struct pickle_value *dict)
{
    static const char *const names[] = {"model", "state_dict", "model_state_dict"};
    for (size_t i = 0; i < dict->items.count; i += 2)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            if (pickle_is_text(dict->items.values[i], names[n]) &&
                dict->items.values[i + 1]->kind == PICKLE_DICT)
                return dict->items.values[i + 1];
    return NULL;
}

int pth_add_tensors(const struct pickle *pickle, const struct pth_storages *storages,
                    struct tensor_table *table, struct error *error)
{
    const struct pickle_value *dict = pickle_root(pickle);
    if (dict->kind != PICKLE_DICT)
        dict = NULL;
    for (int i = 0; i < WRAPPERS_MAX && dict && !has_tensors(dict); i++)
        dict = unwrap(dict);
    if (!dict || !has_tensors(dict))
        return error_set(error, ERROR_MODEL,
                         "holds no dictionary of tensors (save model.state_dict())");
    for (size_t i = 0; i + 1 < dict->items.count; i += 2) {
        const struct pickle_value *tensor = find_tensor(dict->items.values[i + 1]);
        if (tensor && add_tensor(dict->items.values[i], tensor, storages, table, error))
            return -1;
    }
    return 0;
}
