/* workers.c - what one item costs the threads that pass it on, with work that does nothing: the queues, the
 * order, and a line of the ledger.
 *
 *   gcc -O2 -D_GNU_SOURCE -I. -fopenmp -o build/bench/workers bench/workers.c build/objects.a -lm -ldl
 *   build/bench/workers FOLDER [ITEMS]
 *
 * Three stages as a run has them: readers, workers, one writer; FOLDER gets the ledger. Each row is the best of
 * several runs, the numbers of threads taking turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "base/folder.h"
#include "jobs/ledger.h"
#include "jobs/shard.h"
#include "jobs/workers.h"

enum { RUNS = 5 };

static const int thread_counts[] = {1, 2, 8, 64, 128};
enum { COUNTS = sizeof thread_counts / sizeof *thread_counts };

struct job {
    char key[32];
    int through; /* stages */
};

struct bench {
    struct job *jobs;
    size_t count, finished;
    struct ledger *ledger; /* NULL: none is written */
};

struct cost {
    double clock, processor; /* seconds of one run */
};

static double now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void stop(const struct error *error)
{
    fprintf(stderr, "%s\n", error->text);
    exit(1);
}

static int pass(void *context, int worker, void *item)
{
    (void)context, (void)worker;
    ((struct job *)item)->through++;
    return 0;
}

static void finish(void *context, void *item, enum workers_outcome outcome)
{
    struct bench *bench = context;
    const struct job *job = item;
    struct error error;
    const struct ledger_line line = {.status = LEDGER_DONE, .key = job->key, .bytes = 1000};
    bench->finished += outcome == WORKERS_COMPLETED && job->through == 3;
    if (bench->ledger && ledger_append(bench->ledger, &line, &error))
        stop(&error);
}

static struct cost run_once(struct bench *bench, int threads)
{
    struct error error;
    const struct workers_plan plan = {
        .stages = {{.threads = threads, .work = pass},
                   {.threads = threads, .work = pass},
                   {.threads = 1, .work = pass}},
        .stage_count = 3,
        .in_flight = 4 * (size_t)threads + 1,
        .finish = finish,
        .context = bench,
    };
    struct workers *workers = workers_new(&plan, &error);
    if (!workers)
        stop(&error);
    const double clock = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID);
    bench->finished = 0;
    for (size_t i = 0; i < bench->count; i++) {
        bench->jobs[i].through = 0;
        if (workers_submit(workers, &bench->jobs[i]))
            exit(1);
    }
    workers_drain(workers);
    const struct cost cost = {now(CLOCK_MONOTONIC) - clock,
                              now(CLOCK_PROCESS_CPUTIME_ID) - processor};
    workers_free(workers);
    if (bench->finished != bench->count)
        exit(1);
    return cost;
}

/* Microseconds an item: the best of all runs. */
static void report(struct bench *bench, const char *what)
{
    struct cost best[COUNTS];
    for (int run = 0; run < RUNS; run++)
        for (int i = 0; i < COUNTS; i++) {
            const struct cost cost = run_once(bench, thread_counts[i]);
            best[i].clock = run && best[i].clock < cost.clock ? best[i].clock : cost.clock;
            best[i].processor =
                run && best[i].processor < cost.processor ? best[i].processor : cost.processor;
        }
    for (int i = 0; i < COUNTS; i++)
        printf("%-16s %4d threads a stage: %6.2f us an item, %6.2f us of the processor\n", what,
               thread_counts[i], best[i].clock / (double)bench->count * 1e6,
               best[i].processor / (double)bench->count * 1e6);
}

int main(int argc, char **argv)
{
    struct error error;
    struct bench bench = {.count = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000};
    const struct shard shard = {0, 1};
    struct folder *folder;
    if (argc < 2 || !(bench.jobs = calloc(bench.count, sizeof *bench.jobs)))
        return 1;
    for (size_t i = 0; i < bench.count; i++)
        snprintf(bench.jobs[i].key, sizeof bench.jobs[i].key, "images/%08zu.jpg", i);
    report(&bench, "queues");
    if (!(folder = folder_make(argv[1], false, &error)) ||
        !(bench.ledger = ledger_open(folder, &shard, &error)))
        stop(&error);
    report(&bench, "queues, ledger");
    ledger_close(bench.ledger);
    folder_close(folder);
    free(bench.jobs);
    return 0;
}
