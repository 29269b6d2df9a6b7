/* Submits the items of the list. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/list.h"
#include "program/run/collection_parts.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"

/* The list on its way. */
struct submitting {
    struct collection *collection;
    char *mended; /* owned: keys of folders that no longer fail, each with its NUL */
    size_t mended_used, mended_capacity;
    struct error mended_error; /* why one of them is missing there */
};

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
    struct submission image = {
        .path = listed->path, .key = listed->key, .line = listed->line, .fault = listed->fault};
    if (listed->fault) /* tried again at every start, as a damaged tar */
        return collection_submit(collection, &image, error);
    int wanted = collection->sink.admit(collection->sink.context, &image, error);
    return wanted > 0 ? collection_submit(collection, &image, error) : wanted;
}

/* A folder could be read, or is left out. Keeps its key if it failed before. */
static void note_no_fault(void *context, const char *key)
{
    struct submitting *submitting = context;
    const struct run *run = submitting->collection->run;
    size_t size = strlen(key) + 1;
    if (!shard_has(&run->config.shard, key) || !run_folder_has_failed(run, key))
        return;
    if (memory_grow((void **)&submitting->mended, &submitting->mended_capacity,
                    submitting->mended_used + size, 1, &submitting->mended_error))
        return;
    memcpy(submitting->mended + submitting->mended_used, key, size);
    submitting->mended_used += size;
}

/* Clears the failures of folders that no longer fail, once their images are in the ledger: a start
 * that is killed before leaves them to the next --retry-failed. */
static int end_folders(const struct submitting *submitting, struct error *error)
{
    struct run *run = submitting->collection->run;
    int status = 0;
    if (submitting->mended_error.code) {
        *error = submitting->mended_error;
        return -1;
    }
    if (submitting->mended_used == 0)
        return 0;
    collection_settle(submitting->collection);
    for (size_t at = 0; status == 0 && !run_stopping(run) && at < submitting->mended_used;
         at += strlen(submitting->mended + at) + 1)
        status = run_folder_clear(run, submitting->mended + at, error);
    return status;
}

static int submit_all(struct submitting *submitting, struct error *error)
{
    struct run *run = submitting->collection->run;
    struct list_item listed;
    int status = 0;
    list_watch(run->resources.list, note_no_fault, submitting);
    while (status == 0 && !run_stopping(run)) {
        int more = list_next(run->resources.list, &listed, error);
        if (more < 0)
            return -1;
        if (more == 0)
            return end_folders(submitting, error);
        status = submit_listed(submitting->collection, &listed, error);
    }
    return status;
}

int collection_run(struct run *run, const struct sink *sink, struct error *error)
{
    struct submitting submitting = {.collection = collection_open(run, sink, error)};
    if (!submitting.collection)
        return -1;
    int status = run->resources.spool ? collection_submit_spool(submitting.collection, error)
                                      : submit_all(&submitting, error);
    collection_close(submitting.collection);
    free(submitting.mended);
    return status;
}
