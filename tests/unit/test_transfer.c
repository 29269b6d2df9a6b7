/* Copies by a command of the user's: names, failures, retries, stopping, what a process inherits. */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/error.h"
#include "jobs/transfer.h"
#include "scratch.h"

static struct scratch scratch;

static void set_up(void)
{
    scratch = scratch_new();
}

static void tear_down(void)
{
    scratch_free(&scratch);
}

/* What a test says and sees. */
struct watch {
    double stop_at; /* of clock_now; 0: never */
    int failed;
};

static bool stopping(void *context)
{
    const struct watch *watch = context;
    return watch->stop_at > 0 && clock_now() >= watch->stop_at;
}

static void failed(void *context, const struct error *error)
{
    struct watch *watch = context;
    ck_assert_int_eq(error->code, ERROR_IO);
    watch->failed++;
}

static int run(const char *text, const struct transfer_copy *copy, int retries, struct watch *watch,
               struct error *error)
{
    struct transfer_command command;
    const struct transfer_patience patience = {retries, stopping, failed, watch};
    ck_assert_msg(transfer_parse(&command, "--get", text, error) == 0, "%s", error->text);
    int status = transfer_run(&command, copy, &patience, error);
    transfer_free(&command);
    return status;
}

/* Copies `source` to `destination`, names in the folder, at the first attempt. */
static void expect_copy(const char *text, const char *source, const char *destination)
{
    struct error error = {0};
    struct watch watch = {0};
    char *from = scratch_path(&scratch, source);
    char *to = scratch_path(&scratch, destination);
    ck_assert_msg(run(text, &(struct transfer_copy){from, to, true}, 0, &watch, &error) == 0, "%s",
                  error.text);
    char *copied = scratch_read(&scratch, destination);
    ck_assert_str_eq(copied, source);
    free(copied);
    free(from);
    free(to);
}

START_TEST(names_are_one_word_whatever_they_hold)
{
    const char *const names[] = {"plain",       "two  words", "quote'",    "double\"quote",
                                 "$HOME `id`",  "new\nline",  "-n",        "back\\slash",
                                 "* ?",         "{}",         "a;false",   "caf\303\251",
                                 "bad\377utf8", "$1",         "$(touch x)"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scratch_write(&scratch, names[i], names[i]);
        expect_copy("cp {} {}", names[i], "copy");
        expect_copy("cp -- {} {} && true # it is done", names[i], "copy of\n$x 'y");
        expect_copy("cat <\"$1\" >\"$2\"", names[i], "copy");
        expect_copy("cat > ${2} < \"${1%%zz}\" || exit 7", names[i], "copy");
        expect_copy("sh -c 'cp -- \"$0\" \"$1\"' {} {}", names[i], "copy");
    }
}
END_TEST

START_TEST(the_first_name_is_the_source)
{
    scratch_write(&scratch, "a", "a");
    expect_copy("test \"$#\" = 2 && cp {} {}", "a", "b");
}
END_TEST

static void expect_refused(const char *text, const char *word)
{
    struct error error = {0};
    struct transfer_command command;
    ck_assert_int_eq(transfer_parse(&command, "--put", text, &error), -1);
    ck_assert_int_eq(error.code, ERROR_USAGE);
    ck_assert_msg(strstr(error.text, "--put"), "%s", error.text);
    ck_assert_msg(strstr(error.text, word), "%s", error.text);
    ck_assert_ptr_null(command.script);
}

START_TEST(templates_are_checked)
{
    expect_refused("", "no {}");
    expect_refused("aws s3 cp", "no {}");
    expect_refused("cp {}", "once");
    expect_refused("cp {} {} {}", "more than twice");
    expect_refused("{}{}{}{}{}{}{}{}{}{}{}{}", "more than twice");
    expect_refused("cp '{}' {}", "quotes");
    expect_refused("cp {} \"{}\"", "quotes");
    expect_refused("cp \"$1\" x", "no {}");
    struct error error = {0};
    struct transfer_command command;
    ck_assert_int_eq(transfer_parse(&command, "--put", "cp \\' {} \\\" \"'\" {}", &error), 0);
    transfer_free(&command);
}
END_TEST

