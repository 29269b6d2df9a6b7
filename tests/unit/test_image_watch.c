/* The limit on a decoder's memory. Each case runs in a process of its own, which the limit may end. */
#include "images/image_watch.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "images/image_wire.h"
#include "tests/unit/unit.h"

enum { MIB = 1 << 20 };

/* Takes memory under a limit, if there is one, and spends processor time until the timer has fired. */
static void take(size_t bytes)
{
    volatile char *block = malloc(bytes);
    if (!block)
        _exit(1);
    for (int turn = 0; turn < 20; turn++)
        for (size_t i = 0; i < bytes; i += 64)
            block[i] = (char)turn;
    raise(SIGPROF); /* as a signal does that comes when the timer has been stopped already */
    _exit(0);
}

/* The exit status of a process that sets these limits, one after the other, and takes 64 MiB. */
static int status_with(const uint64_t *limits, size_t count)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        image_watch_start();
        for (size_t i = 0; i < count; i++)
            image_watch_limit(limits[i]);
        take((size_t)64 * MIB);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(more_than_the_limit_ends_the_process)
{
    ck_assert_int_eq(status_with((const uint64_t[]){32 * MIB}, 1), IMAGE_CHILD_OVER);
}
END_TEST

START_TEST(less_does_not)
{
    ck_assert_int_eq(status_with((const uint64_t[]){128 * MIB}, 1), 0);
}
END_TEST

/* A signal of the last image's timer may arrive late, in another thread. It must find no limit. */
START_TEST(without_a_limit_a_late_signal_does_no_harm)
{
    ck_assert_int_eq(status_with((const uint64_t[]){32 * MIB, 0}, 2), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image_watch");
    TCase *tests = tcase_create("limits");
    tcase_add_test(tests, more_than_the_limit_ends_the_process);
    tcase_add_test(tests, less_does_not);
    tcase_add_test(tests, without_a_limit_a_late_signal_does_no_harm);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
