#include "jobs/list_folded.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash_set.h"
#include "jobs/list.h"
#include "jobs/list_output.h"

struct folded {
    struct list *list;
    const struct list_fold *fold;
    struct hash_set outputs;
    bool folders; /* whether one of the outputs is a folder */
};

/* An item that clashes with another one: what the search for that one needs. */
struct clash {
    char *path, *name; /* owned: the item's path; its output, not folded */
    char *form;        /* owned: the output, folded */
    bool folder;
    uint64_t index;
};

static char *fold_output(const struct folded *folded, struct list_output output)
{
    return folded->fold->fold(folded->fold->how, output.name, output.length);
}

static int hash_of(const struct folded *folded, struct list_output output, uint64_t *hash,
                   struct error *error)
{
    char *form = fold_output(folded, output);
    if (!form)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    *hash = list_output_hash((struct list_output){form, strlen(form), output.folder});
    free(form);
    return 0;
}

static void clash_free(struct clash *clash)
{
    free(clash->path);
    free(clash->name);
    free(clash->form);
}

static int clash_note(const struct folded *folded, struct clash *clash,
                      const struct list_item *item, struct list_output output, struct error *error)
{
    *clash = (struct clash){.path = strdup(item->path),
                            .name = strndup(output.name, output.length),
                            .form = fold_output(folded, output),
                            .folder = output.folder,
                            .index = item->index};
    if (clash->path && clash->name && clash->form)
        return 0;
    clash_free(clash);
    return error_set(error, ERROR_MEMORY, "no memory for a name");
}

static int refuse(const struct clash *clash, const struct list_item *other, struct error *error)
{
    struct list_output output = list_output_of(other);
    return error_set(error, ERROR_USAGE,
                     "'%s' and '%s' would write the same output: '%.*s' and '%s' are one name in "
                     "the output folder; rename one, or choose a folder that tells them apart",
                     other->path, clash->path, (int)output.length, output.name, clash->name);
}

/* Searches the list for the other item, and refuses both. Otherwise leaves the list just after the
 * clash: only the hashes are equal. */
static int find_other(const struct folded *folded, const struct clash *clash, struct error *error)
{
    struct list_item item;
    int found = list_rewind(folded->list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(folded->list, &item, error)) > 0) {
        struct list_output output = list_output_of(&item);
        if (item.index == clash->index || item.fault || output.folder != clash->folder)
            continue;
        char *form = fold_output(folded, output);
        if (!form)
            found = error_set(error, ERROR_MEMORY, "no memory for a name");
        else if (strcmp(form, clash->form) == 0)
            found = refuse(clash, &item, error);
        free(form);
    }
    if (found == 0)
        found = list_rewind(folded->list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(folded->list, &item, error)) > 0 &&
           item.index < clash->index)
        continue;
    return found < 0 ? -1 : 0;
}

/* Called if another output has the same hash. Invalidates the strings of `item`. */
static int check(const struct folded *folded, const struct list_item *item,
                 struct list_output output, struct error *error)
{
    struct clash clash;
    if (clash_note(folded, &clash, item, output, error))
        return -1;
    int status = find_other(folded, &clash, error);
    clash_free(&clash);
    return status;
}

static int check_outputs(struct folded *folded, struct error *error)
{
    struct list_item item;
    uint64_t hash = 0;
    int found;
    while ((found = list_next(folded->list, &item, error)) > 0) {
        struct list_output output = list_output_of(&item);
        if (item.fault) /* writes nothing */
            continue;
        folded->folders |= output.folder;
        if (hash_of(folded, output, &hash, error))
            return -1;
        int known = hash_set_put(&folded->outputs, hash, error);
        if (known < 0 || (known > 0 && check(folded, &item, output, error)))
            return -1;
    }
    return found;
}

/* Items in a folder that is another item's output: photos/A/1.jpg beside photos/a.tar. */
static int check_folders(const struct folded *folded, struct error *error)
{
    struct list_item item;
    uint64_t hash = 0;
    int found = list_rewind(folded->list, error) ? -1 : 1;
    while (found > 0 && (found = list_next(folded->list, &item, error)) > 0) {
        for (const char *slash = item.key; (slash = strchr(slash, '/')); slash++) {
            struct list_output output = {item.key, (size_t)(slash - item.key), true};
            if (hash_of(folded, output, &hash, error))
                return -1;
            if (!hash_set_has(&folded->outputs, hash))
                continue;
            if (check(folded, &item, output, error))
                return -1;
            break; /* the item's strings are invalid; only equal hashes lead here */
        }
    }
    return found;
}

int list_refuse_folded(struct list *list, const struct list_fold *fold, struct error *error)
{
    struct folded folded = {.list = list, .fold = fold};
    int status = list_rewind(list, error);
    if (status == 0)
        status = check_outputs(&folded, error);
    if (status == 0 && folded.folders)
        status = check_folders(&folded, error);
    hash_set_free(&folded.outputs);
    return status ? -1 : list_rewind(list, error);
}
