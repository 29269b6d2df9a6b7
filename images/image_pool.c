#include "images/image_pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image_worker.h"

struct image_pool {
    struct image_server *server;
    struct image_pool_options options;
    pthread_mutex_t mutex;  /* guards all below */
    pthread_cond_t changed; /* a worker came back */
    int lent;
    int waiting; /* threads that want the whole memory */
    bool whole;  /* the one that is lent has it */
    int idle;
    struct image_worker **workers; /* [idle] of [options.workers] */
};

struct image_pool *image_pool_new(struct image_server *server,
                                  const struct image_pool_options *options, struct error *error)
{
    struct image_pool *pool = memory_new(1, sizeof *pool, "image workers", error);
    if (!pool)
        return NULL;
    pool->server = server;
    pool->options = *options;
    pool->workers =
        memory_new((size_t)options->workers, sizeof *pool->workers, "image workers", error);
    if (!pool->workers) {
        memory_free(pool);
        return NULL;
    }
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->changed, NULL);
    return pool;
}

/* Those who want the whole come first: else they might wait for ever. */
static bool may_lend(const struct image_pool *pool, bool whole)
{
    if (whole)
        return pool->lent == 0;
    return !pool->whole && pool->waiting == 0 && pool->lent < pool->options.workers;
}

/* Waits for a worker. NULL if there was none to be had without making one. */
static struct image_worker *take(struct image_pool *pool, bool whole)
{
    pthread_mutex_lock(&pool->mutex);
    pool->waiting += whole;
    while (!may_lend(pool, whole))
        pthread_cond_wait(&pool->changed, &pool->mutex);
    pool->waiting -= whole;
    pool->whole = whole;
    pool->lent++;
    struct image_worker *worker = pool->idle ? pool->workers[--pool->idle] : NULL;
    pthread_mutex_unlock(&pool->mutex);
    return worker;
}

/* `worker`: NULL if none could be made. */
static void give_back(struct image_pool *pool, struct image_worker *worker)
{
    pthread_mutex_lock(&pool->mutex);
    if (worker)
        pool->workers[pool->idle++] = worker;
    pool->lent--;
    pool->whole = false;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->mutex);
}

/* What a caller wants of an image. */
struct wanted {
    const struct image_input *file;
    const struct image_options *reading;
    struct image_header *header; /* or */
    struct image *image;
};

static int ask(struct image_worker *worker, const struct wanted *wanted, struct error *error)
{
    const struct image_options *reading = wanted->reading;
    if (wanted->image)
        return image_worker_read_input(worker, wanted->file, reading, wanted->image, error);
    return image_worker_header_input(worker, wanted->file, reading, wanted->header, error);
}

/* Returns 0; 1 if the image needs more memory than it had; or -1. */
static int try_once(struct image_pool *pool, const struct wanted *wanted, bool whole,
                    struct error *error)
{
    const struct image_pool_options *options = &pool->options;
    uint64_t bytes = options->memory_bytes / (whole ? 1 : (uint64_t)options->workers);
    const struct image_worker_options decoding = {options->seconds, bytes};
    struct image_worker *worker = take(pool, whole);
    if (!worker)
        worker = image_worker_new(pool->server, &decoding, error);
    int status = -1;
    if (worker) {
        image_worker_limit(worker, bytes);
        status = ask(worker, wanted, error);
        if (status && image_worker_over(worker))
            status = 1;
    }
    give_back(pool, worker);
    return status;
}

/* A decoder that was killed may have been so because memory ran out, so it is tried again alone. */
static int serve(struct image_pool *pool, const struct wanted *wanted, struct error *error)
{
    enum { ATTEMPTS = 3 };
    bool whole = pool->options.workers == 1;
    for (int attempt = 1;; attempt++) {
        *error = (struct error){0};
        int status = try_once(pool, wanted, whole, error);
        if (status == 0)
            return 0;
        bool killed = error->system == ECHILD && attempt < ATTEMPTS;
        if (!killed && !(status > 0 && !whole))
            break;
        whole = true;
    }
    if (error->code == ERROR_IO) /* of processes and sockets; files fail with ERROR_IMAGE */
        error->code = ERROR_MEMORY;
    return -1;
}

int image_pool_header(struct image_pool *pool, const struct image_input *file,
                      struct image_header *header, struct error *error)
{
    const struct wanted wanted = {file, &pool->options.reading, header, NULL};
    return serve(pool, &wanted, error);
}

int image_pool_read(struct image_pool *pool, const struct image_input *file, struct image *image,
                    struct error *error)
{
    const struct wanted wanted = {file, &pool->options.reading, NULL, image};
    return serve(pool, &wanted, error);
}

int image_pool_read_values(struct image_pool *pool, const struct image_input *file,
                           struct image *image, struct error *error)
{
    struct image_options reading = pool->options.reading;
    const struct wanted wanted = {file, &reading, NULL, image};
    reading.depth = IMAGE_VALUES;
    return serve(pool, &wanted, error);
}

struct image_server *image_pool_server(const struct image_pool *pool)
{
    return pool->server;
}

double image_pool_seconds(const struct image_pool *pool)
{
    return pool->options.seconds;
}

void image_pool_free(struct image_pool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < pool->idle; i++)
        image_worker_free(pool->workers[i]);
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->changed);
    memory_free(pool->workers);
    memory_free(pool);
}
