#include "jobs/list.h"

#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/hash.h"
#include "base/hash_set.h"
#include "jobs/shard.h"
#include "jobs/unknown.h"

static bool same_stem(const char *a, const char *b)
{
    size_t length = list_stem(a);
    return length == list_stem(b) && memcmp(a, b, length) == 0;
}

/* Looks for an earlier item with the same output as `late`, whose hash was there before, by going
 * through the list again; stands after `late` again when it returns 0. */
static int find_clash(struct list *list, const struct list_item *late, struct error *error)
{
    struct list_item item;
    size_t key_size = strlen(late->key) + 1;
    size_t path_size = strlen(late->path) + 1;
    uint64_t end = late->index;
    char *key = memory_new(key_size + path_size, 1, "names that may clash", error);
    if (!key)
        return -1;
    char *path = key + key_size;
    memcpy(key, late->key, key_size);
    memcpy(path, late->path, path_size);
    int found = list_rewind(list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(list, &item, error)) > 0 && item.index < end) {
        if (same_stem(item.key, key))
            found = error_set(error, ERROR_USAGE,
                              "'%s' and '%s' would write the same output '%.*s'; rename one, or "
                              "run them into different folders",
                              item.path, path, (int)list_stem(key), key);
    }
    memory_free(key);
    return found < 0 ? -1 : 0;
}

static void count_mine(struct list_survey *survey, const struct list_item *item)
{
    if (item->holds_many)
        survey->mine = IMAGES_UNKNOWN;
    else if (survey->mine != IMAGES_UNKNOWN)
        survey->mine++;
}

static int survey_items(struct list *list, const struct shard *shard, struct hash_set *set,
                        struct list_survey *survey, struct error *error)
{
    struct list_item item;
    int found;
    while ((found = list_next(list, &item, error)) > 0) {
        survey->images++;
        if (!shard || shard_has(shard, item.key))
            count_mine(survey, &item);
        int known = hash_set_put(set, hash_bytes(item.key, list_stem(item.key)), error);
        if (known < 0 || (known > 0 && find_clash(list, &item, error)))
            return -1;
    }
    return found;
}

int list_survey(struct list *list, const struct shard *shard, struct list_survey *survey,
                struct error *error)
{
    struct hash_set set = {0};
    *survey = (struct list_survey){0};
    int status = list_rewind(list, error);
    if (status == 0)
        status = survey_items(list, shard, &set, survey, error);
    hash_set_free(&set);
    return status ? -1 : list_rewind(list, error);
}
