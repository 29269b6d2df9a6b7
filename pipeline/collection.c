/* collection.c - many images through three stages of threads:
 *
 *   list -> [read: decode] -> [compute: generate] -> [write: record, overlay] -> finish: ledger
 *
 * A fixed number of items goes round, so memory is bounded. A ledger line says "done" only after
 * the folder of the output has been synced; lines wait for that in `pending`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/hash.h"
#include "jobs/ledger.h"
#include "jobs/list.h"
#include "jobs/progress.h"
#include "jobs/queue.h"
#include "jobs/stop.h"
#include "jobs/workers.h"
#include "base/atomic.h"
#include "pipeline/generate.h"
#include "pipeline/overlay.h"
#include "pipeline/record.h"
#include "pipeline/run.h"
#include "pipeline/run_formats.h"
#include "pipeline/tiles.h"
#include "pipeline/writer.h"

enum { READ, COMPUTE, WRITE, STAGES };

/* One image on its way. `path` and `key` are owned copies. */
struct item {
    char *path, *key;
    struct image image;
    struct record record;
    struct error error; /* of this image; code ERROR_NONE while all is well */
    double seconds;     /* of work so far, over all stages */
    uint64_t bytes;     /* of the record written */
    uint32_t worker;
    bool dropped; /* the run ends: neither done nor failed */
};

struct collection {
    struct run *run;
    struct item *items; /* [item_count] */
    size_t item_count;
    struct queue *idle; /* items that nobody uses */
    struct workers *workers;
    struct ledger_line *pending; /* owned; their keys too */
    size_t pending_count, pending_capacity;
    double flushed; /* time of the last sync */
};

static bool stopping(const struct run *run)
{
    return stop_reason(run->stop) != STOP_NONE;
}

/* Whether to begin a stage: no longer once the run is to stop. */
static bool begin(const struct run *run, struct item *item)
{
    item->dropped = stopping(run);
    return !item->dropped;
}

/* After a failed attempt: true to try again (having waited), false when item->error is final, or
 * when the run ends because of it (the image is then dropped). */
static bool try_again(struct run *run, struct item *item, enum retry_side side, int attempt)
{
    if (item->error.system == 0)
        return false;
    switch (retry_decide(item->error.system, side, attempt, run->settings.retries)) {
    case RETRY_AGAIN:
        progress_log(run->progress, PROGRESS_WARNING, "%s; trying again", item->error.text);
        item->dropped =
            stop_wait(run->stop, retry_delay(attempt, hash_bytes(item->key, strlen(item->key))));
        return !item->dropped;
    case RETRY_STOP_RUN:
        run_fail(run, &item->error);
        item->dropped = true;
        return false;
    case RETRY_FAIL_IMAGE:
        break;
    }
    return false;
}

/* A file that is not there may mean that its file system is not. */
static void check_mounts(struct run *run, struct item *item)
{
    struct error error;
    if (item->error.system != ENOENT)
        return;
    for (int i = 0; i < run->input_count && i < RUN_INPUTS_MAX; i++)
        if (run->mounts[i].known && mount_check(run->inputs[i], &run->mounts[i], &error)) {
            run_fail(run, &error);
            item->dropped = true;
        }
}

/* In tiles an image is decoded while it is computed; here only its header is looked at. */
static int read_once(struct run *run, struct item *item)
{
    struct image_header header;
    if (run->settings.generation.tile)
        return image_read_header(item->path, &run->limits, &header, &item->error);
    return image_read(item->path, &run->limits, &item->image, &item->error);
}

static int read_item(struct run *run, struct item *item)
{
    for (int attempt = 0;; attempt++) {
        item->error = (struct error){0};
        if (read_once(run, item) == 0)
            return 0;
        check_mounts(run, item);
        if (item->dropped || !try_again(run, item, RETRY_READING, attempt))
            return -1;
    }
}

static int read_work(void *context, int worker, void *work)
{
    struct collection *collection = context;
    struct item *item = work;
    (void)worker;
    if (!begin(collection->run, item))
        return -1;
    double start = clock_now();
    int status = read_item(collection->run, item);
    item->seconds = clock_now() - start;
    return status;
}

