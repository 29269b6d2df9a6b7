#include "base/atomic_batch.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/memory.h"

struct folder_list {
    char **names; /* owned, distinct; "" for the working folder */
    size_t count, capacity;
};

struct atomic_batch {
    pthread_mutex_t lock;
    size_t due_files;
    double due_seconds;
    struct folder_list waiting;
    size_t files;          /* commits since the last flush */
    struct timespec first; /* when the first of them came */
};

struct atomic_batch *atomic_batch_new(size_t files, double seconds, struct error *error)
{
    struct atomic_batch *batch = calloc(1, sizeof *batch);
    if (!batch) {
        error_set(error, ERROR_MEMORY, "no memory for a batch of files");
        return NULL;
    }
    pthread_mutex_init(&batch->lock, NULL);
    batch->due_files = files;
    batch->due_seconds = seconds;
    return batch;
}

static void folder_list_free(struct folder_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct folder_list){0};
}

void atomic_batch_free(struct atomic_batch *batch)
{
    if (!batch)
        return;
    folder_list_free(&batch->waiting);
    pthread_mutex_destroy(&batch->lock);
    free(batch);
}

/* Adds path[0..length) unless it is there. Searches from the end: neighbours share a folder. */
static int folder_list_add(struct folder_list *list, const char *path, size_t length,
                           struct error *error)
{
    for (size_t i = list->count; i-- > 0;)
        if (strncmp(list->names[i], path, length) == 0 && list->names[i][length] == 0)
            return 0;
    if (memory_grow((void **)&list->names, &list->capacity, list->count + 1, sizeof *list->names,
                    error))
        return -1;
    char *name = strndup(path, length);
    if (!name)
        return error_set(error, ERROR_MEMORY, "no memory for the name of a folder");
    list->names[list->count++] = name;
    return 0;
}

int atomic_batch_add(struct atomic_batch *batch, const char *path, struct error *error)
{
    size_t length = atomic_folder_length(path);
    pthread_mutex_lock(&batch->lock);
    if (batch->files++ == 0)
        clock_gettime(CLOCK_MONOTONIC, &batch->first);
    int result = folder_list_add(&batch->waiting, path, length, error);
    pthread_mutex_unlock(&batch->lock);
    return result ? atomic_sync_folder(path, length, error) : 0;
}

bool atomic_batch_due(struct atomic_batch *batch)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&batch->lock);
    double waited = (double)(now.tv_sec - batch->first.tv_sec) +
                    (double)(now.tv_nsec - batch->first.tv_nsec) * 1e-9;
    bool due = batch->files && (batch->files >= batch->due_files || waited >= batch->due_seconds);
    pthread_mutex_unlock(&batch->lock);
    return due;
}

/* Puts back folders that could not be synced. The flush fails anyway, so errors are ignored. */
static void put_back(struct atomic_batch *batch, const struct folder_list *list, size_t from)
{
    struct error ignored = {0};
    pthread_mutex_lock(&batch->lock);
    for (size_t i = from; i < list->count; i++)
        folder_list_add(&batch->waiting, list->names[i], strlen(list->names[i]), &ignored);
    batch->files += list->count - from;
    pthread_mutex_unlock(&batch->lock);
}

int atomic_batch_flush(struct atomic_batch *batch, struct error *error)
{
    pthread_mutex_lock(&batch->lock);
    struct folder_list taken = batch->waiting;
    batch->waiting = (struct folder_list){0};
    batch->files = 0;
    pthread_mutex_unlock(&batch->lock);

    size_t done = 0;
    while (done < taken.count &&
           atomic_sync_folder(taken.names[done], strlen(taken.names[done]), error) == 0)
        done++;
    int result = done < taken.count ? -1 : 0;
    if (result)
        put_back(batch, &taken, done);
    folder_list_free(&taken);
    return result;
}
