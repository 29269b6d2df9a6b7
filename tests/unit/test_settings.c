/* The option table: ranges, kinds, strengths of sources, and the command line. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "program/command_line.h"
#include "program/settings.h"

static struct settings settings;
static struct error error;

static void begin(void)
{
    error = (struct error){0};
    ck_assert_int_eq(settings_init(&settings, &error), 0);
}

static void end(void)
{
    settings_free(&settings);
}

static const struct setting *named(const char *name)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    ck_abort_msg("no option %s", name);
    return NULL;
}

START_TEST(defaults_are_the_references)
{
    ck_assert_int_eq(settings.generator.points_per_side, 32);
    ck_assert_int_eq(settings.generator.points_per_batch, 64);
    ck_assert_double_eq(settings.generator.pred_iou_thresh, 0.88);
    ck_assert_double_eq(settings.generator.stability_score_thresh, 0.95);
    ck_assert_double_eq(settings.generator.stability_score_offset, 1.0);
    ck_assert_double_eq(settings.generator.box_nms_thresh, 0.7);
    ck_assert_str_eq(settings.precision, "f32");
}
END_TEST

START_TEST(a_stronger_source_wins_in_any_order)
{
    const char *name = "pred-iou-thresh";
    ck_assert_int_eq(settings_set(&settings, name, "0.5", SOURCE_COMMAND_LINE, &error), 0);
    ck_assert_int_eq(settings_set(&settings, "pred_iou_thresh", "0.4", SOURCE_MODEL, &error), 0);
    ck_assert_double_eq(settings.generator.pred_iou_thresh, 0.5);
    ck_assert_int_eq(settings_source(&settings, named(name)), SOURCE_COMMAND_LINE);
    ck_assert_int_eq(settings_set(&settings, name, "0.6", SOURCE_COMMAND_LINE, &error), 0);
    ck_assert_double_eq(settings.generator.pred_iou_thresh, 0.6);
}
END_TEST

START_TEST(every_value_reads_back_from_its_text)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    settings_set(&settings, "stability-score-thresh", "1/3", SOURCE_COMMAND_LINE, &error);
    settings_set(&settings, "max-time", "3h50m", SOURCE_COMMAND_LINE, &error);
    settings_set(&settings, "memory", "4G", SOURCE_COMMAND_LINE, &error);
    ck_assert_double_eq(settings.generator.stability_score_thresh, 1.0 / 3);
    ck_assert_double_eq(settings.max_time, 13800);
    ck_assert_uint_eq(settings.memory, (uint64_t)4 << 30);
    for (size_t i = 0; i < count; i++) {
        char text[256];
        char again[256];
        settings_text(&settings, &table[i], text, sizeof text);
        /* none and "chosen" cannot be asked for by a text */
        if (!*text || (table[i].kind == SETTING_BYTES && strcmp(text, "0") == 0))
            continue;
        ck_assert_msg(settings_set(&settings, table[i].name, text, SOURCE_COMMAND_LINE, &error) ==
                          0,
                      "%s", error.text);
        settings_text(&settings, &table[i], again, sizeof again);
        ck_assert_str_eq(again, text);
    }
}
END_TEST

START_TEST(values_out_of_range_are_named)
{
    static const char *const bad[][2] = {
        {"pred-iou-thresh", "1.01"},
        {"pred-iou-thresh", "-0.1"},
        {"pred-iou-thresh", "nan"},
        {"pred-iou-thresh", "inf"},
        {"pred-iou-thresh", "0.5x"},
        {"pred-iou-thresh", ""},
        {"pred-iou-thresh", "1/0"},
        {"points-per-side", "0"},
        {"points-per-side", "2.5"},
        {"points-per-side", "4096"},
        {"points-per-batch", "-1"},
        {"threads", "1e9"},
        {"precision", "f64"},
        {"precision", "f32|bf16|f16"},
        {"precision", ""},
        {"memory", "lots"},
        {"max-time", "soon"},
        {"overlay", "perhaps"},
        {"output", ""},
        {"max-pixels", "0"},
        {"log-format", "xml"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "--%s", bad[i][0]);
        error = (struct error){0};
        ck_assert_msg(settings_set(&settings, bad[i][0], bad[i][1], SOURCE_COMMAND_LINE, &error) ==
                          -1,
                      "%s %s", bad[i][0], bad[i][1]);
        ck_assert_int_eq(error.code, ERROR_USAGE);
        ck_assert_msg(strstr(error.text, expected) == error.text, "%s", error.text);
    }
    ck_assert_int_eq(settings_set(&settings, "no-such", "1", SOURCE_MODEL, &error), -1);
}
END_TEST

START_TEST(the_command_line_is_read)
{
    char *argv[] = {"run", "a.jpg",     "-o", "out", "--points-per-side=8",
                    "b",   "--overlay", "-t", "2",   NULL};
    int first = 0;
    ck_assert_msg(options_parse(&settings, 9, argv, &first, &error) == 0, "%s", error.text);
    ck_assert_int_eq(first, 7);
    ck_assert_str_eq(argv[7], "a.jpg");
    ck_assert_str_eq(argv[8], "b");
    ck_assert_str_eq(settings.output, "out");
    ck_assert_int_eq(settings.generator.points_per_side, 8);
    ck_assert_int_eq(settings.threads, 2);
    ck_assert(settings.overlay);
}
END_TEST

START_TEST(a_wrong_command_line_is_named)
{
    static char *const bad[][3] = {{"run", "--no-such", NULL},
                                   {"run", "--threads", NULL},
                                   {"run", "-z", NULL},
                                   {"run", "--threads=x", NULL}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *argv[3] = {bad[i][0], bad[i][1], NULL};
        int first;
        error = (struct error){0};
        ck_assert_int_eq(options_parse(&settings, 2, argv, &first, &error), -1);
        ck_assert_int_eq(error.code, ERROR_USAGE);
        ck_assert_ptr_nonnull(strchr(error.text, '-'));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *tests = tcase_create("settings");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, defaults_are_the_references);
    tcase_add_test(tests, a_stronger_source_wins_in_any_order);
    tcase_add_test(tests, every_value_reads_back_from_its_text);
    tcase_add_test(tests, values_out_of_range_are_named);
    tcase_add_test(tests, the_command_line_is_read);
    tcase_add_test(tests, a_wrong_command_line_is_named);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
