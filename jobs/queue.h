/* queue.h - a bounded queue of pointers between threads, first in, first out. */
#ifndef JOBS_QUEUE_H
#define JOBS_QUEUE_H

#include <stddef.h>

struct error;
struct queue;

/* Room for `capacity` >= 1 pointers. NULL with ERROR_MEMORY; freed with queue_free when no thread
 * uses it any more. */
struct queue *queue_new(size_t capacity, struct error *error);
void queue_free(struct queue *queue);

/* Waits while full. Returns 0, or -1 when the queue is closed (the item is not taken). */
int queue_push(struct queue *queue, void *item);

/* Waits while empty. Returns NULL once the queue is closed and empty. */
void *queue_pop(struct queue *queue);

/* No more items come; what is inside is still given out. */
void queue_close(struct queue *queue);

#endif
