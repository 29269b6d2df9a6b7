/* Workers: each item is finished once, in order where asked, whatever the stages do; and queues. */
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"
#include "jobs/queue.h"
#include "jobs/workers.h"

enum { ITEMS = 2000, MOST_THREADS = 128 };

/* Of the first stage, by the number of a test's turn: more than any machine here has, too. */
static const int thread_counts[] = {4, MOST_THREADS};
enum { THREAD_COUNTS = sizeof thread_counts / sizeof *thread_counts };

struct job {
    int number;
    int stages; /* that it has been through: written by one, read by the next, without a lock */
    int finished;
    enum workers_outcome outcome;
};

struct bench {
    struct job jobs[ITEMS];
    atomic_int inside; /* items between submit and finish */
    atomic_int most_inside;
    int threads;
    atomic_int busy[MOST_THREADS];
    atomic_int left;
    int order[ITEMS]; /* numbers as they were finished */
    int finished;
    int cancel_at; /* finishing this many cancels; 0: never */
    struct workers *workers;
};

static void pause_a_little(int number)
{
    if (number % 97 == 0)
        nanosleep(&(struct timespec){.tv_nsec = 300000}, NULL);
}

static int first_stage(void *context, int worker, void *item)
{
    struct bench *bench = context;
    struct job *job = item;
    ck_assert_int_eq(atomic_exchange(&bench->busy[worker], 1), 0);
    pause_a_little(job->number);
    job->stages++;
    atomic_store(&bench->busy[worker], 0);
    return job->number % 10 == 3;
}

static int second_stage(void *context, int worker, void *item)
{
    struct job *job = item;
    (void)context;
    ck_assert_int_eq(worker, 0);
    ck_assert_int_eq(job->stages, 1);
    job->stages++;
    return 0;
}

static void leave(void *context, int worker)
{
    struct bench *bench = context;
    (void)worker;
    atomic_fetch_add(&bench->left, 1);
}

static void finish(void *context, void *item, enum workers_outcome outcome)
{
    struct bench *bench = context;
    struct job *job = item;
    job->finished++;
    job->outcome = outcome;
    bench->order[bench->finished++] = job->number;
    atomic_fetch_sub(&bench->inside, 1);
    if (bench->cancel_at && bench->finished == bench->cancel_at)
        workers_cancel(bench->workers);
}

/* Fewer than there are threads to begin with, or enough for all of them. */
static size_t in_flight(int threads)
{
    return threads == MOST_THREADS ? 2 * MOST_THREADS : 7;
}

static struct workers_plan plan_for(struct bench *bench, bool in_order)
{
    return (struct workers_plan){
        .stages = {{.threads = bench->threads,
                    .work = first_stage,
                    .leave = leave,
                    .skip_on_cancel = true},
                   {.threads = 1, .work = second_stage}},
        .stage_count = 2,
        .in_flight = in_flight(bench->threads),
        .in_order = in_order,
        .finish = finish,
        .context = bench,
    };
}

/* Submits all items; returns how many were taken. */
static int submit_all(struct bench *bench)
{
    for (int i = 0; i < ITEMS; i++) {
        bench->jobs[i].number = i;
        if (workers_submit(bench->workers, &bench->jobs[i]))
            return i;
        int inside = atomic_fetch_add(&bench->inside, 1) + 1;
        if (inside > atomic_load(&bench->most_inside))
            atomic_store(&bench->most_inside, inside);
    }
    return ITEMS;
}

static struct bench *run_bench(int threads, bool in_order, int cancel_at, int *submitted)
{
    struct error error = {0};
    struct bench *bench = calloc(1, sizeof *bench);
    ck_assert_ptr_nonnull(bench);
    bench->threads = threads;
    struct workers_plan plan = plan_for(bench, in_order);
    bench->workers = workers_new(&plan, &error);
    ck_assert_msg(bench->workers, "%s", error.text);
    bench->cancel_at = cancel_at;
    *submitted = submit_all(bench);
    workers_drain(bench->workers);
    ck_assert_int_eq(bench->finished, *submitted);
    workers_free(bench->workers);
    ck_assert_int_eq(atomic_load(&bench->left), threads);
    for (int i = 0; i < *submitted; i++)
        ck_assert_int_eq(bench->jobs[i].finished, 1);
    return bench;
}

