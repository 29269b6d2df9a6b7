#include "jobs/workers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/queue.h"

/* An item on its way. There are in_flight tickets, allocated once and reused. */
struct ticket {
    void *item;
    uint64_t number; /* of its submission */
    enum workers_outcome outcome;
};

struct thread {
    struct workers *workers;
    int stage;
    int worker;
    pthread_t id;
};

struct workers {
    struct workers_plan plan;
    atomic_bool cancelled;
    /* queues[s] leads to stage s, queues[stage_count] to finish. Each has room for every ticket. */
    struct queue *queues[WORKERS_STAGES + 1];
    struct thread *threads; /* stage by stage, then the one that calls finish */
    size_t thread_count;    /* threads that have started */
    struct ticket *tickets;
    struct ticket **waiting; /* in_order: ring of tickets that wait for their turn */
    pthread_mutex_t mutex;   /* guards free and free_count; `returned` signals changes */
    pthread_cond_t returned;
    struct ticket **free;
    size_t free_count;
    uint64_t submitted;
};

static void *run_stage(void *argument)
{
    struct thread *thread = argument;
    struct workers *workers = thread->workers;
    const struct workers_stage *stage = &workers->plan.stages[thread->stage];
    void *context = workers->plan.context;
    struct queue *after = workers->queues[thread->stage + 1];
    struct queue *finish = workers->queues[workers->plan.stage_count];
    struct ticket *ticket;
    while ((ticket = queue_pop(workers->queues[thread->stage]))) {
        if (stage->skip_on_cancel && atomic_load(&workers->cancelled))
            ticket->outcome = WORKERS_CANCELLED;
        else if (stage->work(context, thread->worker, ticket->item))
            ticket->outcome = WORKERS_ENDED;
        queue_push(ticket->outcome == WORKERS_COMPLETED ? after : finish, ticket);
    }
    if (stage->leave)
        stage->leave(context, thread->worker);
    return NULL;
}

static void finish_ticket(struct workers *workers, struct ticket *ticket)
{
    workers->plan.finish(workers->plan.context, ticket->item, ticket->outcome);
    pthread_mutex_lock(&workers->mutex);
    workers->free[workers->free_count++] = ticket;
    pthread_cond_signal(&workers->returned);
    pthread_mutex_unlock(&workers->mutex);
}

static void *run_finish(void *argument)
{
    struct workers *workers = ((struct thread *)argument)->workers;
    size_t ring = workers->plan.in_flight;
    uint64_t turn = 0; /* the number to finish next */
    struct ticket *ticket;
    while ((ticket = queue_pop(workers->queues[workers->plan.stage_count]))) {
        if (!workers->plan.in_order) {
            finish_ticket(workers, ticket);
            continue;
        }
        /* At most `ring` tickets are in use, so two never share a place in the ring. */
        workers->waiting[ticket->number % ring] = ticket;
        while ((ticket = workers->waiting[turn % ring])) {
            workers->waiting[turn++ % ring] = NULL;
            finish_ticket(workers, ticket);
        }
    }
    return NULL;
}

static int check_plan(const struct workers_plan *plan, size_t *threads, struct error *error)
{
    bool good = plan->stage_count >= 1 && plan->stage_count <= WORKERS_STAGES &&
                plan->in_flight >= 1 && plan->finish;
    *threads = 1;
    for (int s = 0; good && s < plan->stage_count; s++) {
        good = plan->stages[s].threads >= 1 && plan->stages[s].work;
        *threads += (size_t)plan->stages[s].threads;
    }
    return good ? 0 : error_set(error, ERROR_USAGE, "the worker plan has no work or no threads");
}

static int allocate(struct workers *workers, size_t threads, struct error *error)
{
    size_t n = workers->plan.in_flight;
    for (int s = 0; s <= workers->plan.stage_count; s++)
        if (!(workers->queues[s] = queue_new(n, error)))
            return -1;
    workers->threads = memory_new(threads, sizeof *workers->threads, "workers", error);
    workers->tickets = memory_new(n, sizeof *workers->tickets, "workers", error);
    workers->waiting = memory_new(n, sizeof(struct ticket *), "workers", error);
    workers->free = memory_new(n, sizeof(struct ticket *), "workers", error);
    if (!workers->threads || !workers->tickets || !workers->waiting || !workers->free)
        return -1;
    for (size_t i = 0; i < n; i++)
        workers->free[i] = &workers->tickets[i];
    workers->free_count = n;
    return 0;
}

static int start_thread(struct workers *workers, int stage, int worker, struct error *error)
{
    struct thread *thread = &workers->threads[workers->thread_count];
    *thread = (struct thread){.workers = workers, .stage = stage, .worker = worker};
    int failed = pthread_create(&thread->id, NULL,
                                stage < workers->plan.stage_count ? run_stage : run_finish, thread);
    if (failed)
        return error_set_system(error, ERROR_MEMORY, failed,
                                "cannot start a thread (ulimit -u, a limit of the cgroup)");
    workers->thread_count++;
    return 0;
}

struct workers *workers_new(const struct workers_plan *plan, struct error *error)
{
    size_t threads;
    if (check_plan(plan, &threads, error))
        return NULL;
    struct workers *workers = memory_new(1, sizeof *workers, "workers", error);
    if (!workers)
        return NULL;
    workers->plan = *plan;
    pthread_mutex_init(&workers->mutex, NULL);
    pthread_cond_init(&workers->returned, NULL);
    int status = allocate(workers, threads, error);
    for (int s = 0; status == 0 && s < plan->stage_count; s++)
        for (int w = 0; status == 0 && w < plan->stages[s].threads; w++)
            status = start_thread(workers, s, w, error);
    if (status == 0)
        status = start_thread(workers, plan->stage_count, 0, error);
    if (status) {
        workers_free(workers);
        return NULL;
    }
    return workers;
}

int workers_submit(struct workers *workers, void *item)
{
    pthread_mutex_lock(&workers->mutex);
    while (workers->free_count == 0 && !atomic_load(&workers->cancelled))
        pthread_cond_wait(&workers->returned, &workers->mutex);
    if (atomic_load(&workers->cancelled)) {
        pthread_mutex_unlock(&workers->mutex);
        return -1;
    }
    struct ticket *ticket = workers->free[--workers->free_count];
    pthread_mutex_unlock(&workers->mutex);
    *ticket = (struct ticket){.item = item, .number = workers->submitted++};
    queue_push(workers->queues[0], ticket);
    return 0;
}

void workers_cancel(struct workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    atomic_store(&workers->cancelled, true);
    pthread_cond_broadcast(&workers->returned);
    pthread_mutex_unlock(&workers->mutex);
}

void workers_drain(struct workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    while (workers->free_count < workers->plan.in_flight)
        pthread_cond_wait(&workers->returned, &workers->mutex);
    pthread_mutex_unlock(&workers->mutex);
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    if (workers->submitted > 0)
        workers_drain(workers);
    for (int s = 0; s <= workers->plan.stage_count; s++)
        if (workers->queues[s])
            queue_close(workers->queues[s]);
    for (size_t i = 0; i < workers->thread_count; i++)
        pthread_join(workers->threads[i].id, NULL);
    for (int s = 0; s <= workers->plan.stage_count; s++)
        queue_free(workers->queues[s]);
    memory_free(workers->threads);
    memory_free(workers->tickets);
    memory_free(workers->waiting);
    memory_free(workers->free);
    pthread_mutex_destroy(&workers->mutex);
    pthread_cond_destroy(&workers->returned);
    memory_free(workers);
}
