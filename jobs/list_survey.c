#include "jobs/list.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/hash_set.h"
#include "base/memory.h"
#include "jobs/items.h"
#include "jobs/shard.h"

/* What an item writes: one record, or a folder with the records of many. No other item may write to
 * it. */
struct output {
    const char *name; /* [length] no '/' at the end of a folder */
    size_t length;
    bool folder;
};

static struct output output_of(const struct list_item *item)
{
    return item->folder ? (struct output){item->key, item->folder, true}
                        : (struct output){item->key, list_stem(item->key), false};
}

static bool same_output(struct output a, struct output b)
{
    return a.folder == b.folder && a.length == b.length && memcmp(a.name, b.name, a.length) == 0;
}

/* A record and a folder of the same name are two outputs, so each kind has its own hash. */
static uint64_t hash_output(struct output output)
{
    return output.folder ? hash_bytes_again(output.name, output.length)
                         : hash_bytes(output.name, output.length);
}

static int refuse(const char *one, const char *other, struct output output, struct error *error)
{
    return error_set(error, ERROR_USAGE,
                     "'%s' and '%s' would write the same output '%.*s%s'; rename one, or run them "
                     "into different folders",
                     one, other, (int)output.length, output.name, output.folder ? "/" : "");
}

/* Searches the list for an item other than number `index`, whose path is `path`, with the output
 * `wanted`, and refuses both. Otherwise leaves the list just after `index`. */
static int find_other(struct list *list, uint64_t index, const char *path, struct output wanted,
                      struct error *error)
{
    struct list_item item;
    int found = list_rewind(list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(list, &item, error)) > 0) {
        if (item.index != index && same_output(output_of(&item), wanted))
            found = item.index < index ? refuse(item.path, path, wanted, error)
                                       : refuse(path, item.path, wanted, error);
    }
    if (found == 0)
        found = list_rewind(list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(list, &item, error)) > 0 && item.index < index)
        continue;
    return found < 0 ? -1 : 0;
}

/* Called if the output of `item` has the hash of another item's output: refuses both if the names
 * are equal, too. Invalidates the strings of `item`. */
static int check_clash(struct list *list, const struct list_item *item, struct output wanted,
                       struct error *error)
{
    size_t path_size = strlen(item->path) + 1;
    char *path = memory_new(path_size + wanted.length, 1, "names that may clash", error);
    if (!path)
        return -1;
    memcpy(path, item->path, path_size);
    wanted.name = memcpy(path + path_size, wanted.name, wanted.length);
    int status = find_other(list, item->index, path, wanted, error);
    memory_free(path);
    return status;
}

/* Top-level folders starting with '@' are reserved for formats. */
static int check_top(const struct list_item *item, struct error *error)
{
    size_t first = strcspn(item->key, "/");
    size_t top = item->key[first] ? first : item->folder; /* length of its name; 0: no folder */
    if (item->key[0] != '@' || top == 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "'%s' would be written into '%.*s/', but top-level folders starting with "
                     "'@' are reserved for formats; rename the folder, or run it by itself",
                     item->path, (int)top, item->key);
}

static void count_mine(struct list_survey *survey, const struct list_item *item)
{
    if (item->folder)
        survey->mine = ITEMS_UNKNOWN;
    else if (survey->mine != ITEMS_UNKNOWN)
        survey->mine++;
}

/* Counts the items and adds their outputs to `outputs`. *folders: whether one is a folder. */
static int survey_items(struct list *list, const struct shard *shard, struct hash_set *outputs,
                        bool *folders, struct list_survey *survey, struct error *error)
{
    struct list_item item;
    int found;
    while ((found = list_next(list, &item, error)) > 0) {
        struct output output = output_of(&item);
        survey->items++;
        *folders |= output.folder;
        if (!shard || shard_has(shard, item.key))
            count_mine(survey, &item);
        int known = -1;
        if (check_top(&item, error) == 0)
            known = hash_set_put(outputs, hash_output(output), error);
        if (known < 0 || (known > 0 && check_clash(list, &item, output, error)))
            return -1;
    }
    survey->passed = *list_passed(list);
    return found;
}

/* Refuses items in a folder that is another item's output: photos/a/1.jpg beside photos/a.tar. */
static int survey_folders(struct list *list, const struct hash_set *outputs, struct error *error)
{
    struct list_item item;
    int found = list_rewind(list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(list, &item, error)) > 0) {
        for (const char *slash = item.key; (slash = strchr(slash, '/')); slash++) {
            struct output folder = {item.key, (size_t)(slash - item.key), true};
            if (!hash_set_has(outputs, hash_output(folder)))
                continue;
            if (check_clash(list, &item, folder, error))
                return -1;
            break; /* the item's strings are invalid; only equal hashes lead here */
        }
    }
    return found;
}

int list_survey(struct list *list, const struct shard *shard, struct list_survey *survey,
                struct error *error)
{
    struct hash_set outputs = {0};
    bool folders = false;
    *survey = (struct list_survey){0};
    int status = list_rewind(list, error);
    if (status == 0)
        status = survey_items(list, shard, &outputs, &folders, survey, error);
    if (status == 0 && folders)
        status = survey_folders(list, &outputs, error);
    hash_set_free(&outputs);
    return status ? -1 : list_rewind(list, error);
}
