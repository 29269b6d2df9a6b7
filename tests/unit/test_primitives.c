/* File systems that lack a primitive: hard links, RENAME_NOREPLACE, fcntl locks. The linker puts
 * the functions below in place of the library's calls. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "jobs/lock.h"
#include "jobs/runfile.h"
#include "scratch.h"

static struct scratch scratch;
static struct folder *run;
static struct error error;
static int missing; /* what the calls below fail with; 0: they work */

int __real_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags);
int __wrap_linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    errno = missing;
    return missing ? -1 : __real_linkat(from_folder, from, to_folder, to, flags);
}

int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to,
                     unsigned flags);
int __wrap_renameat2(int from_folder, const char *from, int to_folder, const char *to,
                     unsigned flags)
{
    (void)from_folder, (void)from, (void)to_folder, (void)to, (void)flags;
    errno = EINVAL;
    return -1;
}

int __real_fcntl(int fd, int command, void *argument);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    errno = missing;
    return missing && command == F_SETLK ? -1 : __real_fcntl(fd, command, argument);
}

static void set_up(void)
{
    scratch = scratch_new();
    run = scratch_folder(&scratch);
    missing = 0;
}

static void tear_down(void)
{
    folder_close(run);
    scratch_free(&scratch);
}

START_TEST(run_json_is_written_without_links)
{
    static const int reasons[] = {EPERM, EINVAL, ENOSYS, EOPNOTSUPP};
    const struct runfile_field fields[] = {{"version", "1"}, {"model", "abc"}};
    const struct runfile_field others[] = {{"version", "2"}, {"model", "abc"}};
    missing = reasons[_i];
    ck_assert_msg(runfile_agree(run, "run.json", fields, 2, &error) == RUNFILE_CREATED, "%s",
                  error.text);
    ck_assert_int_eq(runfile_agree(run, "run.json", fields, 2, &error), RUNFILE_SAME);
    ck_assert_int_eq(runfile_agree(run, "run.json", others, 2, &error), RUNFILE_DIFFERS);
}
END_TEST

START_TEST(a_lock_without_locks)
{
    static const int reasons[] = {ENOSYS, ENOLCK, EOPNOTSUPP, EINVAL};
    struct lock *lock, *other;
    missing = reasons[_i];
    char *path = scratch_path(&scratch, "lock");
    ck_assert_msg(lock_take(run, "lock", 0, &lock, &error) == LOCK_TAKEN, "%s", error.text);
    lock_release(lock);

    /* A holder that does not beat is stale. */
    FILE *file = fopen(path, "w");
    fputs("elsewhere 17 boot 2026-01-01T00:00:00Z 5\n", file);
    fclose(file);
    ck_assert_int_eq(lock_take(run, "lock", 1, &other, &error), LOCK_TAKEN);
    lock_release(other);
    free(path);
}
END_TEST

START_TEST(an_error_that_is_not_a_missing_call_is_one)
{
    struct lock *lock;
    missing = EIO;
    ck_assert_int_eq(lock_take(run, "lock", 0, &lock, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("primitives");
    TCase *tests = tcase_create("primitives");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, run_json_is_written_without_links, 0, 4);
    tcase_add_loop_test(tests, a_lock_without_locks, 0, 4);
    tcase_add_test(tests, an_error_that_is_not_a_missing_call_is_one);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
