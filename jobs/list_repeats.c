#include "jobs/list_repeats.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "jobs/list.h"
#include "jobs/list_output.h"

/* The first item with an output. */
struct entry {
    uint64_t hash; /* of the output */
    char *path;    /* owned */
    char *key;     /* owned */
    size_t folder;
    uint64_t line;
    uint64_t pass; /* in which its key was asked for last */
};

/* Open addressing over entries + 1; 0 is free. At most half of the slots are taken. */
struct list_repeats {
    struct entry *entries; /* [count] */
    size_t count, capacity;
    size_t *slots; /* [size] */
    size_t size;   /* a power of two, or 0 */
    uint64_t pass; /* from 1 */
    bool files;
};

struct list_repeats *list_repeats_new(bool files, struct error *error)
{
    struct list_repeats *repeats = memory_new(1, sizeof *repeats, "repeated items", error);
    if (repeats) {
        repeats->pass = 1;
        repeats->files = files;
    }
    return repeats;
}

static struct list_item item_of(const struct entry *entry)
{
    return (struct list_item){
        .path = entry->path, .key = entry->key, .folder = entry->folder, .line = entry->line};
}

/* The slot of an output, free or taken by it. There must be a free one. */
static size_t find_slot(const struct list_repeats *repeats, uint64_t hash,
                        struct list_output output)
{
    size_t slot = hash & (repeats->size - 1);
    while (repeats->slots[slot]) {
        const struct entry *entry = &repeats->entries[repeats->slots[slot] - 1];
        const struct list_item item = item_of(entry);
        if (entry->hash == hash && list_output_same(list_output_of(&item), output))
            break;
        slot = (slot + 1) & (repeats->size - 1);
    }
    return slot;
}

static int make_room(struct list_repeats *repeats, struct error *error)
{
    if (repeats->count < repeats->size / 2)
        return 0;
    size_t size = repeats->size ? 2 * repeats->size : 64;
    size_t *slots = memory_new(size, sizeof *slots, "repeated items", error);
    if (!slots)
        return -1;
    for (size_t i = 0; i < repeats->count; i++) {
        size_t slot = repeats->entries[i].hash & (size - 1);
        while (slots[slot])
            slot = (slot + 1) & (size - 1);
        slots[slot] = i + 1;
    }
    memory_free(repeats->slots);
    repeats->slots = slots;
    repeats->size = size;
    return 0;
}

static int add(struct list_repeats *repeats, const struct list_item *item, size_t slot,
               uint64_t hash, struct error *error)
{
    if (memory_grow((void **)&repeats->entries, &repeats->capacity, repeats->count + 1,
                    sizeof *repeats->entries, error))
        return -1;
    struct entry entry = {hash, strdup(item->path), strdup(item->key), item->folder, item->line, 0};
    if (!entry.path || !entry.key) {
        free(entry.path);
        free(entry.key);
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", item->path);
    }
    repeats->entries[repeats->count++] = entry;
    repeats->slots[slot] = repeats->count;
    return 0;
}

static bool same_file(const char *one, const char *other)
{
    struct stat a;
    struct stat b;
    return path_same(one, other) || (stat(one, &a) == 0 && stat(other, &b) == 0 &&
                                     a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

int list_repeats_note(struct list_repeats *repeats, const struct list_item *item,
                      struct error *error)
{
    struct list_output output = list_output_of(item);
    uint64_t hash = list_output_hash(output);
    if (make_room(repeats, error))
        return -1;
    size_t slot = find_slot(repeats, hash, output);
    if (repeats->slots[slot] == 0)
        return add(repeats, item, slot, hash, error);
    const struct entry *entry = &repeats->entries[repeats->slots[slot] - 1];
    bool same =
        repeats->files ? same_file(entry->path, item->path) : strcmp(entry->path, item->path) == 0;
    if (same && strcmp(entry->key, item->key) == 0)
        return 1;
    const struct list_item first = item_of(entry);
    return list_output_refuse(&first, item, output, error);
}

bool list_repeats_skip(struct list_repeats *repeats, const struct list_item *item)
{
    if (repeats->size == 0)
        return false;
    struct list_output output = list_output_of(item);
    size_t slot = find_slot(repeats, list_output_hash(output), output);
    if (repeats->slots[slot] == 0)
        return false;
    struct entry *entry = &repeats->entries[repeats->slots[slot] - 1];
    if (strcmp(entry->key, item->key) != 0)
        return false;
    bool skip = entry->pass == repeats->pass;
    entry->pass = repeats->pass;
    return skip;
}

void list_repeats_rewind(struct list_repeats *repeats)
{
    repeats->pass++;
}

void list_repeats_free(struct list_repeats *repeats)
{
    if (!repeats)
        return;
    for (size_t i = 0; i < repeats->count; i++) {
        free(repeats->entries[i].path);
        free(repeats->entries[i].key);
    }
    free(repeats->entries);
    memory_free(repeats->slots);
    memory_free(repeats);
}
