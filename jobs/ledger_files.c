/* The names of a run's ledgers. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "jobs/ledger.h"
#include "jobs/shard.h"

/* Reads a ledger's file name; *shard is its shard. A number that no run can have is no ledger's:
 * memory for as many shards would be asked for. Nor is one that no run writes like that ("00", "+0",
 * " 0"): a shard would have two ledgers. */
static bool parse_name(const char *name, struct shard *shard)
{
    char written[64];
    if (sscanf(name, "ledger-%u-of-%u.ndjson", &shard->index, &shard->count) != 2 ||
        shard->count > SHARD_MAX || shard->index >= shard->count)
        return false;
    snprintf(written, sizeof written, "ledger-%u-of-%u.ndjson", shard->index, shard->count);
    return strcmp(name, written) == 0;
}

static bool is_ledger(const char *name, const struct shard *shard)
{
    struct shard owner;
    if (!parse_name(name, &owner))
        return false;
    return !shard || owner.count != shard->count || owner.index == shard->index;
}

/* Names of ledgers, in any order. */
struct names {
    char **items; /* [count], each owned */
    size_t count, capacity;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

/* Lists the ledgers of the open folder. Returns 0 or -1. */
static int list_names(DIR *folder, const struct shard *shard, struct names *names,
                      struct error *error)
{
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(folder))) {
        if (!is_ledger(entry->d_name, shard))
            continue;
        if (memory_grow((void **)&names->items, &names->capacity, names->count + 1,
                        sizeof *names->items, error))
            return -1;
        names->items[names->count] = path_join(LEDGER_FOLDER, entry->d_name, error);
        if (!names->items[names->count])
            return -1;
        names->count++;
    }
    return errno ? error_set_system(error, ERROR_IO, errno, "the ledgers cannot be listed") : 0;
}

/* By the number of shards, then by the index. */
static int compare_names(const void *one, const void *other)
{
    return strverscmp(*(char *const *)one, *(char *const *)other);
}

/* The names in one block: first the pointers, then the texts. NULL if memory is short. */
static char **join_names(const struct names *names)
{
    size_t bytes = 0;
    for (size_t i = 0; i < names->count; i++)
        bytes += sizeof(char *) + strlen(names->items[i]) + 1;
    char **block = malloc(bytes);
    char *text = (char *)(block + names->count);
    for (size_t i = 0; block && i < names->count; i++) {
        block[i] = text;
        text = stpcpy(text, names->items[i]) + 1;
    }
    return block;
}

int ledger_files(const struct folder *run, const struct shard *shard, char ***names, size_t *count,
                 struct error *error)
{
    struct names found = {0};
    *names = NULL;
    *count = 0;
    DIR *folder = folder_list(run, LEDGER_FOLDER, error);
    if (!folder)
        return error->system == ENOENT ? 0 : -1;
    int status = list_names(folder, shard, &found, error);
    closedir(folder);
    if (status)
        error_prefix(error, "%s" LEDGER_FOLDER, run->prefix);
    if (status == 0 && found.count > 0) {
        qsort(found.items, found.count, sizeof *found.items, compare_names);
        *names = join_names(&found);
        *count = *names ? found.count : 0;
        if (!*names)
            status = error_set(error, ERROR_MEMORY, "no memory for ledger names");
    }
    names_free(&found);
    return status;
}
