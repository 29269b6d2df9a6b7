/* Fetching ahead: order, room on the disk, objects that are not needed, failures, ends at any moment;
 * and the thread that works off tasks. */
#include "unit.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "base/atomic_name.h"
#include "base/error.h"
#include "base/folder.h"
#include "jobs/background.h"
#include "jobs/prefetch.h"
#include "jobs/prefetch_folder.h"
#include "scratch.h"

static struct scratch scratch;
static struct folder *spool;

static void set_up(void)
{
    scratch = scratch_new();
    spool = scratch_folder(&scratch);
}

static void tear_down(void)
{
    folder_close(spool);
    scratch_free(&scratch);
}

static bool stopping(void *context)
{
    return atomic_load((atomic_bool *)context);
}

/* "b" is not needed, "odd" fails, and "slow" is looked at until it is to end. */
static int look_at(void *context, struct prefetch_file *file,
                   const struct transfer_patience *patience, struct error *error)
{
    (void)context;
    if (strcmp(file->name, "odd") == 0)
        return error_set(error, ERROR_USAGE, "odd object");
    while (strcmp(file->name, "slow") == 0 && !patience->stopping(patience->context))
        usleep(10000);
    return strcmp(file->name, "b") != 0;
}

static struct transfer_command command;
static atomic_bool stop;

static struct prefetch *open_prefetch(const char *text, size_t ahead)
{
    struct error error = {0};
    atomic_store(&stop, false);
    ck_assert_msg(transfer_parse(&command, "--get", text, &error) == 0, "%s", error.text);
    const struct prefetch_options options = {
        .get = &command,
        .patience = {.retries = 1, .stopping = stopping, .context = &stop},
        .spool = spool,
        .ahead = ahead,
        .needed = look_at};
    struct prefetch *prefetch = prefetch_new(&options, &error);
    ck_assert_msg(prefetch, "%s", error.text);
    return prefetch;
}

static void ask(struct prefetch *prefetch, const char *name)
{
    struct error error = {0};
    ck_assert(prefetch_has_room(prefetch));
    ck_assert_msg(prefetch_ask(prefetch, name, NULL, &error) == 0, "%s", error.text);
}

/* The number of names in a folder of the scratch folder; -1 if it is not there. */
static int count_names(const char *name)
{
    struct error error;
    DIR *folder = folder_list(spool, name, &error);
    int count = 0;
    if (!folder)
        return -1;
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static int count_files(void)
{
    char text[ATOMIC_WRITER_TEXT], name[ATOMIC_WRITER_TEXT + 8];
    struct atomic_writer self = atomic_writer_self();
    atomic_writer_text(&self, text);
    snprintf(name, sizeof name, "in/%s", text);
    return count_names(name);
}

/* Takes the next file, which must hold its name, and ends it. */
static void expect_ready(struct prefetch *prefetch, const char *name)
{
    struct prefetch_file *file = prefetch_take(prefetch);
    char text[64] = "";
    ck_assert_ptr_nonnull(file);
    ck_assert_msg(file->state == PREFETCH_READY, "%s", file->error.text);
    ck_assert_str_eq(file->name, name);
    ck_assert_int_eq(file->path[0], '/');
    FILE *stream = fopen(file->path, "rb");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, stream), 0);
    fclose(stream);
    ck_assert_str_eq(text, name);
    prefetch_end(prefetch, file);
}

START_TEST(files_come_in_the_order_of_asking)
{
    struct prefetch *prefetch = open_prefetch("printf %s {} >{}", 2);
    ck_assert_ptr_null(prefetch_take(prefetch));
    ask(prefetch, "a");
    ask(prefetch, "it's $c; \n");
    ask(prefetch, "d");
    ck_assert(!prefetch_has_room(prefetch));
    expect_ready(prefetch, "a");
    ask(prefetch, "e");
    ck_assert(!prefetch_has_room(prefetch));
    expect_ready(prefetch, "it's $c; \n");
    expect_ready(prefetch, "d");
    expect_ready(prefetch, "e");
    ck_assert_ptr_null(prefetch_take(prefetch));
    ck_assert_int_eq(count_files(), 0);
    prefetch_free(prefetch, NULL);
    ck_assert_int_eq(count_names("in"), 0);
    transfer_free(&command);
}
END_TEST

START_TEST(what_is_not_needed_is_not_fetched)
{
    struct prefetch *prefetch = open_prefetch("printf %s {} >{}", 3);
    ask(prefetch, "b");
    ask(prefetch, "odd");
    ask(prefetch, "a");
    struct prefetch_file *file = prefetch_take(prefetch);
    ck_assert_int_eq(file->state, PREFETCH_NEEDLESS);
    ck_assert_int_ne(access(file->path, F_OK), 0);
    prefetch_end(prefetch, file);
    file = prefetch_take(prefetch);
    ck_assert_int_eq(file->state, PREFETCH_FAILED);
    ck_assert_int_eq(file->error.code, ERROR_USAGE);
    prefetch_end(prefetch, file);
    expect_ready(prefetch, "a");
    prefetch_free(prefetch, NULL);
    transfer_free(&command);
}
END_TEST

