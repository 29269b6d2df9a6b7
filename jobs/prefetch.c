#include "jobs/prefetch.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "jobs/background.h"
#include "jobs/prefetch_folder.h"
#include "jobs/queue.h"

struct prefetch {
    struct prefetch_options options;
    struct transfer_patience patience; /* the caller's, and until prefetch_free */
    char *folder;                      /* owned: path */
    struct background *fetching;
    struct queue *fetched;
    size_t asked, taken, ended; /* files so far */
    atomic_bool freeing;
};

static bool stopping(void *context)
{
    const struct prefetch *prefetch = context;
    const struct transfer_patience *callers = &prefetch->options.patience;
    return atomic_load(&prefetch->freeing) || callers->stopping(callers->context);
}

static void failed(void *context, const struct error *error)
{
    const struct prefetch *prefetch = context;
    const struct transfer_patience *callers = &prefetch->options.patience;
    if (callers->failed)
        callers->failed(callers->context, error);
}

/* In the fetching thread. */
static enum prefetch_state fetch(struct prefetch *prefetch, struct prefetch_file *file)
{
    const struct prefetch_options *options = &prefetch->options;
    const struct transfer_copy copy = {file->name, file->path, true};
    int needed = options->needed
                     ? options->needed(options->context, file, &prefetch->patience, &file->error)
                     : 1;
    if (needed <= 0)
        return needed ? PREFETCH_FAILED : PREFETCH_NEEDLESS;
    return transfer_run(options->get, &copy, &prefetch->patience, &file->error) ? PREFETCH_FAILED
                                                                                : PREFETCH_READY;
}

static void work(void *context, void *task)
{
    struct prefetch *prefetch = context;
    struct prefetch_file *file = task;
    file->state = fetch(prefetch, file);
    queue_push(prefetch->fetched, file); /* there is a place for each that was asked for */
}

struct prefetch *prefetch_new(const struct prefetch_options *options, struct error *error)
{
    struct prefetch *prefetch = memory_new(1, sizeof *prefetch, "files to fetch", error);
    if (!prefetch)
        return NULL;
    prefetch->options = *options;
    prefetch->patience = (struct transfer_patience){.retries = options->patience.retries,
                                                    .stopping = stopping,
                                                    .failed = failed,
                                                    .context = prefetch};
    prefetch->folder =
        prefetch_folder_make(options->spool, options->dead, options->dead_count, error);
    prefetch->fetched = prefetch->folder ? queue_new(options->ahead + 1, error) : NULL;
    prefetch->fetching =
        prefetch->fetched ? background_new(options->ahead + 1, work, prefetch, error) : NULL;
    if (prefetch->fetching)
        return prefetch;
    prefetch_free(prefetch, NULL);
    return NULL;
}

bool prefetch_has_room(const struct prefetch *prefetch)
{
    return prefetch->asked - prefetch->ended <= prefetch->options.ahead;
}

static void free_file(struct prefetch_file *file)
{
    free(file->name);
    free(file->path);
    memory_free(file);
}

int prefetch_ask(struct prefetch *prefetch, const char *name, void *tag, struct error *error)
{
    struct prefetch_file *file = memory_new(1, sizeof *file, "a file to fetch", error);
    if (!file)
        return -1;
    file->tag = tag;
    file->name = strdup(name);
    if (!file->name || asprintf(&file->path, "%s/%zu", prefetch->folder, prefetch->asked) < 0) {
        file->path = NULL;
        free_file(file);
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    }
    prefetch->asked++;
    background_give(prefetch->fetching, file);
    return 0;
}

struct prefetch_file *prefetch_take(struct prefetch *prefetch)
{
    if (prefetch->taken == prefetch->asked)
        return NULL;
    prefetch->taken++;
    return queue_pop(prefetch->fetched);
}

void prefetch_end(struct prefetch *prefetch, struct prefetch_file *file)
{
    if (!file)
        return;
    unlink(file->path);
    free_file(file);
    prefetch->ended++;
}

void prefetch_free(struct prefetch *prefetch, void (*forget)(void *tag))
{
    struct prefetch_file *file;
    if (!prefetch)
        return;
    atomic_store(&prefetch->freeing, true);
    background_free(prefetch->fetching);
    while ((file = prefetch_take(prefetch))) {
        if (forget)
            forget(file->tag);
        prefetch_end(prefetch, file);
    }
    queue_free(prefetch->fetched);
    if (prefetch->folder)
        prefetch_folder_remove(prefetch->options.spool);
    free(prefetch->folder);
    memory_free(prefetch);
}
