/* run_folder.c - the output folder of a run: what an earlier start left there, and what is still to
 * be done. See run.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "jobs/runfile.h"
#include "program/run/run.h"
#include "program/run/run_clean.h"

enum { FIELD_TEXT = 4096 };

char *run_folder_path(const struct run *run, const char *key, const char *suffix,
                      struct error *error)
{
    char *path;
    if (asprintf(&path, "%s/%.*s%s", run->settings->output, (int)list_stem(key), key, suffix) >= 0)
        return path;
    error_set(error, ERROR_MEMORY, "%s: no memory for the name of its output", key);
    return NULL;
}

/* The fields of run.json: the version, the contents of model and point grid, and every option that
 * decides what is written. Returns the number of fields; `texts` holds the options' values and
 * `grid_sha256` the points'. */
static size_t list_fields(const struct run *run, struct runfile_field *fields,
                          char (*texts)[FIELD_TEXT], char grid_sha256[DIGEST_TEXT])
{
    const struct generator_options *generator = &run->settings->generator;
    size_t count;
    const struct setting *table = settings_table(&count);
    size_t used = 0;
    fields[used++] = (struct runfile_field){"maskmill", MASKMILL_VERSION};
    fields[used++] = (struct runfile_field){"model_sha256", run->model_sha256};
    if (generator->own_points) {
        digest_bytes(generator->own_points, 2 * sizeof(double) * (size_t)generator->own_point_count,
                     grid_sha256);
        fields[used++] = (struct runfile_field){"point_grid_sha256", grid_sha256};
    }
    for (size_t i = 0; i < count; i++) {
        if (!(table[i].traits & DECIDES))
            continue;
        settings_text(run->settings, &table[i], texts[i], FIELD_TEXT);
        fields[used++] = (struct runfile_field){table[i].name, texts[i]};
    }
    return used;
}

/* Forgets all ledgers: their lines speak of another configuration. */
static int remove_ledgers(const char *folder, struct error *error)
{
    char **paths;
    size_t count;
    int status = 0;
    if (ledger_files(folder, NULL, &paths, &count, error))
        return -1;
    for (size_t i = 0; status == 0 && i < count; i++)
        if (unlink(paths[i]) && errno != ENOENT)
            status = error_set_system(error, ERROR_IO, errno, "%s", paths[i]);
    free(paths);
    return status;
}

/* Another configuration wrote the folder: refuse, or take it over as the options say. */
static int take_over(const struct run *run, const char *path, const struct runfile_field *fields,
                     size_t count, struct error *error)
{
    if (!run->settings->overwrite && !run->settings->extend) {
        struct error difference = *error;
        return error_set(error, ERROR_USAGE,
                         "%s; choose another folder, or --extend to go on with the new "
                         "configuration, or --overwrite to do all images again",
                         difference.text);
    }
    if (run->settings->overwrite && remove_ledgers(run->settings->output, error))
        return -1;
    return runfile_replace(path, fields, count, error);
}

static int agree(const struct run *run, struct error *error)
{
    size_t options;
    settings_table(&options);
    int status = -1;
    char *path = NULL;
    char grid_sha256[DIGEST_TEXT];
    struct runfile_field *fields = memory_new(options + 3, sizeof *fields, "run.json", error);
    char(*texts)[FIELD_TEXT] = fields ? memory_new(options, FIELD_TEXT, "run.json", error) : NULL;
    if (texts && asprintf(&path, "%s/" LEDGER_FOLDER "/run.json", run->settings->output) < 0) {
        path = NULL;
        error_set(error, ERROR_MEMORY, "no memory for the name of run.json");
    }
    if (path) {
        size_t count = list_fields(run, fields, texts, grid_sha256);
        status = runfile_agree(path, fields, count, error);
        if (status == RUNFILE_DIFFERS)
            status = take_over(run, path, fields, count, error);
    }
    free(path);
    memory_free(texts);
    memory_free(fields);
    return status < 0 ? -1 : 0;
}

int run_folder_open(struct run *run, struct error *error)
{
    if (atomic_make_folder(run->settings->output, error) || agree(run, error))
        return -1;
    mount_note(run->settings->output, &run->output_mount);
    run->before = run->settings->overwrite
                      ? ledger_index_new(error)
                      : ledger_index_read(run->settings->output, &run->shard, error);
    run->clean = run->before ? run_clean_new(run, error) : NULL;
    return run->clean ? 0 : -1;
}

/* The record is there with the size that the ledger says. */
static bool is_there(const struct run *run, const char *key, uint64_t bytes)
{
    struct error error;
    struct stat found;
    char *path = run_folder_path(run, key, ".json", &error);
    bool there = path && stat(path, &found) == 0 && S_ISREG(found.st_mode) &&
                 (uint64_t)found.st_size == bytes;
    free(path);
    return there;
}

static bool has_failed(const struct run *run, const char *key)
{
    return ledger_index_find(run->before, key).status == LEDGER_FAILED;
}

bool run_folder_wants(const struct run *run, const char *key, const char *tar)
{
    struct ledger_entry entry = ledger_index_find(run->before, key);
    if (entry.status == LEDGER_FAILED)
        return run->settings->retry_failed;
    if (run->settings->retry_failed && !(tar && has_failed(run, tar)))
        return false;
    return entry.status != LEDGER_DONE || !is_there(run, key, entry.bytes);
}

bool run_folder_tar_had_failed(const struct run *run, const char *key)
{
    /* With --overwrite the ledgers have not been read. */
    return run->settings->overwrite || has_failed(run, key);
}

int run_folder_tar_read(struct run *run, const char *key, struct error *error)
{
    const struct ledger_line line = {.status = LEDGER_NONE, .key = key};
    if (run->failed_before > 0)
        run->failed_before--;
    return ledger_append(run->ledger, &line, error);
}
