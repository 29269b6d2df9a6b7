/* collection.c - takes the images through three stages, each with its threads:
 *
 *   list -> [read: decode] -> [compute: generate] -> [write: record, overlay] -> finish: ledger
 *
 * A fixed number of items is reused, which bounds the memory. A ledger line says "done" only after
 * the output's folder has been synced; until then it waits in `pending`.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/memory.h"
#include "jobs/ledger.h"
#include "jobs/list.h"
#include "jobs/list_hint.h"
#include "jobs/progress.h"
#include "jobs/queue.h"
#include "jobs/stop.h"
#include "jobs/workers.h"
#include "program/model_load.h"
#include "program/run/collection.h"
#include "program/run/image_words.h"
#include "program/run/item.h"
#include "program/run/item_memory.h"
#include "program/run/run.h"
#include "program/run/run_clean.h"
#include "program/run/run_folder.h"
#include "program/run/tar_images.h"

enum { READ, COMPUTE, WRITE, STAGES };

struct collection {
    struct run *run;
    char *mended; /* owned: keys of folders that no longer fail, each with its NUL */
    size_t mended_used, mended_capacity;
    struct error mended_error; /* why one of them is missing there */
    struct item *items;        /* [item_count] */
    size_t item_count;
    struct queue *idle; /* items that are free */
    struct workers *workers;
    struct ledger_line *pending; /* owned; their names too */
    size_t pending_count, pending_capacity;
    double flushed; /* time of the last sync */
};

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

/* Syncs the outputs of all pending images, then writes their ledger lines. Lines that cannot be
 * written are dropped, so their images will be done again. So are lines of records that went into
 * the bare mount point of a file system that has been unmounted, or that a model may have made
 * whose file was changed under way. */
static void flush(struct collection *collection)
{
    struct run *run = collection->run;
    struct error error;
    int status = 0;
    if (collection->pending_count)
        status = mount_check(run->config.settings->output, &run->config.output_mount, &error) ||
                         model_load_check(run->resources.model, &error) ||
                         atomic_batch_flush(run->resources.batch, &error)
                     ? -1
                     : 0;
    for (size_t i = 0; i < collection->pending_count; i++) {
        if (status == 0)
            status = ledger_append(run->resources.ledger, &collection->pending[i], &error);
        free((char *)collection->pending[i].key);
        free((char *)collection->pending[i].tar);
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
        .tar = item->tar,
        .bytes = item->bytes,
        .numbers = {{"width", item->record.width},
                    {"height", item->record.height},
                    {image_words.results, item->record.masks.count}},
        .seconds = item->seconds,
        .worker = item->worker,
    };
    item->key = item->tar = NULL; /* the line owns them now */
    run->outcome.done++;
    progress_item(run->resources.progress, false, item->record.masks.count, item->seconds,
                  item->bytes);
    if (atomic_batch_due(run->resources.batch) || clock_now() - collection->flushed >= 1.0)
        flush(collection);
}

/* Adds the item's line in the text list to its error, and what may be wrong with that line. */
static void explain(const struct run *run, struct item *item)
{
    char advice[ERROR_TEXT_SIZE];
    const char *list = run->config.settings->list;
    struct error *error = &item->error;
    const struct error said = *error;
    if (item->line == 0)
        return;
    bool missing = said.system == ENOENT || said.system == ENOTDIR || said.system == ENAMETOOLONG;
    bool hint = missing && list_hint(item->path, list, advice, sizeof advice);
    error_set(error, said.code, "list '%s', line %llu: %s%s%s", list,
              (unsigned long long)item->line, said.text, hint ? "; " : "", hint ? advice : "");
    error->system = said.system;
}

static void note_failed(struct run *run, struct item *item)
{
    struct error error;
    explain(run, item);
    const struct ledger_line line = {
        .status = LEDGER_FAILED,
        .key = item->key,
        .tar = item->tar,
        .seconds = item->seconds,
        .worker = item->worker,
        .error = item->error.text,
    };
    if (ledger_append(run->resources.ledger, &line, &error))
        run_fail(run, &error);
    run->outcome.failed++;
    progress_log(run->resources.progress, PROGRESS_ERROR, "%s", item->error.text);
    progress_item(run->resources.progress, true, 0, item->seconds, 0);
    uint64_t tried = run->outcome.done + run->outcome.failed;
    if (run->outcome.failed > run->config.failures_most ||
        (tried >= 20 && (double)run->outcome.failed > run->config.failures_share * (double)tried)) {
        run->outcome.too_many_failures = true;
        stop_ask(run->resources.stop);
    }
}

static void finish(void *context, void *work, enum workers_outcome outcome)
{
    struct collection *collection = context;
    struct item *item = work;
    if (outcome == WORKERS_COMPLETED)
        note_done(collection, item);
    else if (!item->dropped)
        note_failed(collection->run, item);
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
    flush(collection);
    for (size_t i = 0; collection->items && i < collection->item_count; i++)
        item_free(&collection->items[i]);
    queue_free(collection->idle);
    memory_free(collection->items);
    free(collection->pending);
    free(collection->mended);
}

/* An image to take through the stages. All borrowed. */
struct submission {
    const char *path, *key;
    uint64_t line;                   /* of the text list, from 1; 0: not from there */
    const char *tar;                 /* key of the tar that it lies in, or NULL */
    const struct tar_member *member; /* its contents there, or NULL */
    const struct error *fault;       /* why it has failed already, or NULL */
};

