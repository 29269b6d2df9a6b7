#include "jobs/stop.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"

static const int SIGNALS[] = {SIGTERM, SIGINT, SIGUSR1, SIGXCPU};

enum { SIGNAL_COUNT = sizeof SIGNALS / sizeof *SIGNALS };

struct stop {
    atomic_int reason; /* enum stop_reason; set once */
    atomic_int signal;
    pthread_mutex_t mutex; /* with `changed`, for threads that wait for a reason */
    pthread_cond_t changed;
    pthread_t watcher;
    sigset_t watched;
    struct sigaction actions[SIGNAL_COUNT]; /* those before stop_new, in the order of SIGNALS */
    sigset_t before;                        /* the signals blocked before stop_new */
    int signals;                            /* signalfd */
    int end;                                /* eventfd that tells the watcher to end */
    int told;                               /* eventfd, written once there is a reason */
    double deadline;                        /* of clock_now; INFINITY: none */
};

static void set_reason(struct stop *stop, enum stop_reason reason)
{
    int none = STOP_NONE;
    uint64_t one = 1;
    pthread_mutex_lock(&stop->mutex);
    atomic_compare_exchange_strong(&stop->reason, &none, (int)reason);
    pthread_cond_broadcast(&stop->changed);
    pthread_mutex_unlock(&stop->mutex);
    while (write(stop->told, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

/* Runs the default action of a signal that is blocked here: it ends the process. */
static void die_of(int number)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    signal(number, SIG_DFL);
    kill(getpid(), number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void take_signal(struct stop *stop)
{
    struct signalfd_siginfo info;
    if (read(stop->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGXCPU && atomic_load(&stop->signal))
        return; /* comes again with each second of CPU time, until SIGKILL at the hard limit */
    if (atomic_load(&stop->signal))
        die_of((int)info.ssi_signo);
    atomic_store(&stop->signal, (int)info.ssi_signo);
    set_reason(stop, STOP_SIGNAL);
}

/* Milliseconds until the deadline, rounded up, for poll; -1 if there is none. */
static int until_deadline(const struct stop *stop)
{
    double left = stop->deadline - clock_now();
    if (atomic_load(&stop->reason) != STOP_NONE || isinf(left))
        return -1;
    return left <= 0 ? 0 : left > 86400 ? 86400000 : (int)(left * 1000) + 1;
}

static void *watch(void *argument)
{
    struct stop *stop = argument;
    struct pollfd waits[2] = {{.fd = stop->signals, .events = POLLIN},
                              {.fd = stop->end, .events = POLLIN}};
    for (;;) {
        int ready = poll(waits, 2, until_deadline(stop));
        if (ready > 0 && waits[1].revents)
            return NULL;
        if (ready > 0 && waits[0].revents)
            take_signal(stop);
        if (clock_now() >= stop->deadline)
            set_reason(stop, STOP_TIME);
    }
}

/* Signal handler. Threads that a library started before stop_new do not block the signals, so the
 * kernel may deliver one to them. Such a thread blocks the signal and sends it again, for the
 * watcher. */
static void hand_on(int number, siginfo_t *info, void *context)
{
    (void)info;
    int reason = errno;
    sigaddset(&((ucontext_t *)context)->uc_sigmask, number);
    kill(getpid(), number);
    errno = reason;
}

/* Takes over the signals that are not ignored. */
static void take_signals(struct stop *stop)
{
    struct sigaction action = {.sa_sigaction = hand_on, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigemptyset(&stop->watched);
    sigfillset(&action.sa_mask);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (sigaction(SIGNALS[i], NULL, &stop->actions[i]) == 0 &&
            stop->actions[i].sa_handler != SIG_IGN)
            sigaddset(&stop->watched, SIGNALS[i]);
    pthread_sigmask(SIG_BLOCK, &stop->watched, &stop->before);
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (sigismember(&stop->watched, SIGNALS[i]))
            sigaction(SIGNALS[i], &action, NULL);
}

static void give_signals_back(const struct stop *stop)
{
    for (int i = 0; i < SIGNAL_COUNT; i++)
        if (sigismember(&stop->watched, SIGNALS[i]))
            sigaction(SIGNALS[i], &stop->actions[i], NULL);
    pthread_sigmask(SIG_SETMASK, &stop->before, NULL);
}

static void free_stop(struct stop *stop)
{
    if (stop->signals >= 0)
        close(stop->signals);
    if (stop->end >= 0)
        close(stop->end);
    if (stop->told >= 0)
        close(stop->told);
    pthread_mutex_destroy(&stop->mutex);
    pthread_cond_destroy(&stop->changed);
    memory_free(stop);
}

struct stop *stop_new(double max_seconds, struct error *error)
{
    pthread_condattr_t monotonic_clock;
    struct stop *stop = memory_new(1, sizeof *stop, "stop flag", error);
    if (!stop)
        return NULL;
    pthread_mutex_init(&stop->mutex, NULL);
    pthread_condattr_init(&monotonic_clock);
    pthread_condattr_setclock(&monotonic_clock, CLOCK_MONOTONIC);
    pthread_cond_init(&stop->changed, &monotonic_clock);
    pthread_condattr_destroy(&monotonic_clock);
    stop->deadline = max_seconds > 0 ? clock_now() + max_seconds : INFINITY;
    take_signals(stop);
    stop->signals = signalfd(-1, &stop->watched, SFD_CLOEXEC | SFD_NONBLOCK);
    stop->end = eventfd(0, EFD_CLOEXEC);
    stop->told = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop->signals < 0 || stop->end < 0 || stop->told < 0 ||
        pthread_create(&stop->watcher, NULL, watch, stop) != 0) {
        error_set(error, ERROR_UNSUPPORTED,
                  "cannot handle signals: no descriptor or thread is left");
        give_signals_back(stop);
        free_stop(stop);
        return NULL;
    }
    return stop;
}

void stop_free(struct stop *stop)
{
    uint64_t one = 1;
    if (!stop)
        return;
    while (write(stop->end, &one, sizeof one) < 0 && errno == EINTR)
        ;
    pthread_join(stop->watcher, NULL);
    give_signals_back(stop);
    free_stop(stop);
}

enum stop_reason stop_reason(const struct stop *stop)
{
    return (enum stop_reason)atomic_load(&stop->reason);
}

int stop_descriptor(const struct stop *stop)
{
    return stop->told;
}

int stop_signal(const struct stop *stop)
{
    return atomic_load(&stop->signal);
}

void stop_ask(struct stop *stop)
{
    set_reason(stop, STOP_ASKED);
}

bool stop_wait(struct stop *stop, double seconds)
{
    double end = clock_now() + seconds;
    struct timespec until = {.tv_sec = (time_t)end,
                             .tv_nsec = (long)(1e9 * (end - (double)(time_t)end))};
    pthread_mutex_lock(&stop->mutex);
    int status = 0;
    while (atomic_load(&stop->reason) == STOP_NONE && status == 0)
        status = pthread_cond_timedwait(&stop->changed, &stop->mutex, &until);
    pthread_mutex_unlock(&stop->mutex);
    return stop_reason(stop) != STOP_NONE;
}

void stop_reset_in_child(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        struct sigaction action;
        if (sigaction(SIGNALS[i], NULL, &action) == 0 && action.sa_sigaction == hand_on)
            signal(SIGNALS[i], SIG_DFL);
        sigaddset(&set, SIGNALS[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
