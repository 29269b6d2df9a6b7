/* workers.h - passes items through stages of threads: read ahead, compute, write behind.
 *
 *   submit -> [stage 0: n threads] -> [stage 1: n threads] -> ... -> finish (one thread)
 *
 * Concurrency contract
 * - One thread submits. It waits while `in_flight` items are between submit and the end of finish;
 *   that number alone bounds memory. Between stages, nothing waits for a full queue.
 * - An item is in one stage at a time, and the thread that runs it owns it. Each stage sees what
 *   the stages before it wrote.
 * - Stages run at the same time for different items, so `work` must allow that. `worker` is
 *   0 .. threads - 1 and never runs twice at once, so it can index private scratch memory.
 * - finish is called exactly once for each submitted item, always by the same thread: in the order
 *   of submission with `in_order`, else in the order of completion. Then the item is the caller's.
 * - Any thread may call workers_cancel, also within work and finish.
 * - All other functions are for the submitting thread. `plan` is copied; its context must live
 *   until workers_free.
 */
#ifndef JOBS_WORKERS_H
#define JOBS_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct workers;

enum { WORKERS_STAGES = 4 };

struct workers_stage {
    int threads; /* >= 1 */
    /* Returns 0 to pass the item to the next stage, otherwise it goes straight to finish. */
    int (*work)(void *context, int worker, void *item);
    /* Called once by each thread before it ends, to free its resources; NULL: none. */
    void (*leave)(void *context, int worker);
    bool skip_on_cancel; /* after workers_cancel, items skip this stage and go to finish */
};

enum workers_outcome {
    WORKERS_COMPLETED, /* every stage ran and returned 0 */
    WORKERS_ENDED,     /* a stage returned another value */
    WORKERS_CANCELLED  /* a stage was skipped after workers_cancel */
};

struct workers_plan {
    struct workers_stage stages[WORKERS_STAGES];
    int stage_count;
    /* >= 1. A good number is all threads plus two for each thread of the slowest stage. */
    size_t in_flight;
    bool in_order;
    void (*finish)(void *context, void *item, enum workers_outcome outcome);
    void *context;
};

/* Starts the threads. NULL with ERROR_MEMORY or ERROR_USAGE (an invalid plan). */
struct workers *workers_new(const struct workers_plan *plan, struct error *error);

/* Gives an item (not NULL) to stage 0. Returns 0, or -1 after workers_cancel: then the item stays
 * the caller's, and finish will not see it. */
int workers_submit(struct workers *workers, void *item);

/* Stages with skip_on_cancel begin no more items. Wakes a waiting submit. */
void workers_cancel(struct workers *workers);

/* Waits until finish has returned for every submitted item. More items may be submitted later. */
void workers_drain(struct workers *workers);

/* Drains, ends all threads and frees. NULL is allowed. */
void workers_free(struct workers *workers);

#endif
