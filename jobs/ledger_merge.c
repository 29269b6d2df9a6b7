/* ledger_merge.c - writes failed.ndjson and the merged ledger from all ledgers of a run. Reads them
 * twice: first into an index, then line by line to copy the lines that count. */
#include "jobs/ledger_status.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static int merge_ledgers(const struct folder *run, struct merging *merging, struct error *error)
{
    char **names;
    size_t files;
    if (ledger_files(run, merging->shard, &names, &files, error))
        return -1;
    int status = 0;
    for (size_t i = 0; status == 0 && i < files; i++)
        status = ledger_read(run, names[i], merge_line, merging, NULL, error);
    free(names);
    return status;
}

/* Writes the file `name` below the run's folder. */
static int write_merged(const struct folder *run, const char *name, struct merging *merging,
                        struct error *error)
{
    merging->error = error;
    if (!merging->none && !(merging->index = ledger_index_read(run, merging->shard, error)))
        return -1;
    int status = atomic_open(&merging->file, run, name, error);
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

int ledger_write_failed(const struct folder *run, const struct shard *shard, bool none,
                        uint64_t *count, struct error *error)
{
    char name[64] = "failed.ndjson";
    struct merging merging = {.failed_only = true, .none = none, .shard = shard};
    if (shard && shard->count > 1)
        snprintf(name, sizeof name, "failed-%u-of-%u.ndjson", shard->index, shard->count);
    int status = write_merged(run, name, &merging, error);
    if (count)
        *count = merging.written;
    return status;
}

bool ledger_replaces(const char *name, bool fold)
{
    int (*differ)(const char *, const char *) = fold ? strcasecmp : strcmp;
    char plain[64]; /* the name without digits: the numbers of a shard */
    size_t used = 0;
    for (const char *at = name; *at && used + 1 < sizeof plain; at++)
        if (!isdigit((unsigned char)*at))
            plain[used++] = *at;
    plain[used] = '\0';
    return differ(name, "failed.ndjson") == 0 || differ(name, "ledger.ndjson") == 0 ||
           differ(plain, "failed--of-.ndjson") == 0;
}

int ledger_merge(const struct folder *run, const struct item_words *words,
                 struct ledger_run_status *status, struct error *error)
{
    struct merging merging = {0};
    if (ledger_status_read(run, words, status, error))
        return -1;
    int result = write_merged(run, "ledger.ndjson", &merging, error);
    if (result == 0)
        result = ledger_write_failed(run, NULL, false, NULL, error);
    if (result)
        ledger_status_free(status);
    return result;
}
