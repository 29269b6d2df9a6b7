#include "jobs/list.h"

#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/hash_set.h"
#include "base/memory.h"
#include "base/path.h"
#include "jobs/items.h"
#include "jobs/list_output.h"
#include "jobs/list_repeats.h"
#include "jobs/shard.h"

/* Searches the list for an item other than `item`, with the output `wanted`, and refuses both.
 * Otherwise leaves the list just after `item`. */
static int find_other(struct list *list, const struct list_item *item, struct list_output wanted,
                      struct error *error)
{
    struct list_item other;
    int found = list_rewind(list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(list, &other, error)) > 0) {
        if (other.index != item->index && !other.fault &&
            list_output_same(list_output_of(&other), wanted))
            found = other.index < item->index ? list_output_refuse(&other, item, wanted, error)
                                              : list_output_refuse(item, &other, wanted, error);
    }
    if (found == 0)
        found = list_rewind(list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(list, &other, error)) > 0 && other.index < item->index)
        continue;
    return found < 0 ? -1 : 0;
}

/* Called if the folder `wanted` of the item's key has the hash of another item's output: refuses
 * both if the names are equal, too. Invalidates the strings of `item`. */
static int check_folder(struct list *list, const struct list_item *item, struct list_output wanted,
                        struct error *error)
{
    size_t path_size = strlen(item->path) + 1;
    char *path = memory_new(path_size + wanted.length, 1, "names that may clash", error);
    if (!path)
        return -1;
    struct list_item copy = *item;
    copy.path = memcpy(path, item->path, path_size);
    wanted.name = memcpy(path + path_size, wanted.name, wanted.length);
    int status = find_other(list, &copy, wanted, error);
    memory_free(path);
    return status;
}

/* Refuses an item that would write into a folder which is not for records: those of formats, which
 * begin with '@', and the run's own, under any case since some file systems fold it. */
static int check_top(const struct list_item *item, struct error *error)
{
    size_t first = strcspn(item->key, "/");
    size_t top = item->key[first] ? first : item->folder; /* length of its name; 0: no folder */
    bool own = top == strlen(PATH_RUN_FOLDER) && strncasecmp(item->key, PATH_RUN_FOLDER, top) == 0;
    if (top == 0 || (item->key[0] != '@' && !own))
        return 0;
    return error_set(error, ERROR_USAGE,
                     "'%s' would be written into '%.*s/', but %s; rename the folder, run it by "
                     "itself, or leave it out with --exclude",
                     item->path, (int)top, item->key,
                     own ? "that folder is the run's own"
                         : "top-level folders starting with '@' are reserved for formats");
}

/* Everything that a survey collects. */
struct survey {
    struct list *list;
    const struct shard *shard;
    struct list_survey *counts;
    struct hash_set outputs;
    struct hash_set again; /* outputs that more than one item may have */
    bool folders;          /* whether one of the outputs is a folder */
};

static bool is_mine(const struct survey *survey, const struct list_item *item)
{
    return !survey->shard || shard_has(survey->shard, item->key);
}

static void count_mine(struct list_survey *counts, const struct list_item *item)
{
    counts->mine = item->folder ? ITEMS_UNKNOWN : counts->mine + 1;
    counts->mine_sum += hash_bytes(item->key, strlen(item->key));
}

/* Counts the items and adds their outputs to `outputs`. */
static int survey_items(struct survey *survey, struct error *error)
{
    struct list_item item;
    int found;
    const uint64_t *mine = &survey->counts->mine;
    while ((found = list_next(survey->list, &item, error)) > 0) {
        survey->counts->items++;
        survey->folders |= item.folder > 0;
        if (*mine != ITEMS_UNKNOWN && is_mine(survey, &item))
            count_mine(survey->counts, &item);
        if (item.fault) /* it writes nothing */
            continue;
        uint64_t hash = list_output_hash(list_output_of(&item));
        if (check_top(&item, error))
            return -1;
        int known = hash_set_put(&survey->outputs, hash, error);
        if (known < 0 || (known > 0 && hash_set_put(&survey->again, hash, error) < 0))
            return -1;
    }
    return found;
}

static void count_repeat(struct survey *survey, const struct list_item *item)
{
    struct list_survey *counts = survey->counts;
    counts->items--;
    passed_over_add(&counts->passed, PASSED_REPEATED);
    if (counts->mine != ITEMS_UNKNOWN && is_mine(survey, item)) {
        counts->mine--;
        counts->mine_sum -= hash_bytes(item->key, strlen(item->key));
    }
}

/* Looks at the items with an output in `again`: notes those that name the same file as one before,
 * and refuses others. */
static int survey_repeats(struct survey *survey, struct list_repeats *repeats, struct error *error)
{
    struct list_item item;
    int found = list_rewind(survey->list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(survey->list, &item, error)) > 0) {
        if (item.fault || !hash_set_has(&survey->again, list_output_hash(list_output_of(&item))))
            continue;
        int repeat = list_repeats_note(repeats, &item, error);
        if (repeat < 0)
            return -1;
        if (repeat > 0)
            count_repeat(survey, &item);
    }
    return found;
}

/* As survey_repeats; from then on, the list skips the repeats. */
static int drop_repeats(struct survey *survey, struct error *error)
{
    struct list_repeats *repeats = list_repeats_new(!list_has_objects(survey->list), error);
    if (!repeats)
        return -1;
    int status = survey_repeats(survey, repeats, error);
    if (status == 0 && survey->counts->passed.counts[PASSED_REPEATED]) {
        list_skip_repeats(survey->list, repeats);
        return 0;
    }
    list_repeats_free(repeats);
    return status;
}

/* Refuses items in a folder that is another item's output: photos/a/1.jpg beside photos/a.tar. */
static int survey_folders(struct survey *survey, struct error *error)
{
    struct list_item item;
    int found = list_rewind(survey->list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(survey->list, &item, error)) > 0) {
        for (const char *slash = item.key; !item.fault && (slash = strchr(slash, '/')); slash++) {
            struct list_output folder = {item.key, (size_t)(slash - item.key), true};
            if (!hash_set_has(&survey->outputs, list_output_hash(folder)))
                continue;
            if (check_folder(survey->list, &item, folder, error))
                return -1;
            break; /* the item's strings are invalid; only equal hashes lead here */
        }
    }
    return found;
}

int list_survey(struct list *list, const struct shard *shard, struct list_survey *counts,
                struct error *error)
{
    struct survey survey = {.list = list, .shard = shard, .counts = counts};
    *counts = (struct list_survey){0};
    list_skip_repeats(list, NULL);
    int status = list_rewind(list, error);
    if (status == 0)
        status = survey_items(&survey, error);
    counts->passed = *list_passed(list);
    if (status == 0 && survey.again.used)
        status = drop_repeats(&survey, error);
    if (status == 0 && survey.folders)
        status = survey_folders(&survey, error);
    hash_set_free(&survey.outputs);
    hash_set_free(&survey.again);
    return status ? -1 : list_rewind(list, error);
}
