/* Stopping: signals, time, the second signal; and durations. */
#include "unit.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/stop.h"

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

#ifdef __SANITIZE_THREAD__
/* ThreadSanitizer's own question to a program: children of these tests start threads. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}
#endif

/* Check has handlers of its own, which end the whole process group. */
static void set_up(void)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGXCPU, SIG_DFL);
}

START_TEST(each_signal_sets_the_flag)
{
    const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGXCPU};
    for (int i = 0; i < 4; i++) {
        struct error error = {0};
        struct stop *stop = stop_new(0, &error);
        ck_assert_ptr_nonnull(stop);
        ck_assert_int_eq(stop_reason(stop), STOP_NONE);
        ck_assert(!stop_wait(stop, 0.01));
        kill(getpid(), signals[i]);
        ck_assert(stop_wait(stop, 20));
        ck_assert_int_eq(stop_reason(stop), STOP_SIGNAL);
        ck_assert_int_eq(stop_signal(stop), signals[i]);
        stop_free(stop);
    }
}
END_TEST

START_TEST(poll_sees_the_flag)
{
    struct error error = {0};
    struct stop *stop = stop_new(0, &error);
    struct pollfd wait = {.fd = stop_descriptor(stop), .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, 0), 0);
    kill(getpid(), SIGTERM);
    ck_assert_int_eq(poll(&wait, 1, 20000), 1);
    ck_assert_int_eq(stop_reason(stop), STOP_SIGNAL);
    stop_ask(stop);
    ck_assert_int_eq(poll(&wait, 1, 0), 1); /* and stays so */
    stop_free(stop);
}
END_TEST

START_TEST(a_limit_on_cpu_time_lets_the_work_in_hand_end)
{
    struct error error = {0};
    struct stop *stop = stop_new(0, &error);
    for (int i = 0; i < 3; i++) {
        kill(getpid(), SIGXCPU);
        ck_assert(stop_wait(stop, 20));
        usleep(20000);
    }
    ck_assert_int_eq(stop_signal(stop), SIGXCPU);
    stop_free(stop);
}
END_TEST

#ifndef __SANITIZE_THREAD__ /* which runs handlers later, and not with the thread's own mask */
static void *wait_for_end(void *argument)
{
    char byte;
    return read(*(int *)argument, &byte, 1) == 0 ? NULL : argument;
}

START_TEST(threads_made_before_hand_their_signals_on)
{
    struct error error = {0};
    int ends[2];
    pthread_t early;
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(pthread_create(&early, NULL, wait_for_end, &ends[0]), 0);
    struct stop *stop = stop_new(0, &error);
    ck_assert_int_eq(pthread_kill(early, SIGUSR1), 0);
    ck_assert(stop_wait(stop, 20));
    ck_assert_int_eq(stop_signal(stop), SIGUSR1);
    close(ends[1]);
    void *result;
    pthread_join(early, &result);
    ck_assert_ptr_null(result); /* its read was not cut short */
    close(ends[0]);
    stop_free(stop);
}
END_TEST
#endif

START_TEST(time_limits_and_requests_from_within)
{
    struct error error = {0};
    double start = now();
    struct stop *stop = stop_new(0.2, &error);
    ck_assert(stop_wait(stop, 20));
    ck_assert_int_eq(stop_reason(stop), STOP_TIME);
    ck_assert(now() - start >= 0.2);
    stop_ask(stop); /* the first reason stays */
    ck_assert_int_eq(stop_reason(stop), STOP_TIME);
    stop_free(stop);
    stop = stop_new(1000, &error);
    stop_ask(stop);
    ck_assert(stop_wait(stop, 20));
    ck_assert_int_eq(stop_reason(stop), STOP_ASKED);
    stop_free(stop);
    stop_free(NULL);
}
END_TEST

/* What a child that waits for stop does with `count` signals; its wait status. */
static int child_with_signals(int count, int number, bool ignored)
{
    int ready[2];
    int status;
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        signal(number, ignored ? SIG_IGN : SIG_DFL);
        struct stop *stop = stop_new(0, &error);
        if (!stop || write(ready[1], "x", 1) != 1)
            _exit(99);
        if (!stop_wait(stop, ignored ? 0.5 : 60))
            _exit(50);
        if (write(ready[1], "y", 1) != 1)
            _exit(99);
        nanosleep(&(struct timespec){.tv_sec = count > 1 ? 20 : 0}, NULL);
        _exit(42);
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    for (int i = 0; i < count; i++) {
        kill(child, number);
        if (!ignored && i == 0)
            ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    close(ready[0]);
    return status;
}

START_TEST(the_second_signal_kills_at_once)
{
    int status = child_with_signals(1, SIGTERM, false);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    status = child_with_signals(2, SIGTERM, false);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    status = child_with_signals(2, SIGUSR1, false);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
}
END_TEST

START_TEST(a_signal_that_was_ignored_stays_ignored)
{
    int status = child_with_signals(1, SIGINT, true);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 50);
}
END_TEST

START_TEST(children_have_the_default_behaviour_back)
{
    struct error error = {0};
    struct stop *stop = stop_new(0, &error);
    int status;
    pid_t child = fork();
    if (child == 0) {
        stop_reset_in_child();
        kill(getpid(), SIGTERM);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    ck_assert_int_eq(stop_reason(stop), STOP_NONE);
    stop_free(stop);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stop");
    TCase *cases = tcase_create("stop");
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, each_signal_sets_the_flag);
    tcase_add_test(cases, poll_sees_the_flag);
    tcase_add_test(cases, a_limit_on_cpu_time_lets_the_work_in_hand_end);
#ifndef __SANITIZE_THREAD__
    tcase_add_test(cases, threads_made_before_hand_their_signals_on);
#endif
    tcase_add_test(cases, time_limits_and_requests_from_within);
    tcase_add_test(cases, the_second_signal_kills_at_once);
    tcase_add_test(cases, a_signal_that_was_ignored_stays_ignored);
    tcase_add_test(cases, children_have_the_default_behaviour_back);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
