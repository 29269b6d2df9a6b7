#include "jobs/thread_limit.h"

#include <pthread.h>

#include "base/error.h"
#include "base/memory.h"

/* Waits until all have been started. */
static void *wait_for_all(void *mutex)
{
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return NULL;
}

int thread_limit_check(int count, struct error *error)
{
    pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
    pthread_attr_t small;
    pthread_t *threads = memory_new((size_t)count, sizeof *threads, "threads", error);
    int started = 0;
    int failed = 0;
    if (!threads)
        return -1;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    pthread_mutex_lock(&starting);
    while (started < count && failed == 0) {
        failed = pthread_create(&threads[started], &small, wait_for_all, &starting);
        started += failed == 0;
    }
    pthread_mutex_unlock(&starting);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_attr_destroy(&small);
    pthread_mutex_destroy(&starting);
    memory_free(threads);
    return failed ? error_set_system(error, ERROR_MEMORY, failed,
                                     "only %d of %d threads can be started: raise ulimit -u or the "
                                     "limit of the cgroup, or use fewer --workers and --threads",
                                     started, count)
                  : 0;
}
