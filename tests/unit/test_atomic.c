/* Atomic files: complete or absent, left-overs recognised and cleaned, folders synced in batches.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/atomic_clean.h"
#include "base/atomic_name.h"
#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/machine.h"
#include "base/read_file.h"
#include "tests/unit/unit.h"

static char root[] = "/tmp/maskmill-atomic-XXXXXX";
static struct folder *top; /* root */
static struct error error;

static const char *in_root(const char *name)
{
    static char path[2][1024];
    static int turn;
    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", root, name);
    return path[turn];
}

static void expect_content(const char *name, const char *content)
{
    char *bytes;
    size_t size;
    ck_assert_int_eq(read_file(in_root(name), 1 << 20, &bytes, &size, &error), 0);
    ck_assert_str_eq(bytes, content);
    free(bytes);
}

static bool exists(const char *name)
{
    struct stat status;
    return lstat(in_root(name), &status) == 0;
}

static void touch(const char *name)
{
    int fd = open(in_root(name), O_WRONLY | O_CREAT, 0666);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static size_t temporaries;

static int count_temporary(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    struct atomic_writer writer;
    (void)status;
    (void)type;
    temporaries += atomic_is_temporary(path + walk->base, &writer);
    return 0;
}

/* Temporary files under the test's folder. */
static size_t left_over(void)
{
    temporaries = 0;
    ck_assert_int_eq(nftw(root, count_temporary, 8, FTW_PHYS), 0);
    return temporaries;
}

START_TEST(writes_and_replaces)
{
    ck_assert_int_eq(atomic_write(top, "a/b/c/file.json", "first", 5, NULL, &error), 0);
    expect_content("a/b/c/file.json", "first");
    ck_assert_int_eq(atomic_write(top, "a/b/c/file.json", "", 0, NULL, &error), 0);
    expect_content("a/b/c/file.json", "");
    ck_assert_uint_eq(left_over(), 0);
}
END_TEST

START_TEST(appends_pieces)
{
    struct atomic_file file;
    enum { PIECE = 1000, PIECES = 200, LARGE = ATOMIC_BUFFER + 17 };
    char piece[PIECE];
    static char large[LARGE];
    memset(large, 'L', sizeof large);
    ck_assert_int_eq(atomic_open(&file, top, "pieces", &error), 0);
    for (int i = 0; i < PIECES; i++) {
        memset(piece, 'a' + i % 26, sizeof piece);
        ck_assert_int_eq(atomic_append(&file, piece, sizeof piece, &error), 0);
    }
    ck_assert_int_eq(atomic_append(&file, large, sizeof large, &error), 0);
    ck_assert(!exists("pieces"));
    ck_assert_int_eq(atomic_commit(&file, NULL, &error), 0);
    atomic_abandon(&file);

    char *bytes;
    size_t size;
    ck_assert_int_eq(read_file(in_root("pieces"), 1 << 20, &bytes, &size, &error), 0);
    ck_assert_uint_eq(size, PIECE * PIECES + LARGE);
    for (size_t i = 0; i < PIECE * PIECES; i++)
        ck_assert_int_eq(bytes[i], 'a' + (int)(i / PIECE) % 26);
    ck_assert_int_eq(memcmp(bytes + PIECE * PIECES, large, LARGE), 0);
    free(bytes);
}
END_TEST

START_TEST(abandons_without_trace)
{
    struct atomic_file file;
    ck_assert_int_eq(atomic_write(top, "kept", "old", 3, NULL, &error), 0);
    ck_assert_int_eq(atomic_open(&file, top, "kept", &error), 0);
    ck_assert_int_eq(atomic_append(&file, "new", 3, &error), 0);
    atomic_abandon(&file);
    expect_content("kept", "old");
    ck_assert_uint_eq(left_over(), 0);
}
END_TEST

START_TEST(keeps_errno)
{
    touch("plain");
    ck_assert_int_eq(atomic_write(top, "plain/below", "x", 1, NULL, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_int_eq(error.system, ENOTDIR);
    ck_assert_int_eq(mkdir(in_root("folder"), 0777), 0);
    ck_assert_int_eq(atomic_write(top, "folder", "x", 1, NULL, &error), -1);
    ck_assert_int_eq(error.system, EISDIR);
    ck_assert_uint_eq(left_over(), 0);
}
END_TEST

START_TEST(takes_the_longest_names)
{
    char name[256];
    memset(name, 'n', 255);
    name[255] = 0;
    ck_assert_int_eq(atomic_write(top, name, "long", 4, NULL, &error), 0);
    expect_content(name, "long");
}
END_TEST

START_TEST(recognises_its_names)
{
    const struct atomic_writer writer = {0xAB12u, 4711, 0xC0FFEEu};
    struct atomic_writer found;
    char text[ATOMIC_WRITER_TEXT];
    char *path = atomic_temporary_name("some/folder/photo.v2.json", &writer, 3);
    ck_assert_str_eq(path, "some/folder/.photo.v2.json.0000ab12.4711.00c0ffee.3.maskmill-tmp");
    ck_assert(atomic_is_temporary(strrchr(path, '/') + 1, &found));
    ck_assert(atomic_writer_equal(&writer, &found));
    free(path);
    atomic_writer_text(&writer, text);
    ck_assert_str_eq(text, "0000ab12.4711.00c0ffee");
    ck_assert(atomic_writer_parse(text, &found) && atomic_writer_equal(&writer, &found));
    static const char *const no_writers[] = {"",       "12",      "12.",  "12.3.",
                                             "12.0.5", "12.3.5.", "x.3.5"};
    for (size_t i = 0; i < sizeof no_writers / sizeof *no_writers; i++)
        ck_assert_msg(!atomic_writer_parse(no_writers[i], &found), "%s", no_writers[i]);
    static const char *const others[] = {".maskmill-tmp",
                                         "photo.json",
                                         "x.0000ab12.1.5.0.maskmill-tmp",
                                         ".x.maskmill-tmp",
                                         ".x.0000ab12.1.0.maskmill-tmp",
                                         ".x.0000ab12.1.5.0.maskmill-tmp.jpg",
                                         ".x.0000ab12.-5.5.0.maskmill-tmp",
                                         ".x.zzzz.5.5.0.maskmill-tmp",
                                         ".x.0000ab12.99999999999.5.0.maskmill-tmp",
                                         ".0000ab12.5.5.0.maskmill-tmp"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_msg(!atomic_is_temporary(others[i], &found), "%s", others[i]);
}
END_TEST

static void plant(const char *destination, struct atomic_writer writer, char name[256])
{
    char *path = atomic_temporary_name(destination, &writer, 0);
    snprintf(name, 256, "%s", path);
    touch(path);
    free(path);
}

/* A child that waits to be killed, and the writer that it would be. */
static pid_t waiting_child(struct atomic_writer *writer)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody waiting */
        *writer = atomic_writer_self();
        if (write(ends[1], writer, sizeof *writer) == (ssize_t)sizeof *writer)
            for (;;)
                pause();
        _exit(1);
    }
    ck_assert_int_eq(read(ends[0], writer, sizeof *writer), sizeof *writer);
    close(ends[0]);
    close(ends[1]);
    return child;
}

START_TEST(knows_who_is_gone)
{
    struct atomic_writer writer;
    pid_t child = waiting_child(&writer);
    ck_assert_int_eq(writer.pid, child);
    ck_assert_uint_eq(writer.host, atomic_writer_self().host);
    ck_assert(!atomic_writer_is_gone(&writer));
    if (writer.birth) { /* the PID of another process that is gone */
        writer.birth ^= 1;
        ck_assert(atomic_writer_is_gone(&writer));
        writer.birth ^= 1;
    }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert(atomic_writer_is_gone(&writer));
    writer.host++; /* nothing is known of other hosts */
    ck_assert(!atomic_writer_is_gone(&writer));
}
END_TEST

/* Machines made from one image have one name, but no two boots have one id. */
START_TEST(clones_are_told_apart)
{
    struct machine self;
    struct atomic_writer writer = atomic_writer_self();
    machine_self(&self);
    ck_assert_uint_eq(writer.host, atomic_writer_host(&self));
    struct machine clone = {0};
    snprintf(clone.name, sizeof clone.name, "%s", self.name);
    snprintf(clone.boot, sizeof clone.boot, "0f0e0d0c-0000-4000-8000-000000000000");
    ck_assert_uint_ne(writer.host, atomic_writer_host(&clone));
    writer.host = atomic_writer_host(&clone);
    writer.birth ^= 1; /* here no such process runs */
    ck_assert(!atomic_writer_is_gone(&writer));
}
END_TEST

START_TEST(cleans_what_the_dead_left)
{
    char dead[256], deep[256], own[256], alive[256], foreign[256], known[256], old[256];
    struct atomic_writer gone, living;
    pid_t child = waiting_child(&gone);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    child = waiting_child(&living);
    ck_assert_int_eq(atomic_make_folder(in_root("clean/deep/er"), &error), 0);
    plant("clean/deep/er/dead.json", gone, deep);
    plant("clean/dead.json", gone, dead);
    plant("clean/own.json", atomic_writer_self(), own);
    plant("clean/alive.json", living, alive);
    const struct atomic_writer elsewhere = {gone.host + 1, 1, 7};
    const struct atomic_writer known_dead = {gone.host + 1, 1, 8};
    plant("clean/foreign.json", elsewhere, foreign);
    plant("clean/known.json", known_dead, known);
    plant("clean/old.json", elsewhere, old);
    touch("clean/.hidden.json");
    const struct timespec two_days_ago[2] = {{time(NULL) - 2 * 86400, 0},
                                             {time(NULL) - 2 * 86400, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, in_root(old), two_days_ago, 0), 0);

    size_t removed;
    ck_assert_int_eq(atomic_clean_folder(top, "clean", &known_dead, 1, &removed, &error), 0);
    ck_assert_uint_eq(removed, 3);
    ck_assert(!exists(dead) && !exists(known) && !exists(old));
    ck_assert(exists(deep));
    ck_assert_int_eq(atomic_clean(top, &removed, &error), 0);
    ck_assert_uint_eq(removed, 1);
    ck_assert(!exists(deep));
    ck_assert(exists(own) && exists(alive) && exists(foreign) && exists("clean/.hidden.json"));
    ck_assert_int_eq(atomic_clean_folder(top, "never was", NULL, 0, &removed, &error), 0);
    ck_assert_uint_eq(removed, 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    atomic_clean_beside(in_root("clean/some.json"));
    ck_assert(exists(own) && !exists(alive));
    unlink(in_root(own));
    unlink(in_root(foreign));
}
END_TEST

START_TEST(batch_is_due)
{
    struct atomic_batch *batch = atomic_batch_new(3, 1000, &error);
    for (int i = 0; i < 3; i++) {
        ck_assert(!atomic_batch_due(batch));
        ck_assert_int_eq(atomic_write(top, "batch/x", "x", 1, batch, &error), 0);
    }
    ck_assert(atomic_batch_due(batch));
    ck_assert_int_eq(atomic_batch_flush(batch, &error), 0);
    ck_assert(!atomic_batch_due(batch));
    atomic_batch_free(batch);

    batch = atomic_batch_new(1000, 0, &error);
    ck_assert(!atomic_batch_due(batch));
    ck_assert_int_eq(atomic_write(top, "batch/y", "y", 1, batch, &error), 0);
    ck_assert(atomic_batch_due(batch));
    atomic_batch_free(batch);
}
END_TEST

/* A batch holds its folders open: what has their names meanwhile is nothing to it. */
START_TEST(batch_syncs_folders_that_moved)
{
    struct atomic_batch *batch = atomic_batch_new(1, 1000, &error);
    ck_assert_int_eq(atomic_write(top, "gone/x", "x", 1, batch, &error), 0);
    ck_assert_int_eq(rename(in_root("gone"), in_root("moved")), 0);
    ck_assert(atomic_batch_due(batch));
    ck_assert_int_eq(atomic_batch_flush(batch, &error), 0);
    ck_assert(!atomic_batch_due(batch));
    atomic_batch_free(batch);
}
END_TEST

START_TEST(batch_is_due_when_many_folders_wait)
{
    enum { FOLDERS = 128 };
    struct atomic_batch *batch = atomic_batch_new(1000, 1000, &error);
    for (int i = 0; i < FOLDERS + 2; i++) {
        char name[32];
        ck_assert_int_eq(atomic_batch_due(batch), i >= FOLDERS);
        snprintf(name, sizeof name, "many/%d/x", i);
        ck_assert_int_eq(atomic_write(top, name, "x", 1, batch, &error), 0);
    }
    ck_assert_int_eq(atomic_batch_flush(batch, &error), 0);
    ck_assert(!atomic_batch_due(batch));
    atomic_batch_free(batch);
}
END_TEST

START_TEST(replaces_a_link_and_not_what_it_leads_to)
{
    touch("victim");
    ck_assert_int_eq(symlink(in_root("victim"), in_root("linked")), 0);
    ck_assert_int_eq(atomic_write(top, "linked", "own", 3, NULL, &error), 0);
    expect_content("linked", "own");
    expect_content("victim", "");
    ck_assert_int_eq(mkdir(in_root("elsewhere"), 0777), 0);
    ck_assert_int_eq(symlink(in_root("elsewhere"), in_root("way")), 0);
    ck_assert_int_eq(atomic_write(top, "way/x", "x", 1, NULL, &error), -1);
    ck_assert_int_eq(error.system, ELOOP);
    ck_assert_int_eq(atomic_write(top, "way/deep/x", "x", 1, NULL, &error), -1);
    ck_assert_int_eq(error.system, ELOOP);
    ck_assert(!exists("elsewhere/x") && !exists("elsewhere/deep"));
}
END_TEST

START_TEST(reads_files)
{
    char *bytes;
    size_t size;
    ck_assert_int_eq(read_file(in_root("nothing here"), 10, &bytes, &size, &error), -1);
    ck_assert_int_eq(error.system, ENOENT);
    ck_assert_int_eq(read_file(root, 10, &bytes, &size, &error), -1);
    ck_assert_int_eq(atomic_write(top, "eleven", "eleven byte", 11, NULL, &error), 0);
    ck_assert_int_eq(read_file(in_root("eleven"), 10, &bytes, &size, &error), -1);
    ck_assert_int_eq(read_file(in_root("eleven"), 11, &bytes, &size, &error), 0);
    ck_assert_uint_eq(size, 11);
    free(bytes);
}
END_TEST

int main(void)
{
    if (!mkdtemp(root) || !(top = folder_open(root, false, &error)))
        return EXIT_FAILURE;
    TCase *tests = tcase_create("atomic");
    tcase_add_test(tests, writes_and_replaces);
    tcase_add_test(tests, appends_pieces);
    tcase_add_test(tests, abandons_without_trace);
    tcase_add_test(tests, keeps_errno);
    tcase_add_test(tests, takes_the_longest_names);
    tcase_add_test(tests, recognises_its_names);
    tcase_add_test(tests, knows_who_is_gone);
    tcase_add_test(tests, clones_are_told_apart);
    tcase_add_test(tests, cleans_what_the_dead_left);
    tcase_add_test(tests, batch_is_due);
    tcase_add_test(tests, batch_syncs_folders_that_moved);
    tcase_add_test(tests, batch_is_due_when_many_folders_wait);
    tcase_add_test(tests, replaces_a_link_and_not_what_it_leads_to);
    tcase_add_test(tests, reads_files);
    Suite *suite = suite_create("atomic");
    suite_add_tcase(suite, tests);
    int status = unit_run(suite);
    folder_close(top);
    char command[sizeof root + 16];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command) || status ? EXIT_FAILURE : EXIT_SUCCESS;
}
