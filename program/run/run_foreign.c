#include "program/run/run_foreign.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"
#include "records/record.h"

struct foreign {
    const struct run_config *config;
    const struct ledger_index *before; /* NULL in a new folder */
    uint64_t count;
    char *first; /* owned */
};

bool run_foreign_is_new(const struct run_config *config)
{
    char path[4096];
    struct stat found;
    snprintf(path, sizeof path, "%s/" LEDGER_FOLDER "/run.json", config->settings->output);
    return lstat(path, &found) != 0 && errno == ENOENT;
}

/* Whether a folder is missing or holds nothing but a run's own folder. */
static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool empty = true;
    if (!folder)
        return true;
    while (empty && (entry = readdir(folder)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, LEDGER_FOLDER) == 0;
    closedir(folder);
    return empty;
}

/* Whether a file begins as the record that this program writes for the image. */
static bool is_record_of(const char *path, const char *key)
{
    char begin[64], expected[64] = "";
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(begin, 1, sizeof begin, file) : 0;
    if (file)
        fclose(file);
    int size = snprintf(expected, sizeof expected, "{\"image\": {\"image_id\": %lld, ",
                        (long long)record_image_id(key));
    return length >= (size_t)size && memcmp(begin, expected, (size_t)size) == 0;
}

/* Counts a path that is there; takes over `path`. */
static void count(struct foreign *foreign, char *path)
{
    if (foreign->count++ == 0)
        foreign->first = path;
    else
        free(path);
}

static int check_file(struct foreign *foreign, const char *key, const char *suffix,
                      struct error *error)
{
    struct stat found;
    char *path = run_folder_path(foreign->config, key, suffix, error);
    if (!path)
        return -1;
    bool ours = lstat(path, &found) != 0 || (foreign->before && is_record_of(path, key));
    if (ours)
        free(path);
    else
        count(foreign, path);
    return 0;
}

/* The members of a tar are not known yet, so anything in their folder counts. */
static int check_folder(struct foreign *foreign, const struct list_item *item, struct error *error)
{
    char *path;
    if (foreign->before)
        return 0;
    if (asprintf(&path, "%s/%.*s", foreign->config->settings->output, (int)item->folder,
                 item->key) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for the name of its output",
                         item->key);
    if (is_empty(path))
        free(path);
    else
        count(foreign, path);
    return 0;
}

static int check_item(struct foreign *foreign, const struct list_item *item, struct error *error)
{
    if (item->fault || !shard_has(&foreign->config->shard, item->key))
        return 0;
    if (item->folder)
        return check_folder(foreign, item, error);
    if (foreign->before && ledger_index_find(foreign->before, item->key).status != LEDGER_NONE)
        return 0;
    if (check_file(foreign, item->key, ".json", error))
        return -1;
    /* An overlay does not say whose it is, so only a new folder is sure. */
    bool overlays = foreign->config->settings->overlay && !foreign->before;
    return overlays ? check_file(foreign, item->key, ".overlay.jpg", error) : 0;
}

/* The folders OUTDIR/@FORMAT of the formats asked for. With several shards another one may have
 * begun to fill them. */
static int check_formats(struct foreign *foreign, struct error *error)
{
    const struct settings *settings = foreign->config->settings;
    const char *name = settings->format;
    if (foreign->before || foreign->config->shard.count > 1)
        return 0;
    while (name && *name) {
        char *path;
        size_t length = strcspn(name, ",");
        if (asprintf(&path, "%s/@%.*s", settings->output, (int)length, name) < 0)
            return error_set(error, ERROR_MEMORY, "%s: no memory for a name", name);
        if (is_empty(path))
            free(path);
        else
            count(foreign, path);
        name += length + (name[length] == ',');
    }
    return 0;
}

static int refuse(const struct foreign *foreign, struct error *error)
{
    char others[64] = "";
    if (foreign->count > 1)
        snprintf(others, sizeof others, " (and %llu more)", (unsigned long long)foreign->count - 1);
    return error_set(error, ERROR_USAGE,
                     "%s%s was there before and is not this run's; choose another folder with -o, "
                     "or --overwrite to replace it",
                     foreign->first, others);
}

int run_foreign_check(const struct run_config *config, const struct run_resources *resources,
                      bool is_new, struct error *error)
{
    struct foreign foreign = {.config = config, .before = is_new ? NULL : resources->before};
    struct list_item item;
    int found;
    if (config->settings->overwrite || (is_new && is_empty(config->settings->output)))
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
