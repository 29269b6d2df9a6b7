/* An output tar while it is written: its lines are a journal that can be trusted, whatever was torn. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "program/tars/tar_journal.h"
#include "program/tars/tar_line.h"
#include "program/tars/tar_part.h"
#include "records/tar_pack.h"
#include "scratch.h"

enum { SAMPLES = 6, SAMPLE = 3 * TAR_BLOCK };

static struct scratch scratch;
static struct folder *out;
static struct tar_files files;
static struct error error;

static void set_up(void)
{
    scratch = scratch_new();
    out = scratch_folder(&scratch);
    ck_assert_int_eq(tar_files_name(&files, "a/b", &error), 0);
}

static void tear_down(void)
{
    tar_files_free(&files);
    folder_close(out);
    scratch_free(&scratch);
}

/* The name of sample `i`; one is not UTF-8, one looks like the end of a line. */
static const char *name_of(int i)
{
    static char name[64];
    snprintf(name, sizeof name,
             i == 2   ? "b/\xff%d.jpg"
             : i == 3 ? "b/,\"offset\":%d}.jpg"
                      : "b/%d.jpg",
             i);
    return name;
}

static struct tar_part *open_part(const struct tar_journal *keep)
{
    struct tar_part *part = tar_part_open(&files, out, keep, &error);
    ck_assert_msg(part, "%s", error.text);
    return part;
}

static void add_sample(struct tar_part *part, int i)
{
    struct json_text text = {0};
    char bytes[SAMPLE];
    uint64_t at = tar_part_size(part);
    memset(bytes, 'a' + i, sizeof bytes);
    const struct tar_line line = {
        .key = "k", .file_name = name_of(i), .failed = i == 4, .error = ""};
    const struct tar_place place = {at, SAMPLE, at + TAR_BLOCK, 100};
    tar_line_begin(&text, &line, NULL);
    size_t without = text.used;
    tar_line_end(&text, &place);
    ck_assert_uint_eq(tar_line_without_place(text.bytes, text.used), without);
    ck_assert_int_eq(tar_part_write(part, 0, bytes, sizeof bytes, &error), 0);
    ck_assert_int_eq(tar_part_add(part, SAMPLE, &text, &error), 0);
    json_text_free(&text);
}

/* Writes samples [first, last) and flushes. */
static void add_samples(struct tar_part *part, int first, int last)
{
    for (int i = first; i < last; i++)
        add_sample(part, i);
    ck_assert_int_eq(tar_part_flush(part, &error), 0);
}

static void read_journal(struct tar_journal *journal, const char *name)
{
    struct stat status;
    ck_assert_int_eq(folder_stat(out, name == files.lines ? files.tar : files.part_tar, &status),
                     0);
    ck_assert_int_eq(tar_journal_read(journal, out, name, (uint64_t)status.st_size, NULL, &error),
                     0);
}

/* The size of a file below the folder; with `size` >= 0, what it is set to. */
static long long file_size(const char *name, long long size)
{
    struct stat status;
    char *path = scratch_path(&scratch, name);
    if (size >= 0)
        ck_assert_int_eq(truncate(path, size), 0);
    int found = stat(path, &status);
    free(path);
    return found ? -1 : (long long)status.st_size;
}

static void append(const char *name, const char *text)
{
    char *path = scratch_path(&scratch, name);
    FILE *file = fopen(path, "ab");
    fputs(text, file);
    fclose(file);
    free(path);
}

static void check_journal(size_t count)
{
    struct tar_journal journal = {0};
    read_journal(&journal, files.part_lines);
    ck_assert_uint_eq(journal.count, count);
    ck_assert_uint_eq(journal.tar_bytes, count * SAMPLE);
    ck_assert_uint_eq(journal.failed, count > 4);
    for (size_t i = 0; i < count; i++) {
        const char *name = name_of((int)i);
        ck_assert_uint_eq(journal.images[i].name, hash_bytes(name, strlen(name)));
        ck_assert_uint_eq(journal.images[i].offset, i * SAMPLE);
    }
    tar_journal_free(&journal);
}

START_TEST(what_was_flushed_is_in_the_journal)
{
    const struct tar_journal nothing = {0};
    struct tar_part *part = open_part(&nothing);
    add_samples(part, 0, 4);
    add_sample(part, 4);
    ck_assert_uint_eq(tar_part_waiting(part), 1);
    check_journal(4);
    tar_part_close(part); /* as a kill: the sample is there, its line is not */
    ck_assert_int_eq(file_size(files.part_tar, -1), 5 * SAMPLE);
    struct tar_journal kept = {0};
    read_journal(&kept, files.part_lines);
    part = open_part(&kept);
    tar_journal_free(&kept);
    ck_assert_int_eq(file_size(files.part_tar, -1), 4 * SAMPLE);
    add_samples(part, 4, SAMPLES);
    check_journal(SAMPLES);
    tar_part_close(part);
}
END_TEST

START_TEST(what_is_torn_does_not_count)
{
    const struct tar_journal nothing = {0};
    struct tar_part *part = open_part(&nothing);
    add_samples(part, 0, SAMPLES);
    tar_part_close(part);
    long long lines = file_size(files.part_lines, -1);
    append(files.part_lines, "{\"key\":\"k\",\"file_name");
    append(files.part_tar, "garbage");
    check_journal(SAMPLES);
    append(files.part_lines, "\n[]\n\n{}\n");
    check_journal(SAMPLES);
    file_size(files.part_tar, SAMPLES * SAMPLE - 1);
    check_journal(SAMPLES - 1);
    file_size(files.part_lines, lines - 1); /* the newline */
    check_journal(SAMPLES - 1);
    for (long long size = lines - 1; size >= 0; size -= 7) {
        struct tar_journal journal = {0};
        file_size(files.part_lines, size);
        read_journal(&journal, files.part_lines);
        ck_assert_uint_le(journal.bytes, (uint64_t)size);
        ck_assert_uint_eq(journal.tar_bytes, journal.count * SAMPLE);
        tar_journal_free(&journal);
    }
    ck_assert_int_eq(folder_remove(out, files.part_lines, &error), 0);
    check_journal(0);
}
END_TEST

