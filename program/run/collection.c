/* collection.c - takes the images through three stages, each with its threads:
 *
 *   list -> [read: decode] -> [compute: generate, paint] -> [write] -> finish
 *
 * What is written, and what becomes of it when an image ends, is the sink's (sink.h). A fixed number of
 * items is reused, which bounds the memory.
 */
#include "program/run/collection.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "images/image.h"
#include "jobs/memory_room.h"
#include "jobs/queue.h"
#include "jobs/workers.h"
#include "program/run/collection_parts.h"
#include "program/run/item.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"

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
    return collection->sink.write(collection->sink.context, item);
}

static void leave(void *context, int worker)
{
    (void)context;
    (void)worker;
    image_thread_stop();
}

static void finish(void *context, void *work, enum workers_outcome ended)
{
    struct collection *collection = context;
    struct item *item = work;
    enum item_outcome outcome = item->mark                   ? ITEM_MARK
                                : item->dropped              ? ITEM_DROPPED
                                : ended == WORKERS_COMPLETED ? ITEM_DONE
                                                             : ITEM_FAILED;
    collection->sink.finish(collection->sink.context, item, outcome);
    item_memory_give(collection->run, item);
    item_clear(item);
    queue_push(collection->idle, item);
}

/* One for each worker, one being read, one waiting for a worker, one being written. Where they finish in
 * order, as many again, so that a slow one does not keep the workers from going on. */
static size_t items_for(const struct run *run, const struct sink *sink)
{
    size_t workers = (size_t)run->config.workers;
    return (sink->in_order ? 2 * workers : workers) + 3;
}

static int start(struct collection *collection, struct error *error)
{
    struct run *run = collection->run;
    collection->item_count = items_for(run, &collection->sink);
    const struct workers_plan plan = {
        .stages = {[READ] = {.threads = 1, .work = read_work, .leave = leave},
                   [COMPUTE] = {.threads = run->config.workers,
                                .work = compute_work,
                                .leave = leave},
                   [WRITE] = {.threads = 1, .work = write_work, .leave = leave}},
        .stage_count = STAGES,
        .in_flight = collection->item_count,
        .in_order = collection->sink.in_order,
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

struct collection *collection_open(struct run *run, const struct sink *sink, struct error *error)
{
    struct collection *collection = memory_new(1, sizeof *collection, "images", error);
    if (!collection)
        return NULL;
    collection->run = run;
    collection->sink = *sink;
    if (start(collection, error) == 0)
        return collection;
    collection_close(collection);
    return NULL;
}

static void settle(struct collection *collection)
{
    if (collection->sink.settle)
        collection->sink.settle(collection->sink.context);
}

void collection_close(struct collection *collection)
{
    if (!collection)
        return;
    workers_free(collection->workers); /* drains */
    settle(collection);
    for (size_t i = 0; collection->items && i < collection->item_count; i++)
        item_free(&collection->items[i]);
    queue_free(collection->idle);
    memory_free(collection->items);
    memory_free(collection);
}

/* Copies what the image consists of. 0, or -1 without memory. */
static int fill(struct item *item, const struct submission *image)
{
    item->path = strdup(image->path);
    item->key = strdup(image->key);
    item->tar = image->tar ? strdup(image->tar) : NULL;
    item->line = image->line;
    item->tag = image->tag;
    item->place = image->place;
    item->mark = image->mark;
    item->shares_record = image->shares_record;
    if (image->fault)
        item->error = *image->fault;
    if (image->given) {
        item->file = image->given;
        item->file_size = image->size;
    } else if (image->bytes) {
        item->file = malloc(image->size + 1);
        item->file_size = image->size;
        if (item->file)
            memcpy(item->file, image->bytes, image->size);
    }
    bool named = item->path && item->key && (item->tar || !image->tar);
    return named && (item->file || !image->bytes) ? 0 : -1;
}

size_t collection_waiting_bytes(const struct collection *collection)
{
    const uint64_t least = 4 << 20;
    uint64_t share = memory_room_most(collection->run->resources.room) / 4;
    share /= collection->item_count;
    return share < least ? least : share;
}

int collection_submit(struct collection *collection, const struct submission *image,
                      struct error *error)
{
    struct item *item = queue_pop(collection->idle);
    if (fill(item, image) == 0 && workers_submit(collection->workers, item) == 0)
        return 0;
    item_clear(item);
    queue_push(collection->idle, item);
    return error_set(error, ERROR_MEMORY, "%s: no memory to begin with it", image->path);
}

void collection_settle(struct collection *collection)
{
    for (size_t i = 0; i < collection->item_count; i++)
        queue_pop(collection->idle);
    for (size_t i = 0; i < collection->item_count; i++)
        queue_push(collection->idle, &collection->items[i]);
    settle(collection);
}
