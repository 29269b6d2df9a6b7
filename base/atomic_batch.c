#include "base/atomic_batch.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/memory.h"

/* Folders in which files were renamed. One descriptor each: by the time of the sync, something else
 * may lie under the name. */
struct waiting {
    int folder;
    char *path; /* owned: of one of the files, for messages; its folder tells the folders apart */
};

/* At most so many folders wait, so that descriptors are left for everything else. */
enum { FOLDERS_MOST = 128 };

struct waiting_list {
    struct waiting *items;
    size_t count, capacity;
};

struct atomic_batch {
    pthread_mutex_t lock;
    size_t due_files;
    double due_seconds;
    struct waiting_list waiting;
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

static void waiting_free(struct waiting_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        close(list->items[i].folder);
        free(list->items[i].path);
    }
    free(list->items);
    *list = (struct waiting_list){0};
}

void atomic_batch_free(struct atomic_batch *batch)
{
    if (!batch)
        return;
    waiting_free(&batch->waiting);
    pthread_mutex_destroy(&batch->lock);
    free(batch);
}

static bool same_folder(const char *one, const char *other)
{
    size_t length = atomic_folder_length(one);
    return length == atomic_folder_length(other) && memcmp(one, other, length) == 0;
}

/* Adds the folder unless it is there. Searches from the end: neighbours share a folder. Returns
 * whether it is there now. */
static bool waiting_add(struct waiting_list *list, int folder, const char *path)
{
    struct error ignored;
    for (size_t i = list->count; i-- > 0;)
        if (same_folder(list->items[i].path, path))
            return true;
    if (list->count == FOLDERS_MOST)
        return false;
    if (memory_grow((void **)&list->items, &list->capacity, list->count + 1, sizeof *list->items,
                    &ignored))
        return false;
    struct waiting item = {fcntl(folder, F_DUPFD_CLOEXEC, 0), strdup(path)};
    if (item.folder >= 0 && item.path) {
        list->items[list->count++] = item;
        return true;
    }
    if (item.folder >= 0)
        close(item.folder);
    free(item.path);
    return false;
}

int atomic_batch_add(struct atomic_batch *batch, int folder, const char *path, struct error *error)
{
    pthread_mutex_lock(&batch->lock);
    if (batch->files++ == 0)
        clock_gettime(CLOCK_MONOTONIC, &batch->first);
    bool waits = waiting_add(&batch->waiting, folder, path);
    pthread_mutex_unlock(&batch->lock);
    return waits ? 0 : atomic_sync_parent(folder, path, error);
}

bool atomic_batch_due(struct atomic_batch *batch)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pthread_mutex_lock(&batch->lock);
    double waited = (double)(now.tv_sec - batch->first.tv_sec) +
                    (double)(now.tv_nsec - batch->first.tv_nsec) * 1e-9;
    bool due = batch->files && (batch->files >= batch->due_files || waited >= batch->due_seconds ||
                                batch->waiting.count == FOLDERS_MOST);
    pthread_mutex_unlock(&batch->lock);
    return due;
}

/* Puts back folders that could not be synced. The flush fails anyway: one that finds no room is
 * forgotten. */
static void put_back(struct atomic_batch *batch, const struct waiting_list *list, size_t from)
{
    pthread_mutex_lock(&batch->lock);
    for (size_t i = from; i < list->count; i++)
        waiting_add(&batch->waiting, list->items[i].folder, list->items[i].path);
    batch->files += list->count - from;
    pthread_mutex_unlock(&batch->lock);
}

int atomic_batch_flush(struct atomic_batch *batch, struct error *error)
{
    pthread_mutex_lock(&batch->lock);
    struct waiting_list taken = batch->waiting;
    batch->waiting = (struct waiting_list){0};
    batch->files = 0;
    pthread_mutex_unlock(&batch->lock);

    size_t done = 0;
    while (done < taken.count &&
           atomic_sync_parent(taken.items[done].folder, taken.items[done].path, error) == 0)
        done++;
    int result = done < taken.count ? -1 : 0;
    if (result)
        put_back(batch, &taken, done);
    waiting_free(&taken);
    return result;
}
