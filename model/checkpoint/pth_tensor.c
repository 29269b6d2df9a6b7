#include <string.h>

#include "base/error.h"
#include "model/checkpoint/pth_storage.h"
#include "model/checkpoint/pth_weights.h"
#include "model/checkpoint/unread.h"

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

/* Arguments: storage, offset of the first number, sizes, strides, and others not needed here. */
int pth_add_tensor(const char *name, size_t length, const struct pickle_value *arguments,
                   const struct pth_storages *storages, struct tensor_table *table,
                   struct error *error)
{
    struct pickle_value **part = arguments->items.values;
    struct shape shape, stride;
    if (!tensor_name_valid(name, length))
        return error_set(error, ERROR_MODEL, "a tensor's name is empty, too long or not printable");
    const struct pth_storage *storage =
        arguments->items.count >= 4 ? pth_storages_resolve(storages, part[0]) : NULL;
    if (!storage || part[1]->kind != PICKLE_INTEGER || !parse_shape(part[2], &shape) ||
        !parse_shape(part[3], &stride) || shape.rank != stride.rank)
        return error_set(error, ERROR_MODEL, "the pickle is damaged at tensor %.*s", (int)length,
                         name);
    int64_t offset = part[1]->integer;
    if (offset < 0 || (size_t)offset > storage->count)
        return error_set(error, ERROR_MODEL, "tensor %.*s begins outside its storage", (int)length,
                         name);
    size_t size = dtype_size(storage->dtype);
    const struct tensor_entry found = {
        .name = name,
        .name_length = length,
        .dtype = storage->dtype,
        .shape = &shape,
        .stride = &stride,
        .bytes = storage->bytes + (size_t)offset * size,
        .available = (storage->count - (size_t)offset) * size,
    };
    return tensor_table_add(table, &found, error);
}

static int refuse_module(const struct pickle_value *class, struct error *error)
{
    char name[PICKLE_NAME_SIZE];
    pickle_unlisted_name(class, name);
    const char *family = unread_class(name);
    if (family)
        return error_set(error, ERROR_MODEL, "%s (a pickled module, %s)", family, name);
    return error_set(error, ERROR_MODEL,
                     "holds a whole module (%s) as a pickled object, which needs its Python code: "
                     "load it there if you trust the file, and save model.state_dict()",
                     name);
}

int pth_add_tensors(const struct pickle *pickle, const struct pth_storages *storages,
                    struct tensor_table *table, struct error *error)
{
    const struct pickle_value *dict =
        pth_find_weights(pickle_root(pickle), table->inside, sizeof table->inside);
    const struct pickle_value *module = pth_find_module(pickle);
    if (module && !(dict && pth_has_encoder(dict)))
        return refuse_module(module, error);
    if (!dict)
        return error_set(error, ERROR_MODEL,
                         "holds no dictionary of tensors (save model.state_dict())");
    for (size_t i = 0; i + 1 < dict->items.count; i += 2) {
        const struct pickle_value *key = dict->items.values[i];
        const struct pickle_value *arguments = pth_find_tensor(dict->items.values[i + 1]);
        bool named = key->kind == PICKLE_TEXT;
        if (arguments && pth_add_tensor(named ? key->text.bytes : "", named ? key->text.length : 0,
                                        arguments, storages, table, error))
            return -1;
    }
    return 0;
}
