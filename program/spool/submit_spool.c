/* Submits the images of shards that lie in a store (spool.h). */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "jobs/ledger_index.h"
#include "jobs/list.h"
#include "jobs/prefetch.h"
#include "jobs/progress.h"
#include "jobs/shard.h"
#include "program/run/collection_parts.h"
#include "program/run/run.h"
#include "program/spool/spool.h"
#include "program/spool/spool_look.h"
#include "program/spool/spool_put.h"
#include "program/tars/tar_part.h"
#include "program/tars/tar_shard.h"

enum { AHEAD = 2 }; /* tars that are fetched while one is read */

/* The list on its way. */
struct spooling {
    struct collection *collection;
    struct prefetch *prefetch;
    bool listed; /* the list is at its end */
};

/* Whether the ledger says that the shard's output was published. */
static bool was_published(const struct run *run, const char *key)
{
    struct ledger_entry entry = ledger_index_find(run->resources.before, key);
    return entry.status == LEDGER_NONE && entry.bytes > 0;
}

/* The output was published, but maybe not put: a start was ended in between. */
static int put_published(struct spooling *spooling, const struct list_item *item,
                         const struct spool_shard *shard, struct error *error)
{
    char *tar = spool_name(shard->name, ".tar", error);
    int status = tar ? collection_submit_tar(spooling->collection, item, error) : -1;
    if (status == 0) /* it was passed over, once the ledger knew all of its images */
        spool_put_give(spooling->collection->run, tar);
    free(tar);
    return status;
}

/* Sees to a shard for which nothing need be fetched. Returns 1, 0 if it is to be asked for, or -1. */
static int settle_shard(struct spooling *spooling, const struct list_item *item,
                        struct spool_shard *shard, struct error *error)
{
    struct run *run = spooling->collection->run;
    const struct settings *settings = run->config.settings;
    char *tar = spool_name(shard->name, ".tar", error);
    struct stat status;
    if (!tar)
        return -1;
    shard->published = folder_stat(run->config.output, tar, &status) == 0;
    free(tar);
    if (settings->overwrite || settings->retry_failed)
        return 0;
    if (shard->published)
        return put_published(spooling, item, shard, error) ? -1 : 1;
    if (!was_published(run, shard->key))
        return 0;
    run->outcome.taken++;
    return spool_put_clean(run, shard->name, error) ? -1 : 1;
}

static int ask_for(struct spooling *spooling, const struct list_item *item, struct error *error)
{
    struct spool_shard *shard = spool_shard_new(item, error);
    int settled = shard ? settle_shard(spooling, item, shard, error) : -1;
    if (settled == 0 && prefetch_ask(spooling->prefetch, item->path, shard, error) == 0)
        return 0;
    spool_shard_free(shard);
    return settled > 0 ? 0 : -1;
}

/* Asks for as many shards as may be fetched ahead. */
static int ask(struct spooling *spooling, struct error *error)
{
    struct run *run = spooling->collection->run;
    struct list_item item;
    while (!spooling->listed && prefetch_has_room(spooling->prefetch) && !run_stopping(run)) {
        int more = list_next(run->resources.list, &item, error);
        if (more < 0)
            return -1;
        spooling->listed = more == 0;
        if (more && shard_has(&run->config.shard, item.key) && ask_for(spooling, &item, error))
            return -1;
    }
    return 0;
}

/* Removes what earlier starts have left of a shard that is done elsewhere. */
static int remove_parts(const struct run *run, const struct spool_shard *shard, struct error *error)
{
    struct tar_files files;
    if (tar_files_name(&files, shard->name, error))
        return -1;
    int status = tar_files_remove_parts(&files, run->config.output, error);
    tar_files_free(&files);
    return status;
}

/* Another machine has put this shard: its images are in this run's ledger, too, from now on. */
static int adopt(struct run *run, const struct spool_shard *shard, struct error *error)
{
    run->outcome.taken++;
    progress_log(run->resources.progress, PROGRESS_INFO,
                 "%s/%s.tar: done before, %llu images, %llu failed", run->resources.spool->prefix,
                 shard->name, (unsigned long long)shard->marker.images,
                 (unsigned long long)shard->marker.failed);
    return tar_shard_adopt(run, shard->key, shard->lines, shard->marker.tar_bytes, error)
               ? -1
               : remove_parts(run, shard, error);
}

/* Does what is to be done about a shard that was asked for. */
static int take(struct spooling *spooling, const struct prefetch_file *file, struct error *error)
{
    struct run *run = spooling->collection->run;
    const struct spool_shard *shard = file->tag;
    const struct list_item item = {.path = file->name,
                                   .copy = file->path,
                                   .key = shard->key,
                                   .folder = shard->folder,
                                   .line = shard->line};
    if (file->state == PREFETCH_READY)
        return collection_submit_tar(spooling->collection, &item, error);
    if (file->state == PREFETCH_FAILED && file->error.code != ERROR_STOPPED) {
        *error = file->error;
        return -1;
    }
    if (file->state == PREFETCH_FAILED)
        return 0;
    if (shard->done)
        return adopt(run, shard, error);
    if (shard->published)
        return put_published(spooling, &item, shard, error);
    /* With --retry-failed: it is passed over, once what has failed in it is counted. */
    return collection_submit_tar(spooling->collection, &item, error);
}

static int submit_all(struct spooling *spooling, struct error *error)
{
    struct run *run = spooling->collection->run;
    int status = 0;
    while (status == 0 && !run_stopping(run)) {
        struct prefetch_file *file;
        if (ask(spooling, error))
            return -1;
        if (!(file = prefetch_take(spooling->prefetch)))
            break;
        status = take(spooling, file, error);
        spool_shard_free(file->tag);
        prefetch_end(spooling->prefetch, file);
    }
    return status;
}

int collection_submit_spool(struct collection *collection, struct error *error)
{
    struct run *run = collection->run;
    const struct spool *spool = run->resources.spool;
    size_t dead_count;
    const struct atomic_writer *dead = ledger_index_writers(run->resources.before, &dead_count);
    const struct prefetch_options options = {.get = &spool->get,
                                             .patience = spool->patience,
                                             .spool = spool->folder,
                                             .dead = dead,
                                             .dead_count = dead_count,
                                             .ahead = AHEAD,
                                             .needed = spool_look,
                                             .context = run};
    struct spooling spooling = {.collection = collection};
    spooling.prefetch = prefetch_new(&options, error);
    if (!spooling.prefetch)
        return -1;
    int status = submit_all(&spooling, error);
    prefetch_free(spooling.prefetch, spool_shard_free);
    return status;
}
