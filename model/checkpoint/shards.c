#include "model/checkpoint/shards.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "base/path.h"
#include "model/checkpoint/tensor_table.h"

bool shards_recognise(const unsigned char *bytes, size_t size)
{
    static const char key[] = "\"weight_map\"";
    size_t at = 0;
    while (at < size && bytes[at] && strchr(" \t\r\n", bytes[at]))
        at++;
    /* A .safetensors file begins with a length, which has zeros. */
    return at < size && bytes[at] == '{' && size <= SHARDS_INDEX_MAX &&
           !memchr(bytes, 0, size < 8 ? size : 8) &&
           memmem(bytes, size, key, sizeof key - 1) != NULL;
}

/* A name in the folder of the index. */
static bool is_plain(const char *name)
{
    return tensor_name_valid(name, strlen(name)) && !strchr(name, '/') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* Where `name` is or belongs. */
static size_t place_of(const struct shards *shards, const char *name)
{
    size_t low = 0, high = shards->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(shards->names[middle], name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add(struct shards *shards, const char *name, struct error *error)
{
    size_t at = place_of(shards, name);
    if (at < shards->count && strcmp(shards->names[at], name) == 0)
        return 0;
    if (shards->count == SHARDS_MAX)
        return error_set(error, ERROR_MODEL, "the index lists more than %d files", SHARDS_MAX);
    if (memory_grow((void **)&shards->names, &shards->capacity, shards->count + 1,
                    sizeof *shards->names, error))
        return -1;
    char *copy = strdup(name);
    if (!copy)
        return error_set(error, ERROR_MEMORY, "no memory for the index");
    memmove(&shards->names[at + 1], &shards->names[at],
            (shards->count - at) * sizeof *shards->names);
    shards->names[at] = copy;
    shards->count++;
    return 0;
}

static int read_map(const json_t *map, struct shards *shards, struct error *error)
{
    const char *tensor;
    json_t *file;
    json_object_foreach((json_t *)map, tensor, file)
    {
        const char *name = json_string_value(file);
        if (!name)
            return error_set(error, ERROR_MODEL, "the index gives a tensor no file");
        if (!is_plain(name))
            return error_set(error, ERROR_MODEL,
                             "the index names a file that cannot be one beside it");
        if (add(shards, name, error))
            return -1;
    }
    return shards->count ? 0 : error_set(error, ERROR_MODEL, "the index lists no files");
}

int shards_read(const unsigned char *bytes, size_t size, struct shards *shards, struct error *error)
{
    *shards = (struct shards){0};
    json_t *index = size <= SHARDS_INDEX_MAX
                        ? json_load_bounded((const char *)bytes, size, JSON_REJECT_DUPLICATES, NULL)
                        : NULL;
    const json_t *map = json_object_get(index, "weight_map");
    int failed = json_is_object(map)
                     ? read_map(map, shards, error)
                     : error_set(error, ERROR_MODEL,
                                 "not an index of shards: no JSON object with a weight_map");
    json_decref(index);
    return failed;
}

void shards_free(struct shards *shards)
{
    for (size_t i = 0; i < shards->count; i++)
        free(shards->names[i]);
    free(shards->names);
    *shards = (struct shards){0};
}

char *shards_find(const char *folder, struct error *error)
{
    static const char *const names[] = {"model.safetensors", "model.safetensors.index.json",
                                        "pytorch_model.bin", "pytorch_model.bin.index.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_join(folder, names[i], error);
        if (!path || access(path, F_OK) == 0)
            return path;
        free(path);
    }
    error_set(
        error, ERROR_MODEL,
        "%s: a folder without model.safetensors, pytorch_model.bin or an index of one of them: "
        "name the file of the weights",
        folder);
    return NULL;
}
