/* background.h - one thread that works off tasks in their order, beside the thread that gives them. */
#ifndef JOBS_BACKGROUND_H
#define JOBS_BACKGROUND_H

#include <stddef.h>

struct background;
struct error;

/* Starts the thread, which calls work(context, task) for one task after the other. At most
 * `waiting` >= 1 tasks wait beside the one at work. NULL with ERROR_MEMORY. */
struct background *background_new(size_t waiting, void (*work)(void *context, void *task),
                                  void *context, struct error *error);

/* Gives a task, not NULL; waits while too many do. Any thread but its own may call it. */
void background_give(struct background *background, void *task);

/* Waits until all tasks are done, ends the thread and frees. NULL is allowed. */
void background_free(struct background *background);

#endif
