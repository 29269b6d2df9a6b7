/* What the shards of a run passed over, as others read it. */
#include "unit.h"

#include "base/error.h"
#include "jobs/passed_over.h"
#include "jobs/passed_over_file.h"
#include "jobs/shard.h"
#include "scratch.h"

static struct scratch scratch;
static struct folder *run;
static struct error error;

static void set_up(void)
{
    scratch = scratch_new();
    run = scratch_folder(&scratch);
    scratch_write(&scratch, ".maskmill/lock-0-of-3", "");
}

static void tear_down(void)
{
    folder_close(run);
    scratch_free(&scratch);
}

/* A shard's start: `bmp` files found, `hidden` names in its tars. */
static void write_shard(uint32_t index, uint32_t count, int bmp, int hidden)
{
    const struct shard shard = {index, count};
    struct passed_over found = {0};
    struct passed_over in_tars = {0};
    for (int i = 0; i < bmp; i++)
        passed_over_name(&found, "a.bmp");
    for (int i = 0; i < hidden; i++)
        passed_over_add(&in_tars, PASSED_HIDDEN);
    ck_assert_msg(passed_over_write(run, &shard, &found, &in_tars, &error) == 0, "%s", error.text);
}

static void expect(uint32_t shards, const char *expected)
{
    struct passed_over passed;
    char text[PASSED_TEXT_SIZE];
    ck_assert_int_eq(passed_over_read_run(run, shards, &passed, &error), 0);
    passed_over_text(&passed, text);
    ck_assert_str_eq(text, expected);
}

/* All shards find the same in folders, but each reads tars of its own. */
START_TEST(tars_are_summed_and_folders_are_not)
{
    expect(1, "");
    write_shard(0, 3, 2, 1);
    write_shard(1, 3, 2, 3);
    write_shard(0, 2, 9, 9);
    expect(3, "6 passed over: 2 .bmp, 4 hidden");
    expect(4, "");
    write_shard(1, 3, 5, 0);
    expect(3, "6 passed over: 5 .bmp, 1 hidden");
}
END_TEST

START_TEST(nothing_is_written_for_nothing)
{
    char *path = scratch_path(&scratch, ".maskmill/passed-over-0-of-1.json");
    write_shard(0, 1, 0, 0);
    ck_assert_int_ne(access(path, F_OK), 0);
    write_shard(0, 1, 1, 0);
    write_shard(0, 1, 0, 0);
    expect(1, "");
    free(path);
}
END_TEST

START_TEST(damaged_files_count_as_nothing)
{
    scratch_write(&scratch, ".maskmill/passed-over-0-of-3.json", "{\"time\":1,\"found\":[{");
    scratch_write(&scratch, ".maskmill/passed-over-1-of-3.json",
                  "{\"time\":1,\"found\":[{\"reason\":\"hidden\",\"count\":-1},7,{}],"
                  "\"in_tars\":{}}");
    scratch_write(&scratch, ".maskmill/passed-over-2-of-3.json",
                  "{\"time\":2,\"found\":[{\"reason\":\"new\",\"count\":1},"
                  "{\"reason\":\"ending\",\"ending\":\".x\",\"count\":2}]}");
    scratch_write(&scratch, ".maskmill/passed-over-3-of-3.json", "[]");
    expect(3, "2 passed over: 2 .x");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("passed over, files");
    TCase *cases = tcase_create("passed over, files");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, tars_are_summed_and_folders_are_not);
    tcase_add_test(cases, nothing_is_written_for_nothing);
    tcase_add_test(cases, damaged_files_count_as_nothing);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
