#include "program/prompts/image_cache.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image_file.h"
#include "images/image_pool.h"
#include "library/mm_handles.h"
#include "program/segmenter.h"
#include "records/image_place.h"

/* What a file is known by. */
struct identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

enum entry_state { ENTRY_LOADING, ENTRY_READY, ENTRY_FAILED };

struct entry {
    struct cached_image image; /* first: what callers hold; its embedding is owned */
    struct identity identity;
    enum entry_state state;
    struct error fault; /* if it failed */
    size_t users;       /* who hold it, load it or wait for it */
    size_t wanted;      /* those among them that are gets, while it is loading */
    uint64_t bytes;
    struct entry *newer, *older; /* by last use */
};

struct image_cache {
    struct image_cache_options options;
    pthread_mutex_t mutex;  /* guards all below */
    pthread_cond_t changed; /* any of it */
    struct entry *newest, *oldest;
    uint64_t bytes;   /* of entries that are ready */
    uint64_t each;    /* of the last of them: a model's are all alike; 0: not known yet */
    uint64_t encoded; /* images */
    size_t gets;      /* entries that are loading and wanted */
    bool encoding;    /* the segmenter is in use */
    pthread_t thread; /* encodes ahead */
    struct cache_image ahead[IMAGE_CACHE_AHEAD]; /* [ahead_count], names owned */
    size_t ahead_count;
    size_t ahead_done; /* since image_cache_ahead was called */
    bool closing;
};

/* ---- the list of entries, by last use */

static void unlink_entry(struct image_cache *cache, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
    entry->newer = entry->older = NULL;
}

static void link_newest(struct image_cache *cache, struct entry *entry)
{
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed.tv_sec == b->changed.tv_sec && a->changed.tv_nsec == b->changed.tv_nsec;
}

static struct entry *find(const struct image_cache *cache, const struct identity *identity)
{
    struct entry *entry = cache->newest;
    while (entry && (entry->state == ENTRY_FAILED || !is_same(&entry->identity, identity)))
        entry = entry->older;
    return entry;
}

static void drop(struct image_cache *cache, struct entry *entry)
{
    unlink_entry(cache, entry);
    cache->bytes -= entry->bytes;
    mm_embedding_free((struct mm_embedding *)entry->image.embedding);
    memory_free(entry);
}

/* Drops what was used longest ago until the rest fits, and `room` bytes more. */
static void shrink(struct image_cache *cache, uint64_t room)
{
    struct entry *newer;
    for (struct entry *entry = cache->oldest; entry && cache->bytes + room > cache->options.bytes;
         entry = newer) {
        newer = entry->newer;
        if (entry->users == 0)
            drop(cache, entry);
    }
}

/* One user less. What failed is kept for those who wait for it alone. */
static void leave(struct image_cache *cache, struct entry *entry)
{
    entry->users--;
    if (entry->users == 0 && entry->state == ENTRY_FAILED)
        drop(cache, entry);
    shrink(cache, 0);
}

/* ---- loading: without the mutex, but for its turns */

/* Waits for the segmenter. An image that nobody waits for stands back behind those that are wanted. */
static void begin_encoding(struct image_cache *cache, const struct entry *entry)
{
    pthread_mutex_lock(&cache->mutex);
    while (cache->encoding || (entry->wanted == 0 && cache->gets > 0))
        pthread_cond_wait(&cache->changed, &cache->mutex);
    cache->encoding = true;
    shrink(cache, cache->each);
    pthread_mutex_unlock(&cache->mutex);
}

static void end_encoding(struct image_cache *cache, bool encoded)
{
    pthread_mutex_lock(&cache->mutex);
    cache->encoding = false;
    cache->encoded += encoded;
    pthread_cond_broadcast(&cache->changed);
    pthread_mutex_unlock(&cache->mutex);
}

