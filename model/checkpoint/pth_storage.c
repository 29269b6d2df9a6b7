#include "model/checkpoint/pth_storage.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

static int compare_keys(const void *a, const void *b)
{
    const struct pth_storage *first = a;
    const struct pth_storage *second = b;
    size_t shorter =
        first->key_length < second->key_length ? first->key_length : second->key_length;
    int order = memcmp(first->key, second->key, shorter);
    return order ? order
                 : (first->key_length > second->key_length) -
                       (first->key_length < second->key_length);
}

/* The id is ('storage', class, key, device, count). The legacy layout has a sixth part: None, or a
 * view of another storage, which torch has not written since 2017. */
static bool parse_id(const struct pickle_value *id, struct pth_storage *storage)
{
    if (id->kind != PICKLE_TUPLE || id->items.count < 5 || id->items.count > 6)
        return false;
    struct pickle_value **part = id->items.values;
    if (!pickle_is_text(part[0], "storage") || part[1]->kind != PICKLE_FUNCTION ||
        part[1]->function->tag < PTH_STORAGE || part[2]->kind != PICKLE_TEXT ||
        part[4]->kind != PICKLE_INTEGER || part[4]->integer < 0 ||
        (id->items.count == 6 && part[5]->kind != PICKLE_NONE))
        return false;
    *storage = (struct pth_storage){
        .key = part[2]->text.bytes,
        .key_length = part[2]->text.length,
        .dtype = (enum dtype)(part[1]->function->tag - PTH_STORAGE),
        .count = (size_t)part[4]->integer,
    };
    return true;
}

/* Removes duplicate keys from the sorted list; their types and sizes must agree. */
static int merge_equal(struct pth_storages *storages, struct error *error)
{
    size_t kept = 0;
    for (size_t i = 0; i < storages->count; i++) {
        const struct pth_storage *storage = &storages->list[i];
        const struct pth_storage *last = &storages->list[kept ? kept - 1 : 0];
        if (kept == 0 || compare_keys(last, storage) != 0)
            storages->list[kept++] = *storage;
        else if (last->dtype != storage->dtype || last->count != storage->count)
            return error_set(error, ERROR_MODEL,
                             "the pickle is damaged: one storage has two types or sizes");
    }
    storages->count = kept;
    return 0;
}

int pth_storages_collect(struct pth_storages *storages, const struct pickle *pickle,
                         struct error *error)
{
    *storages = (struct pth_storages){0};
    const struct pickle_value *value;
    for (size_t i = 0; (value = pickle_value_at(pickle, i)); i++) {
        if (value->kind != PICKLE_PERSISTENT)
            continue;
        if (memory_grow((void **)&storages->list, &storages->capacity, storages->count + 1,
                        sizeof *storages->list, error))
            return -1;
        if (!parse_id(value->operand, &storages->list[storages->count]))
            return error_set(error, ERROR_MODEL,
                             "the pickle refers to a storage in a way that torch.save does not");
        storages->count++;
    }
    if (storages->count == 0)
        return error_set(error, ERROR_MODEL, "holds no tensors");
    qsort(storages->list, storages->count, sizeof *storages->list, compare_keys);
    return merge_equal(storages, error);
}

void pth_storages_free(struct pth_storages *storages)
{
    free(storages->list);
    *storages = (struct pth_storages){0};
}

struct pth_storage *pth_storages_find(const struct pth_storages *storages, const char *key,
                                      size_t length)
{
    const struct pth_storage wanted = {.key = key, .key_length = length};
    return bsearch(&wanted, storages->list, storages->count, sizeof *storages->list, compare_keys);
}

const struct pth_storage *pth_storages_resolve(const struct pth_storages *storages,
                                               const struct pickle_value *persistent)
{
    struct pth_storage id;
    return persistent->kind == PICKLE_PERSISTENT && parse_id(persistent->operand, &id)
               ? pth_storages_find(storages, id.key, id.key_length)
               : NULL;
}