static int find_masks(struct run *run, struct generator *generator, struct item *item)
{
    const struct generation *options = &run->settings.generation;
    struct record *record = &item->record;
    int32_t width = item->image.width;
    int32_t height = item->image.height;
    int status = options->tile
                     ? tiles_generate(generator, item->path, &run->limits, options->tile,
                                      options->halo, &record->masks, &width, &height, &item->error)
                     : generate(generator, &item->image, &record->masks, &item->error);
    record->width = (uint32_t)width;
    record->height = (uint32_t)height;
    return status;
}

static int compute_work(void *context, int worker, void *work)
{
    struct collection *collection = context;
    struct item *item = work;
    if (!begin(collection->run, item))
        return -1;
    double start = clock_now();
    item->worker = (uint32_t)worker;
    int status = find_masks(collection->run, collection->run->generators[worker], item);
    item->seconds += clock_now() - start;
    return status;
}

/* Writes bytes to OUTDIR/<stem of the key><suffix>, again and again where that may help. */
static int write_output(struct run *run, struct item *item, const char *suffix, const void *bytes,
                        size_t size)
{
    char *path = run_folder_path(run, item->key, suffix, &item->error);
    int status = path ? -1 : 0;
    for (int attempt = 0; status; attempt++) {
        item->error = (struct error){0};
        status = atomic_write(path, bytes, size, run->batch, &item->error);
        if (status && !try_again(run, item, RETRY_WRITING, attempt))
            break;
    }
    status = path ? status : -1;
    free(path);
    return status;
}

static int write_record(struct run *run, struct item *item)
{
    size_t length;
    char *text =
        record_text(&item->record, run_formats_fields(run->formats), &length, &item->error);
    if (!text)
        return -1;
    item->bytes = length;
    int status = write_output(run, item, ".json", text, length);
    free(text);
    return status;
}

static int write_overlay(struct run *run, struct item *item)
{
    uint8_t *bytes;
    size_t size;
    if (overlay_jpeg(&item->image, &item->record.masks, &bytes, &size, &item->error))
        return -1;
    int status = write_output(run, item, ".overlay.jpg", bytes, size);
    memory_free(bytes);
    return status;
}

static int complete_record(struct item *item)
{
    item->record.image_id = record_image_id(item->key);
    item->record.file_name = strdup(item->key);
    return item->record.file_name ? 0
                                  : error_set(&item->error, ERROR_MEMORY, "no memory for a name");
}

/* The other formats. What is wrong with the writer, not with the image, ends the run. */
static int write_formats(struct run *run, struct item *item)
{
    char *name = strndup(item->key, list_stem(item->key));
    const struct writer_item written = {
        .record = &item->record,
        .name = name,
        .image_path = item->path,
    };
    if (!name)
        return error_set(&item->error, ERROR_MEMORY, "no memory for a name");
    int status = run_formats_add(run->formats, &written, &item->error);
    free(name);
    item->dropped = status && item->error.code != ERROR_RECORD && item->error.code != ERROR_IMAGE;
    if (item->dropped)
        run_fail(run, &item->error);
    return status;
}

/* The record goes last: it is what says that the image is done. */
static int write_work(void *context, int worker, void *work)
{
    struct collection *collection = context;
    struct run *run = collection->run;
    struct item *item = work;
    (void)worker;
    double start = clock_now();
    int status = complete_record(item);
    if (status == 0)
        status = write_formats(run, item);
    if (status == 0 && run->settings.overlay)
        status = write_overlay(run, item);
    if (status == 0)
        status = write_record(run, item);
    item->seconds += clock_now() - start;
    return status;
}

static void leave(void *context, int worker)
{
    (void)context;
    (void)worker;
    image_thread_stop();
}

/* Makes the outputs of all pending images durable, then says so in the ledger. Lines that cannot
 * be written are dropped: their images will be done again. */