static int encode(struct image_cache *cache, struct entry *entry, const struct mm_image *image,
                  struct error *error)
{
    struct mm_error failure = {0};
    begin_encoding(cache, entry);
    struct mm_embedding *embedding = mm_segmenter_encode(cache->options.segmenter, image, &failure);
    end_encoding(cache, embedding != NULL);
    entry->image = (struct cached_image){embedding, mm_image_width(image), mm_image_height(image)};
    return embedding ? 0 : segmenter_error(error, &failure);
}

/* Reads and encodes the open file. */
static int load(struct image_cache *cache, struct entry *entry, const struct image_input *file,
                struct error *error)
{
    struct mm_image image = {{0}};
    int status = image_pool_read(cache->options.pool, file, &image.pixels, error);
    if (status == 0)
        status = encode(cache, entry, &image, error);
    image_free(&image.pixels);
    return status;
}

static void finish_loading(struct image_cache *cache, struct entry *entry, int status,
                           const struct error *error)
{
    pthread_mutex_lock(&cache->mutex);
    entry->state = status ? ENTRY_FAILED : ENTRY_READY;
    if (status)
        entry->fault = *error;
    else
        cache->each = entry->bytes = mm_embedding_bytes(entry->image.embedding);
    cache->bytes += entry->bytes;
    cache->gets -= entry->wanted > 0;
    entry->wanted = 0;
    pthread_cond_broadcast(&cache->changed);
    pthread_mutex_unlock(&cache->mutex);
}

/* ---- finding */

/* Opens the file. Returns the descriptor or -1. */
static int open_file(const struct cache_image *image, struct identity *identity,
                     struct error *error)
{
    struct stat status;
    const struct image_place place = {.folder = image->folder, .name = image->name};
    int file =
        image->folder ? image_place_open(&place, error) : image_file_descriptor(image->name, error);
    if (file < 0)
        return -1;
    if (fstat(file, &status)) {
        close(file);
        return error_set(error, ERROR_IMAGE, "%s: its size cannot be read", image->name);
    }
    *identity = (struct identity){status.st_dev, status.st_ino, status.st_size, status.st_mtim};
    return file;
}

/* Joins those who use the file's entry, which is made if there is none; then the caller loads it
 * (*mine). `get`: whether the caller waits for it, and is no thread that works ahead. NULL with
 * ERROR_MEMORY. */
static struct entry *join(struct image_cache *cache, const struct identity *identity, bool get,
                          bool *mine, struct error *error)
{
    pthread_mutex_lock(&cache->mutex);
    struct entry *entry = find(cache, identity);
    *mine = entry == NULL;
    if (entry)
        unlink_entry(cache, entry);
    else if ((entry = memory_new(1, sizeof *entry, "an image's entry", error)))
        entry->identity = *identity;
    if (entry) {
        link_newest(cache, entry);
        entry->users++;
        if (get && entry->state == ENTRY_LOADING && entry->wanted++ == 0)
            cache->gets++;
        pthread_cond_broadcast(&cache->changed); /* it may be wanted only now */
    }
    pthread_mutex_unlock(&cache->mutex);
    return entry;
}

/* Waits until the entry is loaded. Returns 0, or -1 after leaving it. */
static int settle(struct image_cache *cache, struct entry *entry, struct error *error)
{
    pthread_mutex_lock(&cache->mutex);
    while (entry->state == ENTRY_LOADING)
        pthread_cond_wait(&cache->changed, &cache->mutex);
    int status = entry->state == ENTRY_READY ? 0 : -1;
    if (status) {
        *error = entry->fault;
        leave(cache, entry);
    }
    pthread_mutex_unlock(&cache->mutex);
    return status;
}

static struct entry *obtain(struct image_cache *cache, const struct cache_image *image, bool get,
                            struct error *error)
{
    struct identity identity;
    bool mine;
    int file = open_file(image, &identity, error);
    if (file < 0)
        return NULL;
    struct entry *entry = join(cache, &identity, get, &mine, error);
    if (entry && mine) {
        const struct image_input input = {image->name, file};
        struct error fault = {0};
        int status = load(cache, entry, &input, &fault);
        finish_loading(cache, entry, status, &fault);
    }
    close(file);
    return entry && settle(cache, entry, error) == 0 ? entry : NULL;
}

