#include "program/spool/spool_look.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/read_file.h"
#include "jobs/list.h"
#include "jobs/prefetch.h"
#include "jobs/progress.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"
#include "program/spool/spool.h"
#include "program/tars/tar_journal.h"

enum { MARKER_MOST = 1 << 16 }; /* bytes */

struct spool_shard *spool_shard_new(const struct list_item *item, struct error *error)
{
    struct spool_shard *shard = memory_new(1, sizeof *shard, "a shard", error);
    if (!shard)
        return NULL;
    shard->key = strdup(item->key);
    shard->name = strndup(item->key, item->folder);
    shard->folder = item->folder;
    shard->line = item->line;
    if (shard->key && shard->name)
        return shard;
    error_set(error, ERROR_MEMORY, "%s: no memory for its name", item->path);
    spool_shard_free(shard);
    return NULL;
}

void spool_shard_free(void *tag)
{
    struct spool_shard *shard = tag;
    if (!shard)
        return;
    if (shard->lines)
        unlink(shard->lines);
    free(shard->lines);
    free(shard->key);
    free(shard->name);
    memory_free(shard);
}

/* Fetches NAMEending of the output to a file beside the fetched tar. Returns its path, freed with free(3), or
 * NULL. */
static char *fetch_output(const struct run *run, const struct prefetch_file *file,
                          const char *ending, const struct transfer_patience *patience,
                          struct error *error)
{
    const struct spool *spool = run->resources.spool;
    const struct spool_shard *shard = file->tag;
    char *path = NULL;
    char *object = spool_object(spool, shard->name, ending, error);
    if (object)
        path = spool_name(file->path, ending, error);
    const struct transfer_copy copy = {.source = object, .destination = path, .to_file = true};
    if (path && transfer_run(&spool->get, &copy, patience, error)) {
        free(path);
        path = NULL;
    }
    free(object);
    return path;
}

/* Reads a fetched marker. Returns 1; 0, with a warning, if it is none: a put that was ended may have left a part
 * of it; or -1. */
static int read_marker(const struct run *run, struct spool_shard *shard, const char *path,
                       struct error *error)
{
    char *text = NULL;
    size_t size;
    bool good = read_file(path, MARKER_MOST, &text, &size, error) == 0 &&
                spool_marker_parse(&shard->marker, text, size, error) == 0;
    free(text);
    if (good || error->code == ERROR_MEMORY)
        return good ? 1 : -1;
    progress_log(run->resources.progress, PROGRESS_WARNING,
                 "%s/%s" SPOOL_MARKER ": %s; the shard is done again", run->resources.spool->prefix,
                 shard->name, error->text);
    return 0;
}

/* Returns 1 with the marker, 0 if there is none, or -1. */
static int fetch_marker(const struct run *run, const struct prefetch_file *file,
                        const struct transfer_patience *patience, struct error *error)
{
    const struct transfer_patience once = {.stopping = patience->stopping,
                                           .context = patience->context};
    char *path = fetch_output(run, file, SPOOL_MARKER, &once, error);
    if (!path)
        return error->code == ERROR_IO ? 0 : -1;
    int found = read_marker(run, file->tag, path, error);
    unlink(path);
    free(path);
    return found;
}

static int check_configuration(const struct run *run, const struct spool_shard *shard,
                               struct error *error)
{
    const struct spool *spool = run->resources.spool;
    if (run->config.settings->extend ||
        strcmp(shard->marker.configuration, spool->configuration) == 0)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "%s/%s" SPOOL_MARKER
                     ": that shard was done with another configuration; choose another -o, or "
                     "--extend to go on with the new configuration, or --overwrite to do all "
                     "images again",
                     spool->prefix, shard->name);
}

/* Moves a fetched file to `name` below the run's folder, durably. */
static int move_to_output(const struct run *run, const char *path, const char *name,
                          struct error *error)
{
    const struct folder *out = run->config.output;
    const char *base;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int parent = fd >= 0 ? folder_parent(out, name, true, &base, error) : -1;
    int status = parent < 0 || atomic_sync_file(fd) || renameat(AT_FDCWD, path, parent, base);
    if (status)
        error_set_system(error, ERROR_IO, errno, "%s: cannot be moved to %s%s", path, out->prefix,
                         name);
    else
        status = atomic_sync_parent(parent, name, error);
    if (parent >= 0)
        close(parent);
    if (fd >= 0)
        close(fd);
    return status ? -1 : 0;
}

static int fetch_to_output(const struct run *run, const struct prefetch_file *file,
                           const char *ending, const struct transfer_patience *patience,
                           struct error *error)
{
    const struct spool_shard *shard = file->tag;
    char *path = fetch_output(run, file, ending, patience, error);
    if (!path)
        return -1;
    char *name = spool_name(shard->name, ending, error);
    int status = name ? move_to_output(run, path, name, error) : -1;
    free(name);
    unlink(path);
    free(path);
    return status;
}

/* With --retry-failed: whether an image has failed in an output that is in DIR/out. */
static int look_at_published(const struct run *run, const struct spool_shard *shard,
                             struct error *error)
{
    struct tar_journal journal = {0};
    char *lines = spool_name(shard->name, ".ndjson", error);
    if (!lines)
        return -1;
    int status = tar_journal_read(&journal, run->config.output, lines, UINT64_MAX, NULL, error);
    free(lines);
    bool failed = journal.failed > 0;
    tar_journal_free(&journal);
    return status ? -1 : failed;
}

/* With --retry-failed. Returns as spool_look. */
static int look_for_failures(const struct run *run, const struct prefetch_file *file,
                             const struct transfer_patience *patience, struct error *error)
{
    const struct spool_shard *shard = file->tag;
    if (shard->marker.failed == 0)
        return 0;
    return fetch_to_output(run, file, ".ndjson", patience, error) ||
                   fetch_to_output(run, file, ".tar", patience, error)
               ? -1
               : 1;
}

int spool_look(void *context, struct prefetch_file *file, const struct transfer_patience *patience,
               struct error *error)
{
    const struct run *run = context;
    const struct settings *settings = run->config.settings;
    struct spool_shard *shard = file->tag;
    if (settings->overwrite)
        return 1;
    if (shard->published)
        return look_at_published(run, shard, error);
    int found = fetch_marker(run, file, patience, error);
    if (found < 0 || (found && check_configuration(run, shard, error)))
        return -1;
    if (!found)
        return run_folder_reaches(run, shard->key);
    if (settings->retry_failed)
        return look_for_failures(run, file, patience, error);
    shard->lines = fetch_output(run, file, ".ndjson", patience, error);
    shard->done = shard->lines;
    return shard->done ? 0 : -1;
}