/* A command that notes each attempt, and succeeds after so many. */
static const char succeeds_at_third[] = "echo x >>\"$1\".tries; test $(wc -l <\"$1\".tries) -ge 3 "
                                        "|| { echo half >\"$2\"; echo not yet >&2; exit 9; }; "
                                        "cp \"$1\" \"$2\"";

START_TEST(it_is_tried_again)
{
    struct error error = {0};
    struct watch watch = {0};
    scratch_write(&scratch, "a", "text of a");
    char *from = scratch_path(&scratch, "a");
    char *to = scratch_path(&scratch, "b");
    const struct transfer_copy copy = {from, to, true};
    ck_assert_msg(run(succeeds_at_third, &copy, 3, &watch, &error) == 0, "%s", error.text);
    ck_assert_int_eq(watch.failed, 2);
    char *copied = scratch_read(&scratch, "b");
    ck_assert_str_eq(copied, "text of a");
    free(copied);
    free(from);
    free(to);
}
END_TEST

START_TEST(at_last_it_fails_and_leaves_nothing)
{
    struct error error = {0};
    struct watch watch = {0};
    scratch_write(&scratch, "a", "text of a");
    char *from = scratch_path(&scratch, "a");
    char *to = scratch_path(&scratch, "b");
    const struct transfer_copy copy = {from, to, true};
    ck_assert_int_eq(run(succeeds_at_third, &copy, 1, &watch, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_int_eq(watch.failed, 1);
    ck_assert_int_ne(access(to, F_OK), 0);
    ck_assert_msg(strstr(error.text, "--get: cannot copy '"), "%s", error.text);
    ck_assert_msg(strstr(error.text, "status 9: not yet (tried 2 times)"), "%s", error.text);
    free(from);
    free(to);
}
END_TEST

static void expect_failure(const char *text, bool to_file, const char *words)
{
    struct error error = {0};
    struct watch watch = {0};
    char *to = scratch_path(&scratch, "made");
    const struct transfer_copy copy = {"s3://b/x.tar", to, to_file};
    ck_assert_int_eq(run(text, &copy, 0, &watch, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_msg(strstr(error.text, words), "%s", error.text);
    ck_assert_ptr_null(strchr(error.text, '\n'));
    free(to);
}

START_TEST(failures_say_why)
{
    expect_failure(": {} {}", true, "no file was made, with status 0");
    expect_failure("mkdir \"$2\" # $1", true, "no file was made");
    rmdir("made");
    expect_failure("exit 3; {} {}", false, "status 3");
    expect_failure("no-such-program-here {} {}", false, "not found");
    expect_failure("no-such-program-here {} {}", false, "status 127");
    expect_failure("kill -9 $$; {} {}", false, "signal 9");
    expect_failure("printf 'one\\ntwo: 10%%\\r20%%\\rgone wrong \\n\\n \\r\\n'; exit 1; {} {}",
                   false, "status 1: gone wrong");
    expect_failure("seq 100000; echo last >&2; exit 1; {} {}", false, "status 1: last");
    expect_failure("if; {} {}", false, "status 2: sh:");
}
END_TEST

START_TEST(a_file_that_was_there_does_not_count)
{
    scratch_write(&scratch, "made", "of old");
    expect_failure(": {} {}", true, "no file was made");
}
END_TEST

/* The process whose number is in a file of the folder ends soon. It may stay a zombie, if nobody
 * takes it over. */
static void expect_gone(const char *name)
{
    char *pid = scratch_read(&scratch, name);
    bool gone = false;
    ck_assert_int_gt(atoi(pid), 0);
    for (int i = 0; !gone && i < 500; i++) {
        char path[64], state[256] = "";
        snprintf(path, sizeof path, "/proc/%d/stat", atoi(pid));
        FILE *file = fopen(path, "r");
        gone = !file || fread(state, 1, sizeof state - 1, file) == 0 || strstr(state, ") Z ");
        if (file)
            fclose(file);
        if (!gone)
            usleep(10000);
    }
    ck_assert(gone);
    free(pid);
}

/* The command is told to stop after 0.3 s. It ends within some seconds, with its processes, and
 * leaves no file. */
static void expect_stopped(const char *text, double within)
{
    struct error error = {0};
    struct watch watch = {.stop_at = clock_now() + 0.3};
    char *pid_file = scratch_path(&scratch, "pid");
    char *to = scratch_path(&scratch, "made");
    const struct transfer_copy copy = {pid_file, to, true};
    double before = clock_now();
    unlink(pid_file);
    ck_assert_int_eq(run(text, &copy, 100, &watch, &error), -1);
    ck_assert_int_eq(error.code, ERROR_STOPPED);
    ck_assert(clock_now() - before < within);
    ck_assert_int_ne(access(to, F_OK), 0);
    if (access(pid_file, F_OK) == 0)
        expect_gone("pid");
    free(pid_file);
    free(to);
}

START_TEST(stopping_ends_the_whole_group)
{
    expect_stopped("echo half >\"$2\"; sleep 1000 & echo $! >\"$1\"; wait", 20);
    expect_stopped("trap '' TERM; echo half >\"$2\"; echo $$ >\"$1\"; sleep 1000; sleep 1000", 60);
    expect_stopped("exec >/dev/null 2>&1; echo $$ >\"$1\"; echo half >\"$2\"; sleep 1000", 20);
    expect_stopped("false {} {}", 20); /* while it waits for the next attempt */
}
END_TEST

START_TEST(once_stopped_nothing_begins)
{
    struct error error = {0};
    struct watch watch = {.stop_at = 1e-9};
    char *to = scratch_path(&scratch, "made");
    const struct transfer_copy copy = {"x", to, false};
    ck_assert_int_eq(run("touch \"$2\" # $1", &copy, 3, &watch, &error), -1);
    ck_assert_int_eq(error.code, ERROR_STOPPED);
    ck_assert_int_ne(access(to, F_OK), 0);
    free(to);
}
END_TEST

/* What a failed attempt has started ends with it. */
START_TEST(a_failed_attempt_leaves_no_process)
{
    struct error error = {0};
    struct watch watch = {0};
    char *pid_file = scratch_path(&scratch, "pid");
    const struct transfer_copy copy = {"x", pid_file, false};
    ck_assert_int_eq(run("sleep 1000 & echo $! >\"$2\"; exit 1 # $1", &copy, 0, &watch, &error),
                     -1);
    expect_gone("pid");
    free(pid_file);
}
END_TEST

/* Descriptors, signals, terminal, standard input: nothing of this program's reaches the command. */
START_TEST(a_command_inherits_nothing)
{
    struct error error = {0};
    struct watch watch = {0};
    char *to = scratch_path(&scratch, "made");
    const struct transfer_copy copy = {"x", to, true};
    int leak = open("/dev/null", O_RDONLY); /* not closed on exec */
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGPIPE, SIG_IGN);
    const char *const text =
        "read line; i=3; while [ $i -lt 100 ]; do [ -e /proc/$$/fd/$i ] && open=$i; i=$((i+1)); "
        "done; echo descriptors $open >\"$2\"; while read name value; do case $name in "
        "SigBlk:) echo blocked $((0x$value));; SigIgn:) echo pipe $((0x$value & 0x1000));; esac; "
        "done </proc/$$/status >>\"$2\"; (: </dev/tty) 2>/dev/null && echo terminal >>\"$2\"; "
        ": $1";
    ck_assert_msg(run(text, &copy, 0, &watch, &error) == 0, "%s", error.text);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(leak);
    char *said = scratch_read(&scratch, "made");
    ck_assert_str_eq(said, "descriptors\nblocked 0\npipe 0\n");
    free(said);
    free(to);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("transfer");
    TCase *tests = tcase_create("transfer");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, names_are_one_word_whatever_they_hold);
    tcase_add_test(tests, the_first_name_is_the_source);
    tcase_add_test(tests, templates_are_checked);
    tcase_add_test(tests, it_is_tried_again);
    tcase_add_test(tests, at_last_it_fails_and_leaves_nothing);
    tcase_add_test(tests, failures_say_why);
    tcase_add_test(tests, a_file_that_was_there_does_not_count);
    tcase_add_test(tests, stopping_ends_the_whole_group);
    tcase_add_test(tests, once_stopped_nothing_begins);
    tcase_add_test(tests, a_failed_attempt_leaves_no_process);
    tcase_add_test(tests, a_command_inherits_nothing);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
