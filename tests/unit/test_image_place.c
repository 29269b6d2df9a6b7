/* The image that a record names is read without believing the record. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "records/image_place.h"
#include "scratch.h"

static struct error error;
static struct scratch scratch;
static struct folder *folder, *trusted;

enum { SOMEBODY = 64003 };

static void set_up(void)
{
    scratch = scratch_new();
    scratch_write(&scratch, "images/a.gif", "GIF89a-image");
    scratch_write(&scratch, "images/in/b.gif", "GIF89a-inner");
    scratch_write(&scratch, "images/key.pem", "a private key");
    scratch_write(&scratch, "outside/c.gif", "GIF89a-outside");
    char *path = scratch_path(&scratch, "images");
    folder = folder_open(path, false, &error);
    trusted = folder_open(path, true, &error);
    ck_assert(folder && trusted);
    free(path);
}

static void tear_down(void)
{
    folder_close(folder);
    folder_close(trusted);
    scratch_free(&scratch);
}

static int read_image(const struct folder *in, const char *name, const char *expected)
{
    const struct image_place place = {.folder = in, .name = name};
    char *bytes = NULL;
    size_t size = 0;
    int status = image_place_read(&place, 1000, &bytes, &size, &error);
    if (status == 0) {
        ck_assert_str_eq(bytes, expected);
        free(bytes);
    } else {
        ck_assert_int_eq(error.code, ERROR_IMAGE);
    }
    return status;
}

START_TEST(reads_images_below)
{
    ck_assert_int_eq(read_image(folder, "a.gif", "GIF89a-image"), 0);
    ck_assert_int_eq(read_image(folder, "in/b.gif", "GIF89a-inner"), 0);
}
END_TEST

START_TEST(refuses_what_leads_elsewhere)
{
    static const char *const names[] = {"../outside/c.gif", "in/../../outside/c.gif",
                                        "/etc/passwd",      "key.pem",
                                        "missing.gif",      "in",
                                        "pipe.gif",         "zero.gif"};
    ck_assert_int_eq(mkfifoat(folder->fd, "pipe.gif", 0600), 0);
    ck_assert_int_eq(symlinkat("/dev/zero", folder->fd, "zero.gif"), 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(read_image(folder, names[i], "") == -1, "%s is read", names[i]);
    const struct image_place refused = {.folder = folder, .name = "a.gif", .refusal = "no reason"};
    char *bytes;
    size_t size;
    ck_assert_int_eq(image_place_read(&refused, 1000, &bytes, &size, &error), -1);
    ck_assert_str_eq(error.text, "no reason");
}
END_TEST

/* Folders of images hold links of their owner's; another user's are a trap. */
START_TEST(follows_own_links_to_files)
{
    ck_assert_int_eq(symlinkat("../outside/c.gif", folder->fd, "link.gif"), 0);
    ck_assert_int_eq(symlinkat("../key.pem", folder->fd, "in/key.gif"), 0);
    ck_assert_int_eq(symlinkat("../outside", folder->fd, "far"), 0);
    ck_assert_int_eq(read_image(folder, "link.gif", "GIF89a-outside"), 0);
    ck_assert_int_eq(read_image(folder, "in/key.gif", ""), -1);
    ck_assert_int_eq(read_image(folder, "far/c.gif", ""), -1);
    ck_assert_int_eq(read_image(trusted, "far/c.gif", "GIF89a-outside"), 0);
    if (fchownat(folder->fd, "link.gif", SOMEBODY, SOMEBODY, AT_SYMLINK_NOFOLLOW))
        return; /* only root can play two users */
    ck_assert_int_eq(read_image(folder, "link.gif", ""), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "is a link of user 64003"));
    ck_assert_int_eq(read_image(trusted, "link.gif", "GIF89a-outside"), 0);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("image place");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, reads_images_below);
    tcase_add_test(tests, refuses_what_leads_elsewhere);
    tcase_add_test(tests, follows_own_links_to_files);
    Suite *suite = suite_create("image place");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
