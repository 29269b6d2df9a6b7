/* What is said of a run: the line on a terminal, the log, JSON, the metrics file. */
#include "unit.h"

#include <jansson.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/items.h"
#include "jobs/progress.h"
#include "program/run/image_words.h"
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

/* Reports a small run into text, to be freed. */
static char *report(struct progress_options options)
{
    struct error error = {0};
    char *text = NULL;
    size_t size;
    options.words = &image_words;
    options.out = open_memstream(&text, &size);
    struct progress *progress = progress_new(&options, &error);
    ck_assert_msg(progress, "%s", error.text);
    progress_expect(progress, 1234, 7, 2);
    for (int i = 0; i < 5; i++)
        progress_item(progress, i == 3, 1000, 0.5, 10);
    progress_log(progress, PROGRESS_WARNING, "%s", "odd \"name\"\n\x1b[31m\xff.jpg");
    progress_log(progress, PROGRESS_INFO, "for your information");
    progress_finish(progress, "stopped by SIGTERM", 4);
    progress_free(progress);
    fclose(options.out);
    return text;
}

START_TEST(the_log_is_one_clean_line_a_message)
{
    char *text = report((struct progress_options){0});
    const char *expected = "maskmill: warning: odd \"name\"??[31m?.jpg\n"
                           "maskmill: for your information\n"
                           "maskmill: stopped by SIGTERM: 4 images done, 1 failed, 5,000 masks in";
    ck_assert_msg(strncmp(text, expected, strlen(expected)) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, ", 7 done before, 1,229 left\n"));
    free(text);
    text = report((struct progress_options){.quiet = true});
    ck_assert_str_eq(text, "maskmill: warning: odd \"name\"??[31m?.jpg\n");
    free(text);
}
END_TEST

START_TEST(json_lines_are_json)
{
    char *text = report((struct progress_options){.json = true});
    size_t lines = 0;
    for (const char *at = text; *at; at = strchr(at, '\n') + 1, lines++) {
        json_t *object = json_loadb(at, strcspn(at, "\n"), 0, NULL);
        ck_assert_msg(json_is_object(object), "%s", at);
        if (json_object_get(object, "event")) {
            ck_assert_str_eq(json_string_value(json_object_get(object, "event")), "summary");
            ck_assert_int_eq(json_integer_value(json_object_get(object, "exit_status")), 4);
            ck_assert_int_eq(json_integer_value(json_object_get(object, "left")), 1229);
            ck_assert_int_eq(json_integer_value(json_object_get(object, "masks")), 5000);
        }
        json_decref(object);
    }
    ck_assert_uint_eq(lines, 3);
    free(text);
    text = report((struct progress_options){.json = true, .quiet = true});
    ck_assert_ptr_nonnull(strstr(text, "\"warning\""));
    ck_assert_msg(strchr(text, '\n') == strrchr(text, '\n'), "%s", text);
    free(text);
}
END_TEST