START_TEST(every_item_is_finished_once)
{
    int submitted;
    struct bench *bench = run_bench(thread_counts[_i], false, 0, &submitted);
    ck_assert_int_eq(submitted, ITEMS);
    /* One more than in_flight: finish counts down before its ticket is free. */
    ck_assert_int_le(atomic_load(&bench->most_inside), in_flight(bench->threads) + 1);
    for (int i = 0; i < ITEMS; i++) {
        ck_assert_int_eq(bench->jobs[i].outcome, i % 10 == 3 ? WORKERS_ENDED : WORKERS_COMPLETED);
        ck_assert_int_eq(bench->jobs[i].stages, i % 10 == 3 ? 1 : 2);
    }
    free(bench);
}
END_TEST

START_TEST(order_is_kept_where_asked)
{
    int submitted;
    struct bench *bench = run_bench(thread_counts[_i], true, 0, &submitted);
    for (int i = 0; i < ITEMS; i++)
        ck_assert_int_eq(bench->order[i], i);
    free(bench);
}
END_TEST

START_TEST(after_cancelling_nothing_new_begins)
{
    int submitted;
    struct bench *bench = run_bench(thread_counts[_i], true, 100, &submitted);
    ck_assert_int_ge(submitted, 100);
    ck_assert_int_lt(submitted, 100 + 2 * (int)in_flight(bench->threads) + 6);
    for (int i = 0; i < submitted; i++)
        if (bench->jobs[i].outcome == WORKERS_CANCELLED)
            ck_assert_int_eq(bench->jobs[i].stages, 0);
    free(bench);
}
END_TEST

START_TEST(plans_without_sense_are_refused)
{
    struct error error = {0};
    struct bench bench = {.threads = 4};
    struct workers_plan plan = plan_for(&bench, false);
    plan.in_flight = 0;
    ck_assert_ptr_null(workers_new(&plan, &error));
    plan = plan_for(&bench, false);
    plan.stage_count = WORKERS_STAGES + 1;
    ck_assert_ptr_null(workers_new(&plan, &error));
    plan = plan_for(&bench, false);
    plan.stages[1].threads = 0;
    ck_assert_ptr_null(workers_new(&plan, &error));
    ck_assert_int_eq(error.code, ERROR_USAGE);
    workers_free(NULL);
}
END_TEST

static void *produce(void *argument)
{
    static int values[1000];
    for (int i = 0; i < 1000; i++) {
        values[i] = i;
        ck_assert_int_eq(queue_push(argument, &values[i]), 0);
    }
    queue_close(argument);
    return NULL;
}

START_TEST(queues_are_first_in_first_out_and_end)
{
    struct error error = {0};
    struct queue *queue = queue_new(3, &error);
    pthread_t producer;
    ck_assert_int_eq(pthread_create(&producer, NULL, produce, queue), 0);
    int expected = 0;
    const int *value;
    while ((value = queue_pop(queue)))
        ck_assert_int_eq(*value, expected++);
    ck_assert_int_eq(expected, 1000);
    pthread_join(producer, NULL);
    ck_assert_int_eq(queue_push(queue, &expected), -1);
    queue_free(queue);
    ck_assert_ptr_null(queue_new(SIZE_MAX / 4, &error));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("workers");
    TCase *cases = tcase_create("workers");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, every_item_is_finished_once, 0, THREAD_COUNTS);
    tcase_add_loop_test(cases, order_is_kept_where_asked, 0, THREAD_COUNTS);
    tcase_add_loop_test(cases, after_cancelling_nothing_new_begins, 0, THREAD_COUNTS);
    tcase_add_test(cases, plans_without_sense_are_refused);
    tcase_add_test(cases, queues_are_first_in_first_out_and_end);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
