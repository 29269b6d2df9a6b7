#include "pipeline/predict_many.h"

#include <omp.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "filters/mask.h"

struct predictors {
    const struct sam *sam;
    struct predictor_options options;
    int threads;
    struct predictor **each; /* [threads], owned; NULL where none was needed yet */
};

struct predictors *predictors_new(const struct sam *sam, const struct predictor_options *options,
                                  int threads, struct error *error)
{
    struct predictors *predictors = memory_new(1, sizeof *predictors, "predictors", error);
    if (!predictors)
        return NULL;
    *predictors = (struct predictors){.sam = sam, .options = *options, .threads = threads};
    predictors->each = memory_new((size_t)threads, sizeof *predictors->each, "predictors", error);
    if (predictors->each && (predictors->each[0] = predictor_new(sam, options, error)))
        return predictors;
    predictors_free(predictors);
    return NULL;
}

void predictors_free(struct predictors *predictors)
{
    if (!predictors)
        return;
    for (int i = 0; predictors->each && i < predictors->threads; i++)
        predictor_free(predictors->each[i]);
    memory_free(predictors->each);
    memory_free(predictors);
}

struct predictor *predictors_first(const struct predictors *predictors)
{
    return predictors->each[0];
}

/* Makes the first `threads` predictors, as far as they are missing. */
static int make_predictors(struct predictors *predictors, int threads, struct error *error)
{
    for (int i = 0; i < threads; i++)
        if (!predictors->each[i] &&
            !(predictors->each[i] = predictor_new(predictors->sam, &predictors->options, error)))
            return -1;
    return 0;
}

struct predictor *const *predictors_all(struct predictors *predictors, struct error *error)
{
    return make_predictors(predictors, predictors->threads, error) ? NULL : predictors->each;
}

/* A part of `order` whose prompts are of one shape. */
struct batch {
    size_t first;
    int count;
};

/* A call of predict_many. */
struct task {
    struct predictors *predictors;
    const struct embedding *embedding;
    const struct predictor_prompt *prompts;
    size_t count;
    const struct predictor_prompt **order; /* [count]: prompts of one shape are neighbours */
    struct mask_list *found;               /* [count]: of the prompts of `order` */
    struct batch *batches;                 /* [count] at most */
    size_t batch_count;
    struct error error; /* of a thread that failed; code 0: none */
};

static int compare(const void *a, const void *b)
{
    const struct predictor_prompt *one = *(const struct predictor_prompt *const *)a;
    const struct predictor_prompt *other = *(const struct predictor_prompt *const *)b;
    int shapes = predictor_compare_shapes(one, other);
    return shapes ? shapes : one < other ? -1 : one > other;
}

static void sort_by_shape(struct task *task)
{
    for (size_t i = 0; i < task->count; i++)
        task->order[i] = &task->prompts[i];
    qsort(task->order, task->count, sizeof *task->order, compare);
}

/* Cuts order[first..end), prompts of one shape, into batches. They are about equally large and their
 * number is a multiple of the threads', so that all threads are busy to the end. */
static void cut(struct task *task, size_t first, size_t end)
{
    const size_t count = end - first, threads = (size_t)task->predictors->threads;
    const size_t most =
        (size_t)predictor_batch(predictors_first(task->predictors), task->order[first]);
    size_t parts = (count + most - 1) / most;
    parts = (parts + threads - 1) / threads * threads;
    parts = parts < count ? parts : count;
    for (size_t i = 0; i < parts; i++) {
        const size_t from = first + count * i / parts, to = first + count * (i + 1) / parts;
        task->batches[task->batch_count++] = (struct batch){from, (int)(to - from)};
    }
}

static void cut_all(struct task *task)
{
    for (size_t first = 0, end; first < task->count; first = end) {
        end = first + 1;
        while (end < task->count &&
               predictor_compare_shapes(task->order[first], task->order[end]) == 0)
            end++;
        cut(task, first, end);
    }
}

/* Runs all batches, each on the next free thread. */
static void run_batches(struct task *task, int threads)
{
#pragma omp parallel num_threads(threads)
    {
        struct predictor *predictor = task->predictors->each[omp_get_thread_num()];
        struct error error = {0};
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < task->batch_count; i++) {
            const struct batch *batch = &task->batches[i];
            predictor_predict_batch(predictor, task->embedding, task->order + batch->first,
                                    batch->count, task->found + batch->first, &error);
        }
        if (error.code) {
#pragma omp critical
            task->error = error;
        }
    }
}

static int check(const struct task *task, struct error *error)
{
    for (size_t i = 0; i < task->count; i++)
        if (predictor_check(task->predictors->sam, &task->prompts[i], error))
            return error_prefix(error, "prompt %zu", i);
    return 0;
}

static int run(struct task *task, struct error *error)
{
    if (check(task, error))
        return -1;
    sort_by_shape(task);
    cut_all(task);
    const size_t most = (size_t)task->predictors->threads;
    const int threads = (int)(task->batch_count < most ? task->batch_count : most);
    if (threads == 0)
        return 0;
    if (make_predictors(task->predictors, threads, error))
        return -1;
    run_batches(task, threads);
    if (task->error.code == 0)
        return 0;
    *error = task->error;
    return -1;
}

int predict_many(struct predictors *predictors, const struct embedding *embedding,
                 const struct predictor_prompt *prompts, size_t count, struct mask_list *masks,
                 struct error *error)
{
    struct task task = {
        .predictors = predictors, .embedding = embedding, .prompts = prompts, .count = count};
    int status = -1;
    if ((task.order = memory_new(count, sizeof *task.order, "prompts", error)) &&
        (task.found = memory_new(count, sizeof *task.found, "prompts", error)) &&
        (task.batches = memory_new(count, sizeof *task.batches, "prompts", error)))
        status = run(&task, error);
    for (size_t i = 0; task.found && task.order && i < count; i++)
        if (task.order[i])
            masks[task.order[i] - prompts] = task.found[i];
    memory_free(task.order);
    memory_free(task.found);
    memory_free(task.batches);
    return status;
}
