#include "program/run/run_foreign.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "program/run/input_kind.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"
#include "program/tars/run_tars.h"
#include "records/embeddings.h"
#include "records/record.h"

struct foreign {
    const struct run_config *config;
    const struct ledger_index *before; /* NULL in a new folder */
    uint64_t count;
    char *first; /* owned */
};

bool run_foreign_is_new(const struct run_config *config)
{
    return !folder_has(config->output, RUN_FILE);
}

/* Whether the folder `name` below the output folder is missing or holds nothing but a run's own
 * folder. */
static bool is_empty(const struct run_config *config, const char *name)
{
    struct error error;
    DIR *folder = folder_list(config->output, name, &error);
    const struct dirent *entry;
    bool empty = true;
    if (!folder)
        return error.system == ENOENT;
    while (empty && (entry = readdir(folder)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, LEDGER_FOLDER) == 0;
    closedir(folder);
    return empty;
}

/* Whether a file begins as the record that this program writes for the image. */
static bool is_record_of(const struct folder *output, const char *name, const char *key)
{
    char begin[64], expected[64] = "";
    struct error ignored;
    FILE *file = folder_stream(output, name, &ignored);
    size_t length = file ? fread(begin, 1, sizeof begin, file) : 0;
    if (file)
        fclose(file);
    int size = snprintf(expected, sizeof expected, "{\"image\": {\"image_id\": %lld, ",
                        (long long)record_image_id(key));
    return length >= (size_t)size && memcmp(begin, expected, (size_t)size) == 0;
}

/* Counts a name that is there; takes it over. */
static void count(struct foreign *foreign, char *name)
{
    if (foreign->count++ == 0)
        foreign->first = name;
    else
        free(name);
}

static int check_file(struct foreign *foreign, const char *key, const char *suffix,
                      struct error *error)
{
    const struct folder *output = foreign->config->output;
    char *name = run_folder_name(key, suffix, error);
    if (!name)
        return -1;
    bool ours = !folder_has(output, name) || (foreign->before && is_record_of(output, name, key));
    if (ours)
        free(name);
    else
        count(foreign, name);
    return 0;
}

/* Counts the folder `name` below the output folder unless it is empty; takes the name over. */
static void check_folder(struct foreign *foreign, char *name)
{
    if (is_empty(foreign->config, name))
        free(name);
    else
        count(foreign, name);
}

/* With --to tar. */
static int check_output_tar(struct foreign *foreign, const struct list_item *item,
                            struct error *error)
{
    char *name;
    if (run_tars_foreign(foreign->config, foreign->before, item, &name, error))
        return -1;
    if (name)
        count(foreign, name);
    return 0;
}

/* The members of a tar are not known yet, so anything in their folder counts. */
static int check_tar(struct foreign *foreign, const struct list_item *item, struct error *error)
{
    if (foreign->before)
        return 0;
    char *name = strndup(item->key, input_is_stream(item->path) ? 0 : item->folder);
    if (!name)
        return error_set(error, ERROR_MEMORY, "%s: no memory for the name of its output",
                         item->key);
    check_folder(foreign, name);
    return 0;
}

static int check_item(struct foreign *foreign, const struct list_item *item, struct error *error)
{
    if (item->fault || !shard_has(&foreign->config->shard, item->key))
        return 0;
    if (item->folder && settings_to_tar(foreign->config->settings))
        return check_output_tar(foreign, item, error);
    if (item->folder)
        return check_tar(foreign, item, error);
    if (foreign->before && ledger_index_find(foreign->before, item->key).status != LEDGER_NONE)
        return 0;
    if (check_file(foreign, item->key, ".json", error))
        return -1;
    /* An overlay does not say whose it is, so only a new folder is sure. */
    bool overlays = foreign->config->settings->overlay && !foreign->before;
    return overlays ? check_file(foreign, item->key, ".overlay.jpg", error) : 0;
}

/* The folders OUTDIR/@FORMAT of the formats asked for, and that of embeddings. With several shards another one may have
 * begun to fill them. */
static int check_formats(struct foreign *foreign, struct error *error)
{
    const struct settings *settings = foreign->config->settings;
    const char *name = settings->format;
    if (foreign->before || foreign->config->shard.count > 1)
        return 0;
    if (settings->embeddings) {
        char *folder = strdup(EMBEDDINGS_FOLDER);
        if (!folder)
            return error_set(error, ERROR_MEMORY, "no memory for a name");
        check_folder(foreign, folder);
    }
    while (name && *name) {
        char *folder;
        size_t length = strcspn(name, ",");
        if (asprintf(&folder, "@%.*s", (int)length, name) < 0)
            return error_set(error, ERROR_MEMORY, "%s: no memory for a name", name);
        check_folder(foreign, folder);
        name += length + (name[length] == ',');
    }
    return 0;
}

static int refuse(const struct foreign *foreign, struct error *error)
{
    char others[64] = "";
    if (foreign->count > 1)
        snprintf(others, sizeof others, " (and %llu more)", (unsigned long long)foreign->count - 1);
    return error_set(
        error, ERROR_USAGE,
        "%s%s%s was there before and is not this run's; choose another folder with -o, "
        "or --overwrite to replace it",
        foreign->config->output->prefix, foreign->first, others);
}

int run_foreign_check(const struct run_config *config, const struct run_resources *resources,
                      bool is_new, struct error *error)
{
    struct foreign foreign = {.config = config, .before = is_new ? NULL : resources->before};
    struct list_item item;
    int found;
    if (config->settings->overwrite || (is_new && is_empty(config, "")))
        return 0;
    while ((found = list_next(resources->list, &item, error)) > 0)
        if (check_item(&foreign, &item, error)) {
            found = -1;
            break;
        }
    int status = found < 0 ? -1 : check_formats(&foreign, error);
    if (status == 0)
        status = list_rewind(resources->list, error);
    if (status == 0 && foreign.count > 0)
        status = refuse(&foreign, error);
    free(foreign.first);
    return status;
}