START_TEST(metrics_are_a_complete_file)
{
    char *path = scratch_path(&scratch, "maskmill.prom");
    char *text = report((struct progress_options){.metrics = path, .labels = "shard=\"1/4\""});
    char *metrics = scratch_read(&scratch, "maskmill.prom");
    const char *expected[] = {"maskmill_images_total{shard=\"1/4\",status=\"done\"} 4\n",
                              "maskmill_images_total{shard=\"1/4\",status=\"failed\"} 1\n",
                              "maskmill_masks_total{shard=\"1/4\"} 5000\n",
                              "maskmill_images_left{shard=\"1/4\"} 1229\n",
                              "maskmill_output_bytes_total{shard=\"1/4\"} 50\n",
                              "maskmill_running{shard=\"1/4\"} 0\n",
                              "maskmill_exit_status{shard=\"1/4\"} 4\n"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        ck_assert_msg(strstr(metrics, expected[i]), "%s", expected[i]);
    free(metrics);
    free(text);
    free(path);
    struct error error = {0};
    const struct progress_options wrong = {
        .words = &image_words, .metrics = "/dev/null/x.prom", .labels = ""};
    ck_assert_ptr_null(progress_new(&wrong, &error));
    ck_assert_int_eq(error.code, ERROR_IO);
}
END_TEST

START_TEST(the_terminal_line_is_drawn_and_erased)
{
    struct error error = {0};
    char name[] = "/tmp/maskmill-test-XXXXXX";
    FILE *out = fdopen(mkstemp(name), "w+");
    const struct progress_options options = {.words = &image_words, .out = out, .terminal = true};
    struct progress *progress = progress_new(&options, &error);
    progress_expect(progress, 10000, 0, 0);
    usleep(300000);
    progress_item(progress, false, 12345, 1, 1);
    progress_log(progress, PROGRESS_ERROR, "a message");
    progress_free(progress);
    char buffer[1000] = "";
    rewind(out);
    ck_assert_uint_gt(fread(buffer, 1, sizeof buffer - 1, out), 0);
    const char *expected = "\r1 of 10,000 images, 0 failed, 12,345 masks, ";
    ck_assert_msg(strstr(buffer, expected), "%s", buffer);
    ck_assert_ptr_nonnull(strstr(buffer, "\033[K\r\033[Kmaskmill: a message\n"));
    fclose(out);
    unlink(name);
}
END_TEST

START_TEST(figures_come_by_the_clock_alone)
{
    struct error error = {0};
    char name[] = "/tmp/maskmill-test-XXXXXX";
    int file = mkstemp(name);
    FILE *out = fdopen(dup(file), "w");
    const struct progress_options options = {.words = &image_words, .out = out, .terminal = true};
    struct progress *progress = progress_new(&options, &error);
    char buffer[1000] = "";
    progress_expect(progress, 10, 0, 0);
    for (int i = 0; i < 1000 && !strstr(buffer, "images/s"); i++) {
        usleep(10000);
        ck_assert_int_ge(pread(file, buffer, sizeof buffer - 1, 0), 0);
    }
    const char *expected = "\r0 of 10 images, 0 failed, 0 masks, ";
    ck_assert_msg(strncmp(buffer, expected, strlen(expected)) == 0, "%s", buffer);

    /* After the summary nothing more is drawn. */
    progress_finish(progress, "done", 0);
    off_t size = lseek(file, 0, SEEK_END);
    usleep(1500000);
    ck_assert_int_eq(lseek(file, 0, SEEK_END), size);
    progress_free(progress);
    fclose(out);
    close(file);
    unlink(name);
}
END_TEST

START_TEST(an_unknown_number_of_images_is_left_out)
{
    struct error error = {0};
    char *text = NULL;
    size_t size;
    char *path = scratch_path(&scratch, "unknown.prom");
    FILE *out = open_memstream(&text, &size);
    const struct progress_options options = {
        .words = &image_words, .out = out, .terminal = true, .metrics = path, .labels = ""};
    struct progress *progress = progress_new(&options, &error);
    progress_expect(progress, ITEMS_UNKNOWN, 0, 0);
    usleep(300000);
    progress_item(progress, false, 5, 1, 1);
    progress_finish(progress, "done", 0);
    progress_free(progress);
    fclose(out);
    char *metrics = scratch_read(&scratch, "unknown.prom");
    ck_assert_msg(strstr(text, " images, 0 failed, "), "%s", text);
    ck_assert_ptr_null(strstr(text, " of "));
    ck_assert_ptr_null(strstr(text, "left"));
    ck_assert_ptr_null(strstr(metrics, "images_left"));
    free(metrics);
    free(path);
    free(text);
}
END_TEST

START_TEST(durations_for_people)
{
    const struct {
        double seconds;
        const char *text;
    } known[] = {{0.4, "0s"},
                 {59.4, "59s"},
                 {61, "1m01s"},
                 {3725, "1h02m05s"},
                 {200000, "2d07h"},
                 {-5, "0s"},
                 {1e300, "11574074074d01h"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char text[32];
        progress_duration(known[i].seconds, text);
        ck_assert_str_eq(text, known[i].text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("progress");
    TCase *cases = tcase_create("progress");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, the_log_is_one_clean_line_a_message);
    tcase_add_test(cases, json_lines_are_json);
    tcase_add_test(cases, metrics_are_a_complete_file);
    tcase_add_test(cases, the_terminal_line_is_drawn_and_erased);
    tcase_add_test(cases, figures_come_by_the_clock_alone);
    tcase_add_test(cases, an_unknown_number_of_images_is_left_out);
    tcase_add_test(cases, durations_for_people);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
