#include "program/spool/spool_put.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/path.h"
#include "jobs/background.h"
#include "jobs/progress.h"
#include "program/run/run.h"
#include "program/spool/spool.h"
#include "program/spool/spool_marker.h"
#include "program/tars/tar_journal.h"

static const char *const ENDINGS[] = {".tar", ".ndjson",
                                      SPOOL_MARKER}; /* in the order of putting */
enum { ENDING_COUNT = 3 };

/* SHA-256 and size of a file of the run's folder. */
static int measure(const struct folder *out, const char *name, char sha256[DIGEST_TEXT],
                   uint64_t *size, struct error *error)
{
    char block[1 << 16];
    FILE *file = folder_stream(out, name, error);
    if (!file)
        return -1;
    struct digest *digest = digest_new();
    *size = 0;
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0; *size += got)
        digest_add(digest, block, got);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    digest_finish(digest, sha256);
    return failed ? error_set_system(error, ERROR_IO, failed, "%s%s: cannot be read", out->prefix,
                                     name)
                  : 0;
}

/* What the marker says of a published shard. */
static int describe(const struct run *run, const char *tar, const char *lines,
                    struct spool_marker *marker, struct error *error)
{
    const struct folder *out = run->config.output;
    struct tar_journal journal = {0};
    memcpy(marker->configuration, run->resources.spool->configuration, DIGEST_TEXT);
    if (measure(out, tar, marker->tar_sha256, &marker->tar_bytes, error))
        return -1;
    int status = tar_journal_read(&journal, out, lines, marker->tar_bytes, NULL, error);
    marker->ndjson_bytes = journal.bytes;
    marker->images = journal.count;
    marker->failed = journal.failed;
    tar_journal_free(&journal);
    return status;
}

/* Writes NAME.done.json into the run's folder. */
static int write_marker(const struct run *run, const char *name, struct spool_marker *marker,
                        struct error *error)
{
    size_t size;
    char *tar = spool_name(name, ENDINGS[0], error);
    char *lines = tar ? spool_name(name, ENDINGS[1], error) : NULL;
    char *file = lines ? spool_name(name, ENDINGS[2], error) : NULL;
    int status = file ? describe(run, tar, lines, marker, error) : -1;
    char *text = status ? NULL : spool_marker_text(marker, &size, error);
    status = text ? atomic_write(run->config.output, file, text, size, NULL, error) : -1;
    free(tar);
    free(lines);
    free(file);
    free(text);
    return status;
}

static int put_file(const struct run *run, const char *name, const char *ending,
                    struct error *error)
{
    const struct spool *spool = run->resources.spool;
    char *file = spool_name(name, ending, error);
    char *path = file ? path_join(spool->output, file, error) : NULL;
    char *object = path ? spool_object(spool, name, ending, error) : NULL;
    const struct transfer_copy copy = {.source = path, .destination = object};
    int status = object ? transfer_run(&spool->put, &copy, &spool->patience, error) : -1;
    free(file);
    free(path);
    free(object);
    return status;
}

int spool_put_clean(const struct run *run, const char *name, struct error *error)
{
    int status = 0;
    for (int i = 0; status == 0 && i < ENDING_COUNT; i++) {
        char *file = spool_name(name, ENDINGS[i], error);
        status = file ? folder_remove(run->config.output, file, error) : -1;
        free(file);
    }
    return status;
}

static int put_shard(const struct run *run, const char *name, struct error *error)
{
    struct spool_marker marker;
    if (write_marker(run, name, &marker, error))
        return -1;
    for (int i = 0; i < ENDING_COUNT; i++)
        if (put_file(run, name, ENDINGS[i], error))
            return -1;
    progress_log(run->resources.progress, PROGRESS_INFO, "%s/%s.tar: %llu images, %llu failed; put",
                 run->resources.spool->prefix, name, (unsigned long long)marker.images,
                 (unsigned long long)marker.failed);
    return spool_put_clean(run, name, error);
}

/* In the putting thread. */
static void work(void *context, void *task)
{
    struct run *run = context;
    char *name = task;
    struct error error = {0};
    if (!run_stopping(run) && put_shard(run, name, &error) && error.code != ERROR_STOPPED)
        run_fail(run, &error);
    free(name);
}

int spool_put_start(struct run *run, struct error *error)
{
    run->resources.spool->putting = background_new(1, work, run, error);
    return run->resources.spool->putting ? 0 : -1;
}

void spool_put_give(struct run *run, const char *tar)
{
    struct error error;
    char *name = strndup(tar, strlen(tar) - strlen(ENDINGS[0]));
    if (name) {
        background_give(run->resources.spool->putting, name);
        return;
    }
    error_set(&error, ERROR_MEMORY, "%s: no memory for its name", tar);
    run_fail(run, &error);
}

void spool_put_finish(struct run *run)
{
    background_free(run->resources.spool->putting);
    run->resources.spool->putting = NULL;
}
