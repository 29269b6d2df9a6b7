#include "jobs/queue.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"

struct queue {
    pthread_mutex_t mutex; /* guards everything below */
    pthread_cond_t filled;
    pthread_cond_t emptied;
    size_t capacity;
    size_t first;
    size_t count;
    bool closed;
    void *items[];
};

struct queue *queue_new(size_t capacity, struct error *error)
{
    size_t bytes;
    struct queue *queue = NULL;
    if (!__builtin_mul_overflow(capacity, sizeof(void *), &bytes) &&
        !__builtin_add_overflow(bytes, sizeof *queue, &bytes))
        queue = calloc(1, bytes);
    if (!queue) {
        error_set(error, ERROR_MEMORY, "no memory for a queue of %zu entries", capacity);
        return NULL;
    }
    queue->capacity = capacity;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->filled, NULL);
    pthread_cond_init(&queue->emptied, NULL);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    pthread_mutex_destroy(&queue->mutex);
    pthread_cond_destroy(&queue->filled);
    pthread_cond_destroy(&queue->emptied);
    free(queue);
}

int queue_push(struct queue *queue, void *item)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == queue->capacity && !queue->closed)
        pthread_cond_wait(&queue->emptied, &queue->mutex);
    bool taken = !queue->closed;
    if (taken) {
        queue->items[(queue->first + queue->count++) % queue->capacity] = item;
        pthread_cond_signal(&queue->filled);
    }
    pthread_mutex_unlock(&queue->mutex);
    return taken ? 0 : -1;
}

void *queue_pop(struct queue *queue)
{
    void *item = NULL;
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0 && !queue->closed)
        pthread_cond_wait(&queue->filled, &queue->mutex);
    if (queue->count > 0) {
        item = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
        queue->count--;
        pthread_cond_signal(&queue->emptied);
    }
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_cond_broadcast(&queue->emptied);
    pthread_mutex_unlock(&queue->mutex);
}
