#include "model/checkpoint/pth.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/checkpoint/foreign.h"
#include "model/checkpoint/pth_script.h"
#include "model/checkpoint/pth_storage.h"
#include "model/checkpoint/zip.h"

/* The magic number 0x1950a86a20f9469cfc6c as a pickle, after the opcode of its protocol (2 or 3).
 */
static const unsigned char LEGACY_MAGIC[] = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9,
                                             0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
enum { LEGACY_MAGIC_AT = 2, LEGACY_PROTOCOL = 1001, COUNT_BYTES = 8, MEMBER_NAME_MAX = 1024 };

static bool is_legacy(const unsigned char *bytes, size_t size)
{
    return size > LEGACY_MAGIC_AT + sizeof LEGACY_MAGIC && bytes[0] == 0x80 &&
           memcmp(bytes + LEGACY_MAGIC_AT, LEGACY_MAGIC, sizeof LEGACY_MAGIC) == 0;
}

bool pth_recognise(const unsigned char *bytes, size_t size)
{
    return zip_recognise(bytes, size) || is_legacy(bytes, size);
}

/* ---- zip ---- */

static bool ends_with(const struct zip_member *member, const char *suffix)
{
    size_t length = strlen(suffix);
    return member->name_length >= length &&
           memcmp(member->name + member->name_length - length, suffix, length) == 0;
}

/* NAME/data.pkl, whatever NAME is. */
static const struct zip_member *find_pickle(const struct zip *zip)
{
    for (size_t i = 0; i < zip->count; i++)
        if (ends_with(&zip->members[i], "/data.pkl"))
            return &zip->members[i];
    return zip_find(zip, "data.pkl", strlen("data.pkl"));
}

/* The member NAME/folder + key beside the pickle NAME/data.pkl, or NULL. */
static const struct zip_member *find_beside(const struct zip *zip, const struct zip_member *pickle,
                                            const char *folder, const char *key, size_t key_length)
{
    char name[MEMBER_NAME_MAX];
    size_t prefix = pickle->name_length - strlen("data.pkl");
    if (prefix >= sizeof name || key_length >= sizeof name)
        return NULL;
    int length = snprintf(name, sizeof name, "%.*s%s%.*s", (int)prefix, pickle->name, folder,
                          (int)key_length, key);
    return length < MEMBER_NAME_MAX ? zip_find(zip, name, (size_t)length) : NULL;
}

static int check_stored(const struct zip_member *member, struct error *error)
{
    return member->packed
               ? error_set(error, ERROR_MODEL,
                           "a part of the zip archive is compressed or encrypted, which torch.save "
                           "never does")
               : 0;
}

static int locate_in_zip(struct pth_storages *storages, const struct zip *zip,
                         const struct zip_member *pickle, struct error *error)
{
    for (size_t i = 0; i < storages->count; i++) {
        struct pth_storage *storage = &storages->list[i];
        const struct zip_member *member =
            find_beside(zip, pickle, "data/", storage->key, storage->key_length);
        size_t bytes;
        if (!member)
            return error_set(error, ERROR_MODEL, "the data of storage %zu of %zu is missing", i + 1,
                             storages->count);
        if (check_stored(member, error))
            return -1;
        if (__builtin_mul_overflow(storage->count, dtype_size(storage->dtype), &bytes) ||
            bytes > member->size)
            return error_set(error, ERROR_MODEL,
                             "storage %zu of %zu should hold %zu numbers of %s, but has %zu bytes "
                             "(damaged?)",
                             i + 1, storages->count, storage->count, dtype_name(storage->dtype),
                             member->size);
        storage->bytes = member->bytes;
    }
    return 0;
}

static int read_members(const struct zip *zip, struct tensor_table *table, struct error *error)
{
    const char *foreign = foreign_zip(zip);
    const struct zip_member *member = find_pickle(zip);
    if (foreign)
        return error_set(error, ERROR_MODEL, "not a checkpoint, but %s", foreign);
    if (!member)
        return error_set(error, ERROR_MODEL,
                         "the zip archive has no data.pkl: torch.save did not write it");
    if (check_stored(member, error))
        return -1;
    const struct zip_member *order = find_beside(zip, member, "byteorder", "", 0);
    if (order && (order->packed || order->size != strlen("little") ||
                  memcmp(order->bytes, "little", order->size) != 0))
        return error_set(error, ERROR_MODEL,
                         "written on a big-endian machine, which is not supported");
    struct pickle *pickle;
    if (pickle_read(&pickle, member->bytes, member->size, pth_functions, error))
        return -1;
    bool script = find_beside(zip, member, "constants.pkl", "", 0) != NULL;
    table->format = script ? "TorchScript" : "PyTorch zip";
    struct pth_storages storages = {0};
    int failed = script ? pth_check_modules(pickle, error) : 0;
    if (!failed)
        failed = pth_storages_collect(&storages, pickle, error);
    if (!failed)
        failed = locate_in_zip(&storages, zip, member, error);
    if (!failed)
        failed = (script ? pth_add_modules : pth_add_tensors)(pickle, &storages, table, error);
    pth_storages_free(&storages);
    pickle_free(pickle);
    return failed;
}

