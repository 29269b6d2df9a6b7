/* Two runs in a report, one of which changes while it is read. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "program/report/report_compare.h"
#include "program/report/report_output.h"
#include "program/report/report_run.h"
#include "program/report/twins.h"
#include "records/record.h"
#include "sample_record.h"
#include "scratch.h"

static void write_record(const struct scratch *scratch, const char *run, const char *name)
{
    struct error error;
    char file[64], image[64];
    size_t length;
    snprintf(image, sizeof image, "%s.png", name);
    snprintf(file, sizeof file, "%s/%s.json", run, name);
    struct record record = sample_two(image);
    char *text = record_text(&record, 0, &length, &error);
    ck_assert_ptr_nonnull(text);
    scratch_write(scratch, file, text);
    free(text);
    record_free(&record);
}

static void no_refusal(void *context, const char *text)
{
    (void)context;
    ck_abort_msg("%s", text);
}

/* The rows are those of the records that were read first, whatever lies before them by now. */
START_TEST(records_that_come_later_are_not_compared)
{
    struct error error = {0};
    struct scratch scratch = scratch_new();
    struct folder *folder = scratch_folder(&scratch);
    const struct report_place place = {.parent = folder, .name = "page"};
    char *paths[2] = {scratch_path(&scratch, "a"), scratch_path(&scratch, "b")};
    struct report_source sources[2];
    struct report_run runs[2] = {{.source = &sources[0]}, {.source = &sources[1], .number = 1}};
    static const char *const names[] = {"b", "d", "f"};
    for (int i = 0; i < 3; i++) {
        write_record(&scratch, "a", names[i]);
        write_record(&scratch, "b", names[i]);
    }
    struct report_output *output = report_output_open(&place, &error);
    ck_assert_msg(output, "%s", error.text);
    for (int i = 0; i < 2; i++) {
        sources[i] = (struct report_source){.records = paths[i], .refused = no_refusal};
        ck_assert_int_eq(report_run_write(&runs[i], output, &error), 0);
    }
    static const char *const later[] = {"a", "c", "e", "g"};
    for (int i = 0; i < 4; i++)
        write_record(&scratch, "b", later[i]);
    char *gone = scratch_path(&scratch, "b/d.json");
    ck_assert_int_eq(remove(gone), 0);
    struct report_comparison comparison = {.runs = runs, .twin_iou = REPORT_TWIN_IOU};
    ck_assert_int_eq(report_compare(&comparison, output, &error), 0);
    ck_assert_int_eq(report_output_close(output, &error), 0);
    char *text;
    size_t size;
    ck_assert_int_eq(folder_read(folder, "page/data/compare-0.js", 10000, &text, &size, &error), 0);
    ck_assert_ptr_nonnull(strstr(text, "\"a\":[0,2,1],\"b\":[0,2,-1]"));
    free(text);
    free(gone);
    for (int i = 0; i < 2; i++) {
        report_run_free(&runs[i]);
        free(paths[i]);
    }
    folder_close(folder);
    scratch_free(&scratch);
}
END_TEST

/* Equal masks give as many pairs as the square of their number, which a record chooses. */
START_TEST(pairs_of_many_equal_masks_have_a_bound)
{
    struct error error;
    struct twins twins = {0};
    struct record record = sample_empty("a.png", 4, 1);
    for (int i = 0; i < 2100; i++)
        sample_draw(&record, "xx..");
    ck_assert_int_eq(twins_find(&twins, &record.masks, &record.masks, 0.75, &error), -1);
    ck_assert_int_eq(error.code, ERROR_RECORD);
    ck_assert_uint_eq(twins.count, 0);
    free(twins.items);
    record_free(&record);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report_compare");
    TCase *tests = tcase_create("report_compare");
    tcase_add_test(tests, records_that_come_later_are_not_compared);
    tcase_add_test(tests, pairs_of_many_equal_masks_have_a_bound);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
