#include "program/run/run_clean.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/atomic_clean.h"
#include "base/atomic_name.h"
#include "base/atomic_sync.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/hash_set.h"
#include "base/memory.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "jobs/progress.h"
#include "program/run/run.h"
#include "program/run/run_formats.h"
#include "records/embeddings.h"
#include "records/writer.h"

struct run_clean {
    const struct run_config *config;
    const struct run_resources *resources;
    struct hash_set folders; /* hashes of folders that have been cleaned */
};

/* Cleans <top>/<below[0..length)> in the output folder; `top` may be empty. */
static int clean_folder(const struct run_clean *clean, const char *top, const char *below,
                        size_t length, struct error *error)
{
    char *name;
    size_t removed = 0, count;
    const struct atomic_writer *dead = ledger_index_writers(clean->resources->before, &count);
    const struct folder *output = clean->config->output;
    if (asprintf(&name, "%s%s%.*s", top, *top && length ? "/" : "", (int)length, below) < 0)
        return error_set(error, ERROR_MEMORY, "no memory for the name of a folder");
    int status = atomic_clean_folder(output, name, dead, count, &removed, error);
    if (status && error->system == ENAMETOOLONG)
        status = 0; /* nothing can be there */
    else if (status == 0 && removed)
        progress_log(clean->resources->progress, PROGRESS_INFO,
                     "%s%s: removed %zu unfinished files of a run that was killed", output->prefix,
                     name, removed);
    free(name);
    return status;
}

static int clean_format(const struct run_clean *clean, const char *format, const char *below,
                        size_t length, struct error *error)
{
    char top[64];
    snprintf(top, sizeof top, "@%s", format);
    return clean_folder(clean, top, below, length, error);
}

static int clean_tops(const struct run_clean *clean, struct error *error)
{
    const char *name;
    const char *summary;
    enum writer_kind kind;
    if (clean_folder(clean, "", "", 0, error) || clean_folder(clean, LEDGER_FOLDER, "", 0, error))
        return -1;
    if (clean_folder(clean, EMBEDDINGS_FOLDER, "", 0, error))
        return -1;
    for (size_t i = 0; writer_format(i, &name, &kind, &summary); i++)
        if (clean_format(clean, name, "", 0, error))
            return -1;
    return 0;
}

struct run_clean *run_clean_new(const struct run_config *config,
                                const struct run_resources *resources, struct error *error)
{
    struct run_clean *clean = memory_new(1, sizeof *clean, "cleaning", error);
    if (!clean)
        return NULL;
    clean->config = config;
    clean->resources = resources;
    if (clean_tops(clean, error)) {
        run_clean_free(clean);
        return NULL;
    }
    return clean;
}

void run_clean_free(struct run_clean *clean)
{
    if (!clean)
        return;
    hash_set_free(&clean->folders);
    memory_free(clean);
}

int run_clean_image(struct run_clean *clean, const char *key, struct error *error)
{
    const char *format;
    size_t folder = atomic_folder_length(key);
    int known = folder ? hash_set_put(&clean->folders, hash_bytes(key, folder), error) : 1;
    if (known < 0 || (!known && clean_folder(clean, "", key, folder, error)))
        return -1;
    if (clean->config->settings->embeddings && !known &&
        clean_folder(clean, EMBEDDINGS_FOLDER, key, folder, error))
        return -1;
    for (size_t i = 0; (format = run_formats_each(clean->resources->formats, i)); i++) {
        if (!known && clean_format(clean, format, key, folder, error))
            return -1;
        /* Some formats have a folder for each image. */
        if (clean_format(clean, format, key, list_stem(key), error))
            return -1;
    }
    return 0;
}
