/* workers.h - items through stages of threads: read ahead, compute, write behind.
 *
 *   submit -> [stage 0: n threads] -> [stage 1: n threads] -> ... -> finish (one thread)
 *
 * Concurrency contract
 * - One thread submits; it waits while `in_flight` items are between submit and the end of finish.
 *   That number alone bounds memory and the queues; a push inside never waits.
 * - An item is in one stage at a time and owned by the thread that runs it. Handing it on
 *   synchronises: what one stage wrote the next one sees.
 * - Stages run at the same time for different items; `work` must be safe for that. `worker` is
 *   0 .. threads - 1 and never runs twice at once, so it can index scratch of one's own.
 * - finish is called exactly once for each submitted item, always from the same thread, one at a
 *   time: in the order of submission with `in_order`, else in the order of completion. The item is
 *   the caller's again.
 * - workers_cancel may come from any thread, also from within work and finish.
 * - All other functions are for the submitting thread only. `plan` is copied; its context must live
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
    /* Returns 0: on to the next stage; otherwise straight to finish. */
    int (*work)(void *context, int worker, void *item);
    /* Called once by each thread before it ends (vips_thread_shutdown and the like); NULL: none. */
    void (*leave)(void *context, int worker);
    bool skip_on_cancel; /* after workers_cancel, items are not begun here but go to finish */
};

enum workers_outcome {
    WORKERS_COMPLETED, /* every stage ran and returned 0 */
    WORKERS_ENDED,     /* a stage returned something else */
    WORKERS_CANCELLED  /* a stage was left out because of workers_cancel */
};

struct workers_plan {
    struct workers_stage stages[WORKERS_STAGES];
    int stage_count;
    size_t
        in_flight; /* >= 1; a good one is all threads plus two for each thread of the slow stage */
    bool in_order;
    void (*finish)(void *context, void *item, enum workers_outcome outcome);
    void *context;
};

/* Starts the threads. NULL with ERROR_MEMORY or ERROR_USAGE (a plan that makes no sense). */
struct workers *workers_new(const struct workers_plan *plan, struct error *error);

/* Gives an item (not NULL) to stage 0. Returns 0, or -1 if workers_cancel came: the item stays the
 * caller's and finish will not see it. */
int workers_submit(struct workers *workers, void *item);

/* Begin nothing more in stages with skip_on_cancel; wakes a waiting submit. */
void workers_cancel(struct workers *workers);

/* Waits until finish has returned for every submitted item. More may be submitted afterwards. */
void workers_drain(struct workers *workers);

/* Drains, ends all threads and frees. NULL is allowed. */
void workers_free(struct workers *workers);

#endif
