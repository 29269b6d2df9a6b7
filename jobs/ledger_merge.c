/* ledger_merge.c - writes failed.ndjson and the merged ledger from all ledgers of a run. Reads them
 * twice: first into an index, then line by line to copy the lines that count. */
#include "jobs/ledger_status.h"

#include <stdlib.h>

#include "base/atomic.h"
#include "base/error.h"
#include "jobs/ledger.h"
#include "jobs/ledger_index.h"
#include "jobs/ndjson.h"
#include "jobs/shard.h"

struct merging {
    struct ledger_index *index;
    struct atomic_file file;
    struct ndjson line;
    struct error *error;
    const struct shard *shard; /* only its items; NULL: all */
    bool failed_only;
    bool none; /* write an empty file */
    uint64_t written;
};

static int merge_line(void *context, const struct ledger_line *line)
{
    struct merging *merging = context;
    if (line->status == LEDGER_EVENT || line->status == LEDGER_NONE ||
        (merging->failed_only && line->status != LEDGER_FAILED) ||
        (merging->shard && !shard_has(merging->shard, ledger_line_name(line))) ||
        !ledger_index_take(merging->index, line))
        return 0;
    ndjson_begin(&merging->line);
    ledger_format_item(&merging->line, line);
    ndjson_real(&merging->line, "time", line->time, 3);
    if (ndjson_end(&merging->line))
        return error_set(merging->error, ERROR_MEMORY, "no memory for a ledger line");
    merging->written++;
    return atomic_append(&merging->file, merging->line.text.bytes, merging->line.text.used,
                         merging->error);
}

static int merge_ledgers(const char *run, struct merging *merging, struct error *error)
{
    char **paths;
    size_t files;
    if (ledger_files(run, merging->shard, &paths, &files, error))
        return -1;
    int status = 0;
    for (size_t i = 0; status == 0 && i < files; i++)
        status = ledger_read(paths[i], merge_line, merging, NULL, error);
    free(paths);
    return status;
}

/* Writes `path`. Fails if it is NULL, for lack of memory. */
static int write_merged(const char *run, const char *path, struct merging *merging,
                        struct error *error)
{
    merging->error = error;
    if (!path)
        return error_set(error, ERROR_MEMORY, "no memory for a name");
    if (!merging->none && !(merging->index = ledger_index_read(run, merging->shard, error)))
        return -1;
    int status = atomic_open(&merging->file, path, error);
    if (status == 0) {
        bool none = merging->none ||
                    (merging->failed_only && ledger_index_counts(merging->index).failed == 0);
        status = none ? 0 : merge_ledgers(run, merging, error);
        if (status == 0)
            status = atomic_commit(&merging->file, NULL, error);
        else
            atomic_abandon(&merging->file);
    }
    ndjson_free(&merging->line);
    ledger_index_free(merging->index);
    return status;
}

int ledger_write_failed(const char *run, const struct shard *shard, bool none, uint64_t *count,
                        struct error *error)
{
    char *path;
    struct merging merging = {.failed_only = true, .none = none, .shard = shard};
    int length = shard && shard->count > 1
                     ? asprintf(&path, "%s/failed-%u-of-%u.ndjson", run, shard->index, shard->count)
                     : asprintf(&path, "%s/failed.ndjson", run);
    path = length < 0 ? NULL : path;
    int status = write_merged(run, path, &merging, error);
    free(path);
    if (count)
        *count = merging.written;
    return status;
}

int ledger_merge(const char *run, const struct item_words *words, struct ledger_run_status *status,
                 struct error *error)
{
    char *path;
    struct merging merging = {0};
    if (ledger_status_read(run, words, status, error))
        return -1;
    path = asprintf(&path, "%s/ledger.ndjson", run) < 0 ? NULL : path;
    int result = write_merged(run, path, &merging, error);
    free(path);
    if (result == 0)
        result = ledger_write_failed(run, NULL, false, NULL, error);
    if (result)
        ledger_status_free(status);
    return result;
}
