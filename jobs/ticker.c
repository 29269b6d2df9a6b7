#include "jobs/ticker.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

struct ticker {
    double seconds;
    void (*tick)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards `ended`; `changed` signals it */
    pthread_cond_t changed;
    bool ended;
};

/* Sleeps until clock_now() reaches `end`. False if the ticker must end. */
static bool sleep_until(struct ticker *ticker, double end)
{
    const struct timespec until = {.tv_sec = (time_t)end,
                                   .tv_nsec = (long)(1e9 * (end - (double)(time_t)end))};
    int status = 0;
    pthread_mutex_lock(&ticker->mutex);
    while (!ticker->ended && status == 0)
        status = pthread_cond_timedwait(&ticker->changed, &ticker->mutex, &until);
    bool goes_on = !ticker->ended;
    pthread_mutex_unlock(&ticker->mutex);
    return goes_on;
}

static void *run(void *argument)
{
    struct ticker *ticker = argument;
    while (sleep_until(ticker, clock_now() + ticker->seconds))
        ticker->tick(ticker->context);
    return NULL;
}

static void free_ticker(struct ticker *ticker)
{
    pthread_mutex_destroy(&ticker->mutex);
    pthread_cond_destroy(&ticker->changed);
    memory_free(ticker);
}

struct ticker *ticker_new(double seconds, void (*tick)(void *context), void *context,
                          struct error *error)
{
    pthread_condattr_t monotonic;
    struct ticker *ticker = memory_new(1, sizeof *ticker, "a timer", error);
    if (!ticker)
        return NULL;
    ticker->seconds = seconds;
    ticker->tick = tick;
    ticker->context = context;
    pthread_mutex_init(&ticker->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&ticker->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int failed = pthread_create(&ticker->thread, NULL, run, ticker);
    if (failed) {
        error_set_system(error, ERROR_MEMORY, failed, "cannot start a thread");
        free_ticker(ticker);
        return NULL;
    }
    return ticker;
}

void ticker_free(struct ticker *ticker)
{
    if (!ticker)
        return;
    pthread_mutex_lock(&ticker->mutex);
    ticker->ended = true;
    pthread_cond_signal(&ticker->changed);
    pthread_mutex_unlock(&ticker->mutex);
    pthread_join(ticker->thread, NULL);
    free_ticker(ticker);
}
