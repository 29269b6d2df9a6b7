/* Locks and run files: who is first, what is stale, what differs. */
#include "unit.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/machine.h"
#include "jobs/lock.h"
#include "jobs/runfile.h"
#include "scratch.h"

static struct scratch scratch;
static struct folder *run;
static char *path;

static void set_up(void)
{
    scratch = scratch_new();
    run = scratch_folder(&scratch);
    path = scratch_path(&scratch, "lock");
}

static void tear_down(void)
{
    free(path);
    folder_close(run);
    scratch_free(&scratch);
}

/* A child that takes the lock, says so and holds it until it is killed. */
static pid_t holder(void)
{
    int ready[2];
    char byte = 0;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        struct lock *lock;
        byte = lock_take(run, "lock", 0, &lock, &error) == LOCK_TAKEN ? 'y' : 'n';
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    close(ready[0]);
    close(ready[1]);
    return child;
}

START_TEST(a_held_lock_names_its_holder_and_dies_with_it)
{
    struct error error = {0};
    struct lock *lock;
    char pid[32];
    pid_t child = holder();
    ck_assert_int_eq(lock_take(run, "lock", 0, &lock, &error), LOCK_HELD);
    ck_assert_ptr_null(lock);
    snprintf(pid, sizeof pid, "pid %d on host ", child);
    ck_assert_msg(strstr(error.text, pid), "%s", error.text);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_msg(lock_take(run, "lock", 0, &lock, &error) == LOCK_TAKEN, "%s", error.text);
    lock_release(lock);
    char *text = scratch_read(&scratch, "lock");
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(a_lock_of_a_silent_foreign_host_is_taken_over)
{
    struct error error = {0};
    struct lock *lock;
    scratch_write(&scratch, "lock", "elsewhere 12 boot 2026-01-01T00:00:00Z 7\n");
    ck_assert_int_eq(lock_take(run, "lock", 1, &lock, &error), LOCK_TAKEN);
    lock_release(lock);
    scratch_write(&scratch, "lock", "no line of ours");
    ck_assert_int_eq(lock_take(run, "lock", 1, &lock, &error), LOCK_TAKEN);
    lock_release(lock);
}
END_TEST

/* Writes the line of a holder on a machine, with a beat that moves, until it is killed. */
static pid_t beating(const char *name, const char *boot)
{
    const char *line = "%s 12 %s 2026-01-01T00:00:00Z %d\n";
    char text[512];
    snprintf(text, sizeof text, line, name, boot, 10);
    scratch_write(&scratch, "lock", text);
    pid_t child = fork();
    for (int beat = 11; child == 0; beat++) {
        usleep(300000);
        snprintf(text, sizeof text, line, name, boot, beat);
        FILE *file = fopen(path, "r+");
        if (beat == 99 || !file || fputs(text, file) < 0 || fclose(file))
            _exit(1);
    }
    return child;
}

START_TEST(a_lock_of_a_foreign_host_that_beats_is_held)
{
    struct error error = {0};
    struct lock *lock;
    pid_t child = beating("elsewhere", "boot");
    ck_assert_int_eq(lock_take(run, "lock", 20, &lock, &error), LOCK_HELD);
    ck_assert_msg(strstr(error.text, "elsewhere"), "%s", error.text);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
END_TEST

/* Two machines made from one image have one name. */
START_TEST(a_clone_of_this_machine_that_beats_holds_its_lock)
{
    struct error error = {0};
    struct lock *lock;
    struct machine self;
    machine_self(&self);
    pid_t child = beating(self.name, "0f0e0d0c-0000-4000-8000-000000000000");
    ck_assert_int_eq(lock_take(run, "lock", 20, &lock, &error), LOCK_HELD);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}
END_TEST

START_TEST(a_lock_that_cannot_be_opened_is_an_error)
{
    struct error error = {0};
    struct lock *lock;
    ck_assert_int_eq(lock_take(run, "missing/lock", 0, &lock, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    lock_release(NULL);
}
END_TEST

static const struct runfile_field fields[] = {
    {"version", "1"}, {"model_sha256", "abc"}, {"points", "32"}};

START_TEST(a_run_file_is_agreed_upon_or_differs_by_name)
{
    struct error error = {0};
    ck_assert_int_eq(runfile_agree(run, "run.json", fields, 3, &error), RUNFILE_CREATED);
    ck_assert_int_eq(runfile_agree(run, "run.json", fields, 3, &error), RUNFILE_SAME);
    const struct runfile_field changed[] = {
        {"version", "1"}, {"model_sha256", "abd"}, {"more", ""}};
    ck_assert_int_eq(runfile_agree(run, "run.json", changed, 3, &error), RUNFILE_DIFFERS);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_msg(strstr(error.text, "model_sha256 was abc and is now abd"), "%s", error.text);
    ck_assert_msg(strstr(error.text, "points is no longer there"), "%s", error.text);
    ck_assert_msg(strstr(error.text, "more is new"), "%s", error.text);
    ck_assert_ptr_null(strstr(error.text, "version"));
    ck_assert_int_eq(runfile_replace(run, "run.json", changed, 3, &error), 0);
    ck_assert_int_eq(runfile_agree(run, "run.json", changed, 3, &error), RUNFILE_SAME);

    const char *foreign[] = {"", "[]", "{\"version\":\"1\"", "text"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        scratch_write(&scratch, "run.json", foreign[i]);
        ck_assert_int_eq(runfile_agree(run, "run.json", fields, 3, &error), -1);
        ck_assert_int_eq(error.code, ERROR_USAGE);
    }
    ck_assert_int_eq(runfile_agree(run, "run.json/run.json", fields, 3, &error), -1);
}
END_TEST

START_TEST(a_run_file_is_read_and_changed)
{
    struct error error = {0};
    struct runfile_list list = {0};
    ck_assert_int_eq(runfile_replace(run, "run.json", fields, 3, &error), 0);
    ck_assert_int_eq(runfile_read(run, "run.json", &list, &error), 0);
    ck_assert_uint_eq(list.count, 3);
    ck_assert_str_eq(list.fields[2].name, "points");
    ck_assert_str_eq(runfile_value(&list, "model_sha256"), "abc");
    ck_assert_ptr_null(runfile_value(&list, "model"));
    ck_assert_int_eq(runfile_set(&list, "version", "2", &error), 0);
    ck_assert_int_eq(runfile_set(&list, "model", "x", &error), 0);
    ck_assert_uint_eq(list.count, 4);
    ck_assert_str_eq(runfile_value(&list, "version"), "2");
    ck_assert_str_eq(runfile_value(&list, "model"), "x");
    runfile_free(&list);

    const char *foreign[] = {"", "[]", "{\"version\": 1}", "{\"a\": \"1\", \"b\": null}"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        scratch_write(&scratch, "run.json", foreign[i]);
        ck_assert_int_eq(runfile_read(run, "run.json", &list, &error), -1);
        ck_assert_int_eq(error.code, ERROR_USAGE);
        ck_assert_uint_eq(list.count, 0);
        ck_assert_ptr_null(list.fields);
    }
    ck_assert_int_eq(runfile_read(run, "missing.json", &list, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
}
END_TEST

START_TEST(of_many_that_start_at_once_one_creates_the_file)
{
    enum { STARTERS = 8 };
    int created = 0;
    int same = 0;
    for (int i = 0; i < STARTERS; i++)
        if (fork() == 0) {
            struct error error;
            _exit(10 + runfile_agree(run, "run.json", fields, 3, &error));
        }
    for (int i = 0; i < STARTERS; i++) {
        int status;
        wait(&status);
        created += WEXITSTATUS(status) == 10 + RUNFILE_CREATED;
        same += WEXITSTATUS(status) == 10 + RUNFILE_SAME;
    }
    ck_assert_int_eq(created, 1);
    ck_assert_int_eq(same, STARTERS - 1);
    DIR *directory = opendir(scratch.path);
    int entries = 0;
    while (readdir(directory))
        entries++;
    closedir(directory);
    ck_assert_int_eq(entries, 3); /* with . and .. */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lock");
    TCase *cases = tcase_create("lock");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, a_held_lock_names_its_holder_and_dies_with_it);
    tcase_add_test(cases, a_lock_of_a_silent_foreign_host_is_taken_over);
    tcase_add_test(cases, a_lock_of_a_foreign_host_that_beats_is_held);
    tcase_add_test(cases, a_clone_of_this_machine_that_beats_holds_its_lock);
    tcase_add_test(cases, a_lock_that_cannot_be_opened_is_an_error);
    tcase_add_test(cases, a_run_file_is_agreed_upon_or_differs_by_name);
    tcase_add_test(cases, a_run_file_is_read_and_changed);
    tcase_add_test(cases, of_many_that_start_at_once_one_creates_the_file);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
