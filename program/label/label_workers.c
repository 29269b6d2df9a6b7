#include "program/label/label_workers.h"

#include <pthread.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/memory_budget.h"
#include "pipeline/classifier.h"
#include "program/decoder.h"
#include "program/label/labels.h"
#include "program/settings.h"

enum { IMAGE_BYTES = 256 << 20 }; /* a photograph and its decoder */

struct label_workers {
    pthread_mutex_t mutex;
    pthread_cond_t given;
    struct classifier **idle; /* [count], the first idle_count are not lent */
    int count, idle_count;
};

/* Makes the first and measures its memory, then as many more as fit. */
static int make(struct label_workers *workers, const struct labels *labels,
                const struct settings *settings, struct error *error)
{
    int cpus = budget_cpus(""), fitting;
    uint64_t used = budget_memory_used("");
    struct budget budget = {.all = decoder_budget(settings, used),
                            .fixed = used + DECODER_PROCESSES,
                            .item = IMAGE_BYTES};
    workers->idle = memory_new((size_t)cpus, sizeof *workers->idle, "classifiers", error);
    if (!workers->idle || !(workers->idle[0] = labels_worker(labels, 1, error)))
        return -1;
    workers->count = 1;
    budget.per_worker = budget_memory_used("") - used + DECODER_PROCESS + IMAGE_BYTES;
    if (budget_workers(&budget, cpus, &fitting, error))
        return error_prefix(error, "--memory");
    for (; workers->count < fitting; workers->count++)
        if (!(workers->idle[workers->count] = labels_worker(labels, 1, error)))
            return -1;
    workers->idle_count = workers->count;
    return 0;
}

int label_workers_new(struct label_workers **workers, const struct labels *labels,
                      const struct settings *settings, struct error *error)
{
    *workers = memory_new(1, sizeof **workers, "classifiers", error);
    if (!*workers)
        return -1;
    pthread_mutex_init(&(*workers)->mutex, NULL);
    pthread_cond_init(&(*workers)->given, NULL);
    if (make(*workers, labels, settings, error) == 0)
        return 0;
    label_workers_free(*workers);
    *workers = NULL;
    return -1;
}

void label_workers_free(struct label_workers *workers)
{
    if (!workers)
        return;
    for (int i = 0; i < workers->count; i++)
        classifier_free(workers->idle[i]);
    memory_free(workers->idle);
    pthread_cond_destroy(&workers->given);
    pthread_mutex_destroy(&workers->mutex);
    memory_free(workers);
}

int label_workers_count(const struct label_workers *workers)
{
    return workers->count;
}

struct classifier *label_workers_take(struct label_workers *workers)
{
    pthread_mutex_lock(&workers->mutex);
    while (workers->idle_count == 0)
        pthread_cond_wait(&workers->given, &workers->mutex);
    struct classifier *classifier = workers->idle[--workers->idle_count];
    pthread_mutex_unlock(&workers->mutex);
    return classifier;
}

void label_workers_give(struct label_workers *workers, struct classifier *classifier)
{
    pthread_mutex_lock(&workers->mutex);
    workers->idle[workers->idle_count++] = classifier;
    pthread_cond_signal(&workers->given);
    pthread_mutex_unlock(&workers->mutex);
}
