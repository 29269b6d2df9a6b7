/* Submits the items of the list. */
#include <string.h>

#include "base/memory.h"
#include "jobs/list.h"
#include "program/run/collection_parts.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"

/* Submits an image, or the images of a tar. */
static int submit_listed(struct collection *collection, const struct list_item *listed,
                         struct error *error)
{
    if (!listed->folder)
        collection->run->outcome.taken++;
    if (!shard_has(&collection->run->config.shard, listed->key))
        return 0;
    if (listed->folder)
        return collection_submit_tar(collection, listed, error);
    const struct submission image = {
        .path = listed->path, .key = listed->key, .line = listed->line, .fault = listed->fault};
    if (listed->fault) /* tried again at every start, as a damaged tar */
        return collection_submit(collection, &image, error);
    return run_folder_wants(collection->run, listed->key, NULL)
               ? collection_submit(collection, &image, error)
               : 0;
}

/* A folder could be read, or is left out. Keeps its key if it failed before. */
static void note_no_fault(void *context, const char *key)
{
    struct collection *collection = context;
    size_t size = strlen(key) + 1;
    if (!shard_has(&collection->run->config.shard, key) ||
        !run_folder_has_failed(collection->run, key))
        return;
    if (memory_grow((void **)&collection->mended, &collection->mended_capacity,
                    collection->mended_used + size, 1, &collection->mended_error))
        return;
    memcpy(collection->mended + collection->mended_used, key, size);
    collection->mended_used += size;
}

/* Clears the failures of folders that no longer fail, once their images are in the ledger: a start
 * that is killed before leaves them to the next --retry-failed. */
static int end_folders(struct collection *collection, struct error *error)
{
    struct run *run = collection->run;
    int status = 0;
    if (collection->mended_error.code) {
        *error = collection->mended_error;
        return -1;
    }
    if (collection->mended_used == 0)
        return 0;
    collection_settle(collection);
    for (size_t at = 0; status == 0 && !run_stopping(run) && at < collection->mended_used;
         at += strlen(collection->mended + at) + 1)
        status = run_folder_clear(run, collection->mended + at, error);
    return status;
}

int collection_submit_list(struct collection *collection, struct error *error)
{
    struct run *run = collection->run;
    struct list_item listed;
    int status = 0;
    list_watch(run->resources.list, note_no_fault, collection);
    while (status == 0 && !run_stopping(run)) {
        int more = list_next(run->resources.list, &listed, error);
        if (more < 0)
            return -1;
        if (more == 0)
            return end_folders(collection, error);
        status = submit_listed(collection, &listed, error);
    }
    return status;
}