START_TEST(a_journal_is_cut)
{
    const struct tar_journal nothing = {0};
    struct tar_journal kept = {0};
    struct tar_part *part = open_part(&nothing);
    add_samples(part, 0, SAMPLES);
    tar_part_close(part);
    read_journal(&kept, files.part_lines);
    tar_journal_cut(&kept, SAMPLES + 1);
    ck_assert_uint_eq(kept.count, SAMPLES);
    tar_journal_cut(&kept, 3);
    ck_assert_uint_eq(kept.failed, 0);
    part = open_part(&kept);
    tar_part_close(part);
    tar_journal_free(&kept);
    check_journal(3);
}
END_TEST

START_TEST(it_is_published_whole)
{
    const struct tar_journal nothing = {0};
    struct tar_journal journal = {0};
    uint64_t size;
    struct tar_part *part = open_part(&nothing);
    add_samples(part, 0, SAMPLES - 1);
    add_sample(part, SAMPLES - 1);
    ck_assert_int_eq(tar_part_publish(part, &size, &error), 0);
    tar_part_close(part);
    ck_assert_int_eq(file_size(files.tar, -1), (long long)size);
    ck_assert_uint_eq(size % TAR_RECORD, 0);
    ck_assert_int_eq(file_size(files.part_tar, -1), -1);
    ck_assert_int_eq(file_size(files.part_lines, -1), -1);
    read_journal(&journal, files.lines);
    ck_assert_uint_eq(journal.count, SAMPLES);
    ck_assert(tar_journal_ends(&journal, size));
    ck_assert(!tar_journal_ends(&journal, size - TAR_BLOCK));
    tar_journal_free(&journal);

    /* Killed between the two renames: the next start does the second. */
    char *from = scratch_path(&scratch, files.tar);
    char *to = scratch_path(&scratch, files.part_tar);
    ck_assert_int_eq(rename(from, to), 0);
    ck_assert_int_eq(tar_files_settle(&files, out, &error), 0);
    ck_assert_int_eq(file_size(files.tar, -1), (long long)size);
    ck_assert_int_eq(rename(from, to), 0);
    file_size(files.part_tar, (long long)size - 1); /* not whole: not renamed */
    ck_assert_int_eq(tar_files_settle(&files, out, &error), 0);
    ck_assert_int_eq(file_size(files.tar, -1), -1);
    free(from);
    free(to);
}
END_TEST

/* It could not be moved into another tar's lines. */
START_TEST(a_line_that_was_written_anew_does_not_count)
{
    struct json_text text = {0};
    struct tar_line line = {.key = "k", .file_name = "a/b.jpg", .error = ""};
    const struct tar_place place = {0, SAMPLE, TAR_BLOCK, 100};
    struct tar_line_owner *owner;
    const char *const others[] = {
        "\"offset\": 0, \"bytes\": 1024, \"record_offset\": 512, \"record_bytes\": 100}",
        "\"record_bytes\":100,\"offset\":0,\"bytes\":1024,\"record_offset\":512}",
        "\"offset\":0,\"bytes\":1024,\"record_offset\":512,\"record_bytes\":100,\"more\":0}",
    };
    tar_line_begin(&text, &line, NULL);
    size_t without = text.used;
    tar_line_end(&text, &place);
    ck_assert_int_eq(tar_line_parse(text.bytes, text.used - 1, &line, &owner, &error), 1);
    tar_line_free(owner);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        text.used = without;
        json_text_raw(&text, ",");
        json_text_raw(&text, others[i]);
        ck_assert_int_eq(tar_line_parse(text.bytes, text.used, &line, &owner, &error), 0);
        ck_assert_ptr_null(owner);
    }
    json_text_free(&text);
}
END_TEST

START_TEST(two_do_not_write_the_same)
{
    const struct tar_journal nothing = {0};
    struct tar_part *part = open_part(&nothing);
    add_samples(part, 0, 2);
    ck_assert_ptr_null(tar_part_open(&files, out, &nothing, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "another process"));
    check_journal(2);
    tar_part_close(part);
}
END_TEST

START_TEST(long_names_stay_within_the_limit)
{
    struct tar_files longer;
    struct tar_files other;
    char name[246];
    memset(name, 'n', sizeof name);
    name[245] = '\0';
    ck_assert_int_eq(tar_files_name(&longer, name, &error), 0);
    name[244] = 'm';
    ck_assert_int_eq(tar_files_name(&other, name, &error), 0);
    ck_assert_uint_le(strlen(longer.part_lines), 255);
    ck_assert_str_ne(longer.part_lines, other.part_lines);
    ck_assert_str_ne(longer.part_lines, longer.part_tar);
    tar_files_free(&longer);
    tar_files_free(&other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tar part");
    TCase *tests = tcase_create("tar part");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_was_flushed_is_in_the_journal);
    tcase_add_test(tests, what_is_torn_does_not_count);
    tcase_add_test(tests, a_journal_is_cut);
    tcase_add_test(tests, it_is_published_whole);
    tcase_add_test(tests, a_line_that_was_written_anew_does_not_count);
    tcase_add_test(tests, two_do_not_write_the_same);
    tcase_add_test(tests, long_names_stay_within_the_limit);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
