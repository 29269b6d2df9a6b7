#include "jobs/background.h"

#include <pthread.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/queue.h"

struct background {
    struct queue *tasks;
    void (*work)(void *context, void *task);
    void *context;
    pthread_t thread;
};

static void *run(void *argument)
{
    struct background *background = argument;
    void *task;
    while ((task = queue_pop(background->tasks)))
        background->work(background->context, task);
    return NULL;
}

struct background *background_new(size_t waiting, void (*work)(void *context, void *task),
                                  void *context, struct error *error)
{
    struct background *background = memory_new(1, sizeof *background, "a thread", error);
    if (!background)
        return NULL;
    background->work = work;
    background->context = context;
    background->tasks = queue_new(waiting, error);
    int failed = background->tasks ? pthread_create(&background->thread, NULL, run, background) : 0;
    if (failed)
        error_set_system(error, ERROR_MEMORY, failed, "cannot start a thread");
    if (background->tasks && !failed)
        return background;
    queue_free(background->tasks);
    memory_free(background);
    return NULL;
}

void background_give(struct background *background, void *task)
{
    queue_push(background->tasks, task);
}

void background_free(struct background *background)
{
    if (!background)
        return;
    queue_close(background->tasks);
    pthread_join(background->thread, NULL);
    queue_free(background->tasks);
    memory_free(background);
}