START_TEST(a_failure_is_of_one_file)
{
    struct prefetch *prefetch = open_prefetch("test \"$1\" != bad && printf %s \"$1\" >\"$2\"", 2);
    ask(prefetch, "bad");
    ask(prefetch, "good");
    struct prefetch_file *file = prefetch_take(prefetch);
    ck_assert_int_eq(file->state, PREFETCH_FAILED);
    ck_assert_int_eq(file->error.code, ERROR_IO);
    ck_assert_msg(strstr(file->error.text, "tried 2 times"), "%s", file->error.text);
    prefetch_end(prefetch, file);
    expect_ready(prefetch, "good");
    prefetch_free(prefetch, NULL);
    transfer_free(&command);
}
END_TEST

static void count(void *tag)
{
    ++*(int *)tag;
}

START_TEST(it_can_end_at_any_moment)
{
    int forgotten = 0;
    struct error error = {0};
    struct prefetch *prefetch = open_prefetch("echo >\"$2\"; sleep 1000; : \"$1\"", 2);
    ck_assert_int_eq(prefetch_ask(prefetch, "a", &forgotten, &error), 0);
    ck_assert_int_eq(prefetch_ask(prefetch, "c", &forgotten, &error), 0);
    usleep(200000);
    prefetch_free(prefetch, count);
    ck_assert_int_eq(forgotten, 2);
    ck_assert_int_eq(count_names("in"), 0);
    transfer_free(&command);
}
END_TEST

START_TEST(it_can_end_while_an_object_is_looked_at)
{
    struct prefetch *prefetch = open_prefetch("printf %s {} >{}", 2);
    ask(prefetch, "slow");
    ask(prefetch, "a");
    prefetch_free(prefetch, NULL);
    transfer_free(&command);
}
END_TEST

START_TEST(a_stop_fails_what_is_left)
{
    struct prefetch *prefetch = open_prefetch("sleep 1000; : {} {}", 2);
    ask(prefetch, "a");
    ask(prefetch, "c");
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++) {
        struct prefetch_file *file = prefetch_take(prefetch);
        ck_assert_int_eq(file->state, PREFETCH_FAILED);
        ck_assert_int_eq(file->error.code, ERROR_STOPPED);
        prefetch_end(prefetch, file);
    }
    prefetch_free(prefetch, NULL);
    transfer_free(&command);
}
END_TEST

/* A writer of this machine that is gone, and one of another machine, which may live. */
START_TEST(folders_of_the_dead_are_removed)
{
    struct error error = {0};
    char name[128], text[ATOMIC_WRITER_TEXT];
    struct atomic_writer gone = atomic_writer_self(), other = gone, known;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    gone.pid = child;
    other.host ^= 1;
    known = other;
    known.pid++;
    const struct atomic_writer all[] = {gone, other, known};
    for (int i = 0; i < 3; i++) {
        atomic_writer_text(&all[i], text);
        snprintf(name, sizeof name, "in/%s/7", text);
        scratch_write(&scratch, name, "left");
        snprintf(name, sizeof name, "in/%s/.7.aB3", text);
        scratch_write(&scratch, name, "left");
    }
    scratch_write(&scratch, "in/notes/a", "mine");
    char *path = prefetch_folder_make(spool, &known, 1, &error);
    ck_assert_msg(path, "%s", error.text);
    free(path);
    ck_assert_int_eq(count_names("in"), 3); /* notes, the other machine's, its own */
    ck_assert_int_eq(count_names("in/notes"), 1);
    ck_assert_int_eq(count_files(), 0);
    prefetch_folder_remove(spool);
    ck_assert_int_eq(count_names("in"), 2);
}
END_TEST

/* The tasks that were done. */
struct done {
    int numbers[100];
    int count;
};

static void note(void *context, void *task)
{
    struct done *done = context;
    done->numbers[done->count++] = *(int *)task;
}

START_TEST(tasks_are_done_in_order_and_all_of_them)
{
    struct error error = {0};
    struct done done = {.count = 0};
    int numbers[100];
    struct background *background = background_new(2, note, &done, &error);
    ck_assert_ptr_nonnull(background);
    for (int i = 0; i < 100; i++) {
        numbers[i] = i;
        background_give(background, &numbers[i]);
    }
    background_free(background);
    background_free(NULL);
    ck_assert_int_eq(done.count, 100);
    ck_assert_mem_eq(done.numbers, numbers, sizeof numbers);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prefetch");
    TCase *tests = tcase_create("prefetch");
    tcase_set_timeout(tests, 0);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, files_come_in_the_order_of_asking);
    tcase_add_test(tests, what_is_not_needed_is_not_fetched);
    tcase_add_test(tests, a_failure_is_of_one_file);
    tcase_add_test(tests, it_can_end_at_any_moment);
    tcase_add_test(tests, it_can_end_while_an_object_is_looked_at);
    tcase_add_test(tests, a_stop_fails_what_is_left);
    tcase_add_test(tests, folders_of_the_dead_are_removed);
    tcase_add_test(tests, tasks_are_done_in_order_and_all_of_them);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