static int submit(struct collection *collection, const struct submission *image,
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

/* Submits a member of a tar, as if the tar were a folder of that name. With `fault` it is unusable.
 */
static int submit_member(struct collection *collection, const struct list_item *listed,
                         const struct tar_member *member, const struct error *fault,
                         struct error *error)
{
    char *path = NULL;
    char *key = NULL;
    int status = 0;
    if (asprintf(&path, "%s:%s", listed->path, member->name) < 0 ||
        asprintf(&key, "%.*s/%s", (int)listed->folder, listed->key, member->name) < 0) {
        status = error_set(error, ERROR_MEMORY, "%s: no memory for a name", listed->path);
    } else if (run_folder_wants(collection->run, key, listed->key)) {
        const struct submission image = {.path = path,
                                         .key = key,
                                         .line = listed->line,
                                         .tar = listed->key,
                                         .member = fault ? NULL : member,
                                         .fault = fault};
        status = submit(collection, &image, error);
    }
    free(path);
    free(key);
    return status;
}

/* Waits until all submitted images are finished and in the ledger. */
static void settle(struct collection *collection)
{
    for (size_t i = 0; i < collection->item_count; i++)
        queue_pop(collection->idle);
    for (size_t i = 0; i < collection->item_count; i++)
        queue_push(collection->idle, &collection->items[i]);
    flush(collection);
}

/* The tar has been read to its end. If it failed before, that failure is cleared only after its
 * images are in the ledger: a start that is killed before leaves them to the next
 * --retry-failed. */
static int end_tar(struct collection *collection, const char *key, struct error *error)
{
    struct run *run = collection->run;
    if (!run_folder_has_failed(run, key))
        return 0;
    settle(collection);
    return run_stopping(run) ? 0 : run_folder_clear(run, key, error);
}

/* Whether a tar's failure says nothing about the tar. */
static bool blames_machine(const struct error *fault)
{
    return fault->code == ERROR_MEMORY ||
           retry_decide(fault->system, RETRY_READING, INT_MAX, 0) == RETRY_STOP_RUN;
}

/* A tar of the list, as the context of wants_member. */
struct listed_tar {
    struct run *run;
    const struct list_item *listed;
};

static bool wants_member(void *context, const char *name)
{
    const struct listed_tar *tar = context;
    char *key;
    if (asprintf(&key, "%.*s/%s", (int)tar->listed->folder, tar->listed->key, name) < 0)
        return true; /* submit_member says so */
    bool wants = run_folder_wants(tar->run, key, tar->listed->key);
    free(key);
    return wants;
}

/* Counts what a tar had. Says so if that was nothing: `read` is whether it was read to its end. */
static void count_tar(struct run *run, const struct tar_images *images, bool read)
{
    char passed[PASSED_TEXT_SIZE];
    passed_over_text(&images->passed, passed);
    run->outcome.taken += images->taken + !read; /* a damaged tar fails as one image */
    passed_over_sum(&run->outcome.passed_in_tars, &images->passed);
    progress_pass(run->resources.progress, &images->passed);
    if (read && images->taken == 0)
        progress_log(run->resources.progress, PROGRESS_WARNING, "%s: no image in it%s%s",
                     images->options.path, *passed ? "; " : "", passed);
}

/* Submits every image of a tar. A tar that cannot be read to its end counts as one failed image,
 * unless it is the machine's fault. */
static int submit_tar(struct collection *collection, const struct list_item *listed,
                      struct error *error)
{
    struct tar_images images;
    struct tar_member member;
    struct error fault = {0};
    struct run *run = collection->run;
    const struct tar_images_options options = {
        .path = listed->path,
        .rules = &run->config.rules,
        .folds = run->config.name_folds,
        .progress = run->resources.progress,
        .wants = wants_member,
        .context = &(struct listed_tar){run, listed},
    };
    int found = tar_images_open(&images, &options, &fault) ? -1 : 1;
    int status = 0;
    while (status == 0 && found > 0 && !run_stopping(run)) {
        found = tar_images_next(&images, &member, &fault);
        if (found > 0)
            status = submit_member(collection, listed, &member, fault.code ? &fault : NULL, error);
    }
    count_tar(run, &images, found == 0);
    const struct submission damaged = {
        .path = listed->path, .key = listed->key, .line = listed->line, .fault = &fault};
    if (status == 0 && found < 0 && blames_machine(&fault)) {
        *error = fault;
        status = -1;
    } else if (status == 0 && found < 0)
        status = submit(collection, &damaged, error);
    else if (status == 0 && found == 0)
        status = end_tar(collection, listed->key, error);
    tar_images_close(&images);
    return status;
}

/* Submits an image, or the images of a tar. */
static int submit_listed(struct collection *collection, const struct list_item *listed,
                         struct error *error)
{
    if (!listed->folder)
        collection->run->outcome.taken++;
    if (!shard_has(&collection->run->config.shard, listed->key))
        return 0;
    if (listed->folder)
        return submit_tar(collection, listed, error);
    const struct submission image = {
        .path = listed->path, .key = listed->key, .line = listed->line, .fault = listed->fault};
    if (listed->fault) /* tried again at every start, as a damaged tar */
        return submit(collection, &image, error);
    return run_folder_wants(collection->run, listed->key, NULL) ? submit(collection, &image, error)
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
    settle(collection);
    for (size_t at = 0; status == 0 && !run_stopping(run) && at < collection->mended_used;
         at += strlen(collection->mended + at) + 1)
        status = run_folder_clear(run, collection->mended + at, error);
    return status;
}

/* Submits everything in the list. */
static int submit_all(struct collection *collection, struct error *error)
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

int collection_run(struct run *run, struct error *error)
{
    struct collection collection = {.run = run};
    int status = collection_init(&collection, error);
    if (status == 0)
        status = submit_all(&collection, error);
    collection_free(&collection);
    return status;
}
