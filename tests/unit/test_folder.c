/* Folders into which others may write: what is opened below them, and what is not. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/folder_lookup.h"
#include "scratch.h"

static struct scratch scratch;
static struct folder *folder;
static struct error error;

static void set_up(void)
{
    scratch = scratch_new();
    folder = scratch_folder(&scratch);
    scratch_write(&scratch, "a/b/file", "text");
}

static void tear_down(void)
{
    folder_close(folder);
    scratch_free(&scratch);
}

static void link_to(const char *target, const char *name)
{
    ck_assert_int_eq(symlinkat(target, folder->fd, name), 0);
}

/* openat2, and the steps that stand in for it. */
typedef int lookup(int folder, const char *name, int flags, mode_t mode);
static lookup *const lookups[] = {folder_lookup, folder_lookup_steps};

static void expect_errno(lookup *look, const char *name, int flags, int reason)
{
    int fd = look(folder->fd, name, flags, 0666);
    int found = errno;
    ck_assert_msg(fd == -1 && found == reason, "%s: %d, %s", name, fd, strerror(found));
}

START_TEST(a_lookup_follows_no_link)
{
    lookup *look = lookups[_i];
    link_to("a", "inside");
    link_to("/tmp", "out");
    link_to("a/b/file", "last");
    link_to("nowhere", "dangling");
    expect_errno(look, "inside/b/file", O_RDONLY, ELOOP);
    expect_errno(look, "out/x", O_RDONLY | O_CREAT, ELOOP);
    expect_errno(look, "last", O_RDWR, ELOOP);
    expect_errno(look, "dangling", O_RDWR | O_CREAT, ELOOP);
    expect_errno(look, "out", O_RDONLY | O_DIRECTORY, ELOOP);
    expect_errno(look, "missing/file", O_RDONLY, ENOENT);
    expect_errno(look, "a/b/file/x", O_RDONLY, ENOTDIR);
    expect_errno(look, "/etc/passwd", O_RDONLY, EXDEV);
    expect_errno(look, "../x", O_RDONLY, EXDEV);
    ck_assert(!folder_has(folder, "nowhere"));
}
END_TEST

