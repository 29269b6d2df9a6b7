/* collection.c - takes the images through three stages, each with its threads:
 *
 *   list -> [read: decode] -> [compute: generate, paint] -> [write: record, overlay] -> finish: ledger
 *
 * A fixed number of items is reused, which bounds the memory. A ledger line says "done" only after
 * the output's folder has been synced; until then it waits in `pending`.
 */
#include "program/run/collection.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "images/image.h"
#include "images/tar_input.h"
#include "jobs/queue.h"
#include "jobs/workers.h"
#include "program/run/collection_parts.h"
#include "program/run/item.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"
#include "program/run/run_clean.h"

enum { READ, COMPUTE, WRITE, STAGES };

static int read_work(void *context, int worker, void *item)
{
    struct collection *collection = context;
    (void)worker;
    return item_read(collection->run, item);
}

static int compute_work(void *context, int worker, void *item)
{
    struct collection *collection = context;
    return item_compute(collection->run, item, worker);
}

static int write_work(void *context, int worker, void *item)
{
    struct collection *collection = context;
    (void)worker;
    return item_write(collection->run, item);
}

static void leave(void *context, int worker)
{
    (void)context;
    (void)worker;
    image_thread_stop();
}

static void finish(void *context, void *work, enum workers_outcome outcome)
{
    struct collection *collection = context;
    struct item *item = work;
    if (outcome == WORKERS_COMPLETED)
        collection_note_done(collection, item);
    else if (!item->dropped)
        collection_note_failed(collection->run, item);
    item_memory_give(collection->run, item);
    item_clear(item);
    queue_push(collection->idle, item);
}

/* One for each worker, one being read, one waiting for a worker, one being written. */
static size_t items_for(int workers)
{
    return (size_t)workers + 3;
}

static int collection_init(struct collection *collection, struct error *error)
{
    struct run *run = collection->run;
    collection->item_count = items_for(run->config.workers);
    const struct workers_plan plan = {
        .stages = {[READ] = {.threads = 1, .work = read_work, .leave = leave},
                   [COMPUTE] = {.threads = run->config.workers,
                                .work = compute_work,
                                .leave = leave},
                   [WRITE] = {.threads = 1, .work = write_work, .leave = leave}},
        .stage_count = STAGES,
        .in_flight = collection->item_count,
        .finish = finish,
        .context = collection,
    };
    collection->items =
        memory_new(collection->item_count, sizeof *collection->items, "images", error);
    collection->idle = collection->items ? queue_new(collection->item_count, error) : NULL;
    for (size_t i = 0; collection->idle && i < collection->item_count; i++)
        queue_push(collection->idle, &collection->items[i]);
    collection->workers = collection->idle ? workers_new(&plan, error) : NULL;
    return collection->workers ? 0 : -1;
}

static void collection_free(struct collection *collection)
{
    workers_free(collection->workers); /* drains */
    collection_flush(collection);
    for (size_t i = 0; collection->items && i < collection->item_count; i++)
        item_free(&collection->items[i]);
    queue_free(collection->idle);
    memory_free(collection->items);
    free(collection->pending);
    free(collection->mended);
}

int collection_submit(struct collection *collection, const struct submission *image,
                      struct error *error)
{
    const struct tar_member *member = image->member;
    if (!image->fault && run_clean_image(collection->run->resources.clean, image->key, error))
        return -1;
    struct item *item = queue_pop(collection->idle);
    item->path = strdup(image->path);
    item->key = strdup(image->key);
    item->tar = image->tar ? strdup(image->tar) : NULL;
    item->line = image->line;
    if (image->fault)
        item->error = *image->fault;
    if (member) {
        item->file = malloc(member->size + 1);
        item->file_size = member->size;
        if (item->file)
            memcpy(item->file, member->bytes, member->size);
    }
    if (item->path && item->key && (item->tar || !image->tar) && (item->file || !member) &&
        workers_submit(collection->workers, item) == 0)
        return 0;
    item_clear(item);
    return error_set(error, ERROR_MEMORY, "%s: no memory to begin with it", image->path);
}

void collection_settle(struct collection *collection)
{
    for (size_t i = 0; i < collection->item_count; i++)
        queue_pop(collection->idle);
    for (size_t i = 0; i < collection->item_count; i++)
        queue_push(collection->idle, &collection->items[i]);
    collection_flush(collection);
}

int collection_run(struct run *run, struct error *error)
{
    struct collection collection = {.run = run};
    int status = collection_init(&collection, error);
    if (status == 0)
        status = collection_submit_list(&collection, error);
    collection_free(&collection);
    return status;
}
