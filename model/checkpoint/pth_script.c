#include "model/checkpoint/pth_script.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/foreign.h"
#include "model/checkpoint/pickle.h"
#include "model/checkpoint/pth_storage.h"
#include "model/checkpoint/pth_weights.h"
#include "model/checkpoint/tensor_table.h"

/* A walk through the modules. */
struct walk {
    const struct pth_storages *storages;
    struct tensor_table *table;
    struct error *error;
    size_t modules;               /* visited so far */
    char name[TENSOR_WHERE_SIZE]; /* of the present place; not terminated */
};

/* The attributes of a module, or NULL if the value is none. */
static const struct pickle_value *attributes_of(const struct pickle_value *value)
{
    return value->kind == PICKLE_OBJECT && value->items.count == 2 &&
                   value->items.values[1]->kind == PICKLE_DICT
               ? value->items.values[1]
               : NULL;
}

/* Writes the attribute's name behind the first `length` bytes of the walk's name. *joined is the new length. */
static int join(struct walk *walk, size_t length, const struct pickle_value *key, size_t *joined)
{
    size_t dot = length > 0;
    if (key->kind != PICKLE_TEXT || !tensor_name_valid(key->text.bytes, key->text.length) ||
        key->text.length >= sizeof walk->name - length - dot)
        return error_set(walk->error, ERROR_MODEL,
                         "the name of a module or tensor is empty, too long or not printable");
    if (dot)
        walk->name[length] = '.';
    memcpy(walk->name + length + dot, key->text.bytes, key->text.length);
    *joined = length + dot + key->text.length;
    return 0;
}

/* Adds what the attributes hold, whose module's name has `length` bytes. Modules may contain themselves: the limits end
 * that. */
static int add_attributes(struct walk *walk, const struct pickle_value *attributes, size_t length,
                          int level)
{
    if (level == SCRIPT_LEVELS_MAX || ++walk->modules > SCRIPT_MODULES_MAX)
        return error_set(walk->error, ERROR_MODEL,
                         "the TorchScript archive has more than %d modules, or more than %d within "
                         "each other",
                         SCRIPT_MODULES_MAX, SCRIPT_LEVELS_MAX);
    for (size_t i = 0; i + 1 < attributes->items.count; i += 2) {
        const struct pickle_value *value = attributes->items.values[i + 1];
        const struct pickle_value *tensor = pth_find_tensor(value), *inner = attributes_of(value);
        size_t joined = 0;
        if (!tensor && !inner)
            continue;
        if (join(walk, length, attributes->items.values[i], &joined) < 0)
            return -1;
        if (tensor ? pth_add_tensor(walk->name, joined, tensor, walk->storages, walk->table,
                                    walk->error)
                   : add_attributes(walk, inner, joined, level + 1))
            return -1;
    }
    return 0;
}

static bool has_storages(const struct pickle *pickle)
{
    const struct pickle_value *value;
    for (size_t i = 0; (value = pickle_value_at(pickle, i)); i++)
        if (value->kind == PICKLE_PERSISTENT)
            return true;
    return false;
}

int pth_check_modules(const struct pickle *pickle, struct error *error)
{
    return attributes_of(pickle_root(pickle)) && has_storages(pickle)
               ? 0
               : error_set(error, ERROR_MODEL, "not a checkpoint, but %s", FOREIGN_TORCHSCRIPT);
}

int pth_add_modules(const struct pickle *pickle, const struct pth_storages *storages,
                    struct tensor_table *table, struct error *error)
{
    struct walk walk = {.storages = storages, .table = table, .error = error};
    return add_attributes(&walk, attributes_of(pickle_root(pickle)), 0, 0);
}