START_TEST(a_lookup_finds_what_is_below)
{
    static const char *const names[] = {"a/b/file", "a//b/./file", "./a/b/file"};
    char text[8] = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int fd = lookups[_i](folder->fd, names[i], O_RDONLY, 0);
        ck_assert_msg(fd >= 0, "%s: %s", names[i], strerror(errno));
        ck_assert_int_eq(read(fd, text, sizeof text), 4);
        ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
    int fd = lookups[_i](folder->fd, "a/b/new", O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
    fd = lookups[_i](folder->fd, "a/b/", O_RDONLY | O_DIRECTORY, 0);
    ck_assert_int_ge(fd, 0);
    close(fd);
}
END_TEST

static void expect_refused(const char *name, const char *why)
{
    int fd = folder_open_file(folder, name, O_RDWR | O_CREAT, &error);
    ck_assert_msg(fd == -1, "%s was opened", name);
    ck_assert_int_eq(error.code, ERROR_IO);
    ck_assert_msg(strstr(error.text, why), "%s", error.text);
    ck_assert_msg(strncmp(error.text, scratch.path, strlen(scratch.path)) == 0, "%s", error.text);
}

START_TEST(only_files_of_a_run_are_opened)
{
    link_to("/dev/zero", "zero");
    ck_assert_int_eq(mkfifoat(folder->fd, "pipe", 0666), 0);
    ck_assert_int_eq(linkat(folder->fd, "a/b/file", folder->fd, "second", 0), 0);
    expect_refused("zero", "symbolic link");
    expect_refused("pipe", "not a regular file");
    expect_refused("a/b/file", "has 2 names");
    ck_assert_int_eq(error.system, EMLINK);
    ck_assert_int_eq(folder_open_file(folder, "a", O_RDONLY, &error), -1);
    if (geteuid() == 0) {
        scratch_write(&scratch, "foreign", "");
        ck_assert_int_eq(fchownat(folder->fd, "foreign", 12345, 12345, 0), 0);
        expect_refused("foreign", "belongs to user 12345");
        folder->owner = 12345; /* he may do what he likes in his folder */
        int fd = folder_open_file(folder, "foreign", O_RDONLY, &error);
        ck_assert_msg(fd >= 0, "%s", error.text);
        close(fd);
    }
}
END_TEST

START_TEST(a_trusted_folder_may_hold_links)
{
    char *text;
    size_t size;
    link_to("a", "way");
    ck_assert_int_eq(linkat(folder->fd, "a/b/file", folder->fd, "second", 0), 0);
    folder->trusted = true;
    ck_assert_msg(folder_read(folder, "way/b/file", 10, &text, &size, &error) == 0, "%s",
                  error.text);
    ck_assert_str_eq(text, "text");
    free(text);
    ck_assert_int_eq(mkfifoat(folder->fd, "pipe", 0666), 0);
    expect_refused("pipe", "not a regular file"); /* and does not wait */
    struct folder *below = folder_below(folder, "way", &error);
    ck_assert_msg(below && below->trusted, "%s", error.text);
    folder_close(below);
}
END_TEST

START_TEST(folders_are_made_below)
{
    struct stat status;
    ck_assert_msg(folder_make_below(folder, "c/d/e", &error) == 0, "%s", error.text);
    ck_assert_int_eq(folder_make_below(folder, "c/d/e", &error), 0);
    ck_assert(folder_stat(folder, "c/d/e", &status) == 0 && S_ISDIR(status.st_mode));
    link_to("/tmp", "out");
    ck_assert_int_eq(folder_make_below(folder, "out/x", &error), -1);
    ck_assert_int_eq(error.system, ELOOP);
    ck_assert_int_eq(folder_make_below(folder, "a/b/file/x", &error), -1);
    ck_assert_int_eq(error.system, ENOTDIR);
}
END_TEST

START_TEST(names_are_seen_and_removed)
{
    link_to("nowhere", "dangling");
    ck_assert(folder_has(folder, "dangling") && folder_has(folder, "a/b/file"));
    ck_assert(!folder_has(folder, "none") && !folder_has(folder, "none/at/all"));
    ck_assert_int_eq(folder_remove(folder, "dangling", &error), 0);
    ck_assert_int_eq(folder_remove(folder, "dangling", &error), 0);
    ck_assert_int_eq(folder_remove(folder, "none/at/all", &error), 0);
    ck_assert(!folder_has(folder, "dangling"));
}
END_TEST

START_TEST(the_folder_of_a_users_path)
{
    const char *name;
    char *path = scratch_path(&scratch, "new/deep/x.json");
    struct folder *parent = folder_of(path, &name, &error);
    ck_assert_msg(parent, "%s", error.text);
    ck_assert_str_eq(name, "x.json");
    ck_assert(parent->trusted && folder_has(folder, "new/deep"));
    folder_close(parent);
    free(path);
    parent = folder_of("x.json", &name, &error);
    ck_assert_str_eq(parent->prefix, "");
    folder_close(parent);
    ck_assert_ptr_null(folder_open("/nowhere/at/all", false, &error));
    ck_assert_int_eq(error.system, ENOENT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("folder");
    TCase *tests = tcase_create("folder");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, a_lookup_follows_no_link, 0, 2);
    tcase_add_loop_test(tests, a_lookup_finds_what_is_below, 0, 2);
    tcase_add_test(tests, only_files_of_a_run_are_opened);
    tcase_add_test(tests, a_trusted_folder_may_hold_links);
    tcase_add_test(tests, folders_are_made_below);
    tcase_add_test(tests, names_are_seen_and_removed);
    tcase_add_test(tests, the_folder_of_a_users_path);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