static void flush(struct collection *collection)
{
    struct run *run = collection->run;
    struct error error;
    int status = collection->pending_count ? atomic_batch_flush(run->batch, &error) : 0;
    for (size_t i = 0; i < collection->pending_count; i++) {
        if (status == 0)
            status = ledger_append(run->ledger, &collection->pending[i], &error);
        free((char *)collection->pending[i].key);
    }
    if (status)
        run_fail(run, &error);
    collection->pending_count = 0;
    collection->flushed = clock_now();
}

static void note_done(struct collection *collection, struct item *item)
{
    struct run *run = collection->run;
    struct error error;
    if (memory_grow((void **)&collection->pending, &collection->pending_capacity,
                    collection->pending_count + 1, sizeof *collection->pending, &error)) {
        run_fail(run, &error);
        return;
    }
    collection->pending[collection->pending_count++] = (struct ledger_line){
        .status = LEDGER_DONE,
        .key = item->key,
        .bytes = item->bytes,
        .width = item->record.width,
        .height = item->record.height,
        .masks = (uint32_t)item->record.masks.count,
        .seconds = item->seconds,
        .worker = item->worker,
    };
    item->key = NULL; /* the line has it now */
    run->done++;
    progress_image(run->progress, false, (uint32_t)item->record.masks.count, item->seconds,
                   item->bytes);
    if (atomic_batch_due(run->batch) || clock_now() - collection->flushed >= 1.0)
        flush(collection);
}

static void note_failed(struct run *run, const struct item *item)
{
    struct error error;
    const struct ledger_line line = {
        .status = LEDGER_FAILED,
        .key = item->key,
        .seconds = item->seconds,
        .worker = item->worker,
        .error = item->error.text,
    };
    if (ledger_append(run->ledger, &line, &error))
        run_fail(run, &error);
    run->failed++;
    progress_log(run->progress, PROGRESS_ERROR, "%s", item->error.text);
    progress_image(run->progress, true, 0, item->seconds, 0);
    uint64_t tried = run->done + run->failed;
    if (run->failed > run->failures_most ||
        (tried >= 20 && (double)run->failed > run->failures_share * (double)tried)) {
        run->too_many_failures = true;
        stop_ask(run->stop);
    }
}

static void item_clear(struct item *item)
{
    free(item->path);
    free(item->key);
    record_free(&item->record);
    item->path = item->key = NULL;
    item->error = (struct error){0};
    item->dropped = false;
    item->seconds = 0;
}

static void finish(void *context, void *work, enum workers_outcome outcome)
{
    struct collection *collection = context;
    struct item *item = work;
    if (outcome == WORKERS_COMPLETED)
        note_done(collection, item);
    else if (!item->dropped)
        note_failed(collection->run, item);
    item_clear(item);
    queue_push(collection->idle, item);
}

static int collection_init(struct collection *collection, struct error *error)
{
    struct run *run = collection->run;
    /* One image a worker, one being read, one waiting for a worker, one being written. */
    collection->item_count = (size_t)run->workers + 3;
    const struct workers_plan plan = {
        .stages = {[READ] = {.threads = 1, .work = read_work, .leave = leave},
                   [COMPUTE] = {.threads = run->workers, .work = compute_work, .leave = leave},
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
    flush(collection);
    for (size_t i = 0; collection->items && i < collection->item_count; i++)
        image_free(&collection->items[i].image);
    queue_free(collection->idle);
    memory_free(collection->items);
    free(collection->pending);
}

static int submit(struct collection *collection, const struct list_item *listed,
                  struct error *error)
{
    struct item *item = queue_pop(collection->idle);
    item->path = strdup(listed->path);
    item->key = strdup(listed->key);
    if (item->path && item->key && workers_submit(collection->workers, item) == 0)
        return 0;
    item_clear(item);
    return error_set(error, ERROR_MEMORY, "%s: no memory to begin with it", listed->path);
}

int collection_run(struct run *run, struct error *error)
{
    struct collection collection = {.run = run};
    struct list_item listed;
    int status = collection_init(&collection, error);
    while (status == 0 && !stopping(run)) {
        int more = list_next(run->list, &listed, error);
        if (more <= 0) {
            status = more;
            break;
        }
        if (run_folder_wants(run, listed.key))
            status = submit(&collection, &listed, error);
    }
    collection_free(&collection);
    return status;
}