static int read_zip(const unsigned char *bytes, size_t size, struct tensor_table *table,
                    struct error *error)
{
    struct zip zip;
    int failed = zip_open(&zip, bytes, size, error);
    if (!failed)
        failed = read_members(&zip, table, error);
    zip_close(&zip);
    return failed;
}

/* ---- legacy ---- */

/* The part of the file not read yet. */
struct rest {
    const unsigned char *bytes;
    size_t size;
};

static int next_pickle(struct rest *rest, struct pickle **pickle, struct error *error)
{
    if (pickle_read(pickle, rest->bytes, rest->size, pth_functions, error))
        return -1;
    rest->bytes += pickle_size(*pickle);
    rest->size -= pickle_size(*pickle);
    return 0;
}

static int check_protocol(struct rest *rest, struct error *error)
{
    struct pickle *pickle;
    if (next_pickle(rest, &pickle, error))
        return -1;
    const struct pickle_value *version = pickle_root(pickle);
    bool known = version->kind == PICKLE_INTEGER && version->integer == LEGACY_PROTOCOL;
    pickle_free(pickle);
    return known
               ? 0
               : error_set(error, ERROR_MODEL,
                           "the legacy PyTorch file has another version than %d", LEGACY_PROTOCOL);
}

static int check_machine(struct rest *rest, struct error *error)
{
    struct pickle *pickle;
    if (next_pickle(rest, &pickle, error))
        return -1;
    const struct pickle_value *facts = pickle_root(pickle);
    bool little = false;
    if (facts->kind == PICKLE_DICT)
        for (size_t i = 0; i < facts->items.count; i += 2)
            if (pickle_is_text(facts->items.values[i], "little_endian"))
                little = facts->items.values[i + 1]->kind == PICKLE_BOOL &&
                         facts->items.values[i + 1]->integer;
    pickle_free(pickle);
    return little ? 0
                  : error_set(error, ERROR_MODEL,
                              "written on a big-endian machine, which is not supported");
}

/* Locates the next storage of the file's data. */
static int locate_next(struct pth_storages *storages, const struct pickle_value *key,
                       struct rest *rest, struct error *error)
{
    struct pth_storage *storage =
        key->kind == PICKLE_TEXT ? pth_storages_find(storages, key->text.bytes, key->text.length)
                                 : NULL;
    if (!storage)
        return error_set(error, ERROR_MODEL, "the list of storages has one that no tensor uses");
    uint64_t count = 0;
    size_t bytes;
    for (int i = COUNT_BYTES - 1; i >= 0 && rest->size >= COUNT_BYTES; i--)
        count = count << 8 | rest->bytes[i];
    if (rest->size < COUNT_BYTES || count != storage->count ||
        __builtin_mul_overflow(storage->count, dtype_size(storage->dtype), &bytes) ||
        bytes > rest->size - COUNT_BYTES)
        return error_set(error, ERROR_MODEL,
                         "the data of a storage of %zu numbers of %s is incomplete (truncated?)",
                         storage->count, dtype_name(storage->dtype));
    storage->bytes = rest->bytes + COUNT_BYTES;
    rest->bytes += COUNT_BYTES + bytes;
    rest->size -= COUNT_BYTES + bytes;
    return 0;
}

static int locate_in_rest(struct pth_storages *storages, struct rest *rest, struct error *error)
{
    struct pickle *pickle;
    if (next_pickle(rest, &pickle, error))
        return -1;
    const struct pickle_value *keys = pickle_root(pickle);
    int failed = 0;
    if (keys->kind != PICKLE_LIST)
        failed = error_set(error, ERROR_MODEL, "the list of storages is missing");
    for (size_t i = 0; !failed && i < keys->items.count; i++)
        failed = locate_next(storages, keys->items.values[i], rest, error);
    for (size_t i = 0; !failed && i < storages->count; i++)
        if (!storages->list[i].bytes)
            failed = error_set(error, ERROR_MODEL, "the data of storage %zu of %zu is missing",
                               i + 1, storages->count);
    pickle_free(pickle);
    return failed;
}

static int read_legacy(const unsigned char *bytes, size_t size, struct tensor_table *table,
                       struct error *error)
{
    size_t magic = LEGACY_MAGIC_AT + sizeof LEGACY_MAGIC;
    struct rest rest = {bytes + magic, size - magic};
    table->format = "PyTorch legacy";
    struct pickle *pickle;
    if (check_protocol(&rest, error) || check_machine(&rest, error) ||
        next_pickle(&rest, &pickle, error))
        return -1;
    struct pth_storages storages;
    int failed = pth_storages_collect(&storages, pickle, error);
    if (!failed)
        failed = locate_in_rest(&storages, &rest, error);
    if (!failed)
        failed = pth_add_tensors(pickle, &storages, table, error);
    pth_storages_free(&storages);
    pickle_free(pickle);
    return failed;
}

int pth_read(const unsigned char *bytes, size_t size, struct tensor_table *table,
             struct error *error)
{
    return zip_recognise(bytes, size) ? read_zip(bytes, size, table, error)
                                      : read_legacy(bytes, size, table, error);
}
