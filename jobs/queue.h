/* queue.h - a bounded first-in first-out queue of pointers between threads. */
#ifndef JOBS_QUEUE_H
#define JOBS_QUEUE_H

#include <stddef.h>

struct error;
struct queue;

/* A queue for up to `capacity` >= 1 pointers. NULL with ERROR_MEMORY. */
struct queue *queue_new(size_t capacity, struct error *error);

/* Frees a queue that no thread uses any more. NULL is allowed. */
void queue_free(struct queue *queue);

/* Waits while the queue is full. Returns 0, or -1 if it is closed; then the item is not taken. */
int queue_push(struct queue *queue, void *item);

/* Waits while the queue is empty. Returns NULL once it is closed and empty. */
void *queue_pop(struct queue *queue);

/* Closes the queue: no more items come in, but those inside still come out. */
void queue_close(struct queue *queue);

#endif