const struct cached_image *image_cache_get(struct image_cache *cache,
                                           const struct cache_image *image, struct error *error)
{
    struct entry *entry = obtain(cache, image, true, error);
    return entry ? &entry->image : NULL;
}

void image_cache_release(struct image_cache *cache, const struct cached_image *entry)
{
    pthread_mutex_lock(&cache->mutex);
    leave(cache, (struct entry *)entry); /* whose first member it is */
    pthread_mutex_unlock(&cache->mutex);
}

uint64_t image_cache_encoded(struct image_cache *cache)
{
    pthread_mutex_lock(&cache->mutex);
    uint64_t encoded = cache->encoded;
    pthread_mutex_unlock(&cache->mutex);
    return encoded;
}

/* ---- ahead */

static void forget_ahead(struct image_cache *cache)
{
    for (size_t i = 0; i < cache->ahead_count; i++)
        free((char *)cache->ahead[i].name);
    cache->ahead_count = 0;
}

/* Whether one more fits beside the image that was got last and those done ahead. The first may be
 * tried. */
static bool fits_ahead(const struct image_cache *cache)
{
    return (cache->ahead_done + 2) * cache->each <= cache->options.bytes;
}

/* Takes the next image, whose name is the caller's then. Waits; false at the end. */
static bool take_ahead(struct image_cache *cache, struct cache_image *image)
{
    pthread_mutex_lock(&cache->mutex);
    while (!cache->closing && (cache->ahead_count == 0 || cache->gets > 0 || !fits_ahead(cache)))
        pthread_cond_wait(&cache->changed, &cache->mutex);
    bool found = !cache->closing;
    if (found) {
        *image = cache->ahead[0];
        cache->ahead_count--;
        cache->ahead_done++;
        memmove(cache->ahead, cache->ahead + 1, cache->ahead_count * sizeof *cache->ahead);
    }
    pthread_mutex_unlock(&cache->mutex);
    return found;
}

static void *work_ahead(void *argument)
{
    struct image_cache *cache = argument;
    struct cache_image image;
    while (take_ahead(cache, &image)) {
        struct error ignored;
        struct entry *entry = obtain(cache, &image, false, &ignored);
        if (entry)
            image_cache_release(cache, &entry->image);
        free((char *)image.name);
    }
    return NULL;
}

void image_cache_ahead(struct image_cache *cache, const struct cache_image *images, size_t count)
{
    pthread_mutex_lock(&cache->mutex);
    forget_ahead(cache);
    cache->ahead_done = 0;
    for (size_t i = 0; i < count && i < IMAGE_CACHE_AHEAD; i++) {
        char *name = strdup(images[i].name);
        if (!name)
            break;
        cache->ahead[cache->ahead_count++] = (struct cache_image){images[i].folder, name};
    }
    pthread_cond_broadcast(&cache->changed);
    pthread_mutex_unlock(&cache->mutex);
}

/* ---- life */

struct image_cache *image_cache_new(const struct image_cache_options *options, struct error *error)
{
    struct image_cache *cache = memory_new(1, sizeof *cache, "the cache of images", error);
    if (!cache)
        return NULL;
    cache->options = *options;
    pthread_mutex_init(&cache->mutex, NULL);
    pthread_cond_init(&cache->changed, NULL);
    int failed = pthread_create(&cache->thread, NULL, work_ahead, cache);
    if (failed) {
        error_set_system(error, ERROR_MEMORY, failed, "cannot start a thread");
        memory_free(cache);
        return NULL;
    }
    return cache;
}

void image_cache_free(struct image_cache *cache)
{
    if (!cache)
        return;
    pthread_mutex_lock(&cache->mutex);
    cache->closing = true;
    pthread_cond_broadcast(&cache->changed);
    pthread_mutex_unlock(&cache->mutex);
    pthread_join(cache->thread, NULL);
    forget_ahead(cache);
    while (cache->newest)
        drop(cache, cache->newest);
    pthread_cond_destroy(&cache->changed);
    pthread_mutex_destroy(&cache->mutex);
    memory_free(cache);
}
