/* The option table: ranges, kinds, strengths of sources, and the command line. */
#include "unit.h"

#include <string.h>

#include "base/error.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/settings.h"

static struct settings settings;
static struct error error;

static void begin(void)
{
    error = (struct error){0};
    ck_assert_int_eq(settings_init(&settings, FOR_RUN, &error), 0);
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
        if ((table[i].traits & FOR_RUN) && strcmp(table[i].name, name) == 0)
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
        if (!(table[i].traits & FOR_RUN) || !*text ||
            (table[i].kind == SETTING_BYTES && strcmp(text, "0") == 0))
            continue;
        ck_assert_msg(settings_set(&settings, table[i].name, text, SOURCE_COMMAND_LINE, &error) ==
                          0,
                      "%s", error.text);
        settings_text(&settings, &table[i], again, sizeof again);
        ck_assert_str_eq(again, text);
    }
}
END_TEST

START_TEST(texts_of_one_source_add_up)
{
    const char *name = "exclude";
    const struct setting_texts *texts = &settings.exclude;
    ck_assert(settings_may_repeat(&settings, name) && !settings_may_repeat(&settings, "list"));
    ck_assert_int_eq(settings_set(&settings, name, "a", SOURCE_CONFIG, &error), 0);
    ck_assert_int_eq(settings_set(&settings, name, "b", SOURCE_CONFIG, &error), 0);
    ck_assert_uint_eq(texts->count, 2);
    ck_assert_int_eq(settings_set(&settings, name, "c", SOURCE_COMMAND_LINE, &error), 0);
    ck_assert_int_eq(settings_set(&settings, name, "d", SOURCE_COMMAND_LINE, &error), 0);
    ck_assert_int_eq(settings_set(&settings, name, "e", SOURCE_CONFIG, &error), 0);
    ck_assert_uint_eq(texts->count, 2);
    ck_assert_str_eq(texts->texts[0], "c");
    ck_assert_str_eq(texts->texts[1], "d");
    ck_assert_int_eq(settings_set(&settings, name, "", SOURCE_COMMAND_LINE, &error), -1);
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

/* argv ends in NULL; the line is freed by the caller. */
static int read_line(struct command_line *line, char **argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    error = (struct error){0};
    return command_line_read(line, command_find(argv[0]), argc, argv, &error);
}

START_TEST(the_command_line_is_read)
{
    struct command_line line;
    char *argv[] = {"run", "a.jpg",     "-o", "out", "--points-per-side=8",
                    "b",   "--overlay", "-t", "2",   NULL};
    ck_assert_msg(read_line(&line, argv) == 0, "%s", error.text);
    ck_assert_int_eq(line.operand_count, 2);
    ck_assert_str_eq(line.operands[0], "a.jpg");
    ck_assert_str_eq(line.operands[1], "b");
    ck_assert_str_eq(line.settings.output, "out");
    ck_assert_int_eq(line.settings.generator.points_per_side, 8);
    ck_assert_int_eq(line.settings.threads, 2);
    ck_assert(line.settings.overlay);
    command_line_free(&line);
}
END_TEST

START_TEST(a_command_has_its_own_options_and_defaults)
{
    struct command_line line;
    char *bench[] = {"bench", "--set", "points-per-side=4", "-t", "2", NULL};
    ck_assert_msg(read_line(&line, bench) == 0, "%s", error.text);
    ck_assert_int_eq(line.settings.generator.points_per_side, 4);
    ck_assert_int_eq(line.settings.threads, 2);
    ck_assert_int_eq(line.settings.repeat, 3);
    ck_assert_ptr_null(line.operands[0]);
    command_line_free(&line);
    char *export[] = {"export", "in", "-o", "out", NULL};
    ck_assert_msg(read_line(&line, export) == 0, "%s", error.text);
    ck_assert_ptr_null(line.settings.format);
    ck_assert_int_eq(line.settings.shard_images, 1000);
    ck_assert(!settings_given(&line.settings, "ids"));
    command_line_free(&line);
}
END_TEST

START_TEST(a_wrong_command_line_is_named)
{
    static char *const bad[][4] = {
        {"run", "--no-such", NULL},
        {"run", "--threads", NULL},
        {"run", "-z", NULL},
        {"run", "--threads=x", NULL},
        {"eval", "--threads=0", NULL}, /* `run` takes it */
        {"bench", "--overlay", NULL},
        {"bench", "--set", "no-such=1", NULL},
        {"bench", "--set", "set=threads=1", NULL},
        {"eval", "--annotator=-1", NULL},
        {"status", NULL},
        {"info", "a", "b", NULL},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct command_line line;
        char *argv[5] = {bad[i][0], bad[i][1], bad[i][2], bad[i][3], NULL};
        ck_assert_int_eq(read_line(&line, argv), -1);
        ck_assert_int_eq(error.code, ERROR_USAGE);
        ck_assert_ptr_nonnull(strchr(error.text, '-'));
        command_line_free(&line);
    }
}
END_TEST

START_TEST(every_option_belongs_to_a_command_once)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(table[i].traits & FOR_ALL, "%s", table[i].name);
        for (size_t j = 0; j < i; j++)
            if (table[i].traits & table[j].traits & FOR_ALL) {
                ck_assert_str_ne(table[i].name, table[j].name);
                ck_assert(!table[i].letter || table[i].letter != table[j].letter);
            }
    }
}
END_TEST

/* The program's table and the generator's name the same defaults and ranges. */
START_TEST(the_generators_own_table_agrees)
{
    size_t count, found = 0;
    const struct setting *table = settings_table(&count);
    for (size_t i = 0; i < count; i++) {
        char key[64];
        settings_key(&table[i], key, sizeof key);
        for (int id = 0; id < GENERATOR_OPTIONS; id++) {
            const struct generator_option *option = generator_option((enum generator_option_id)id);
            if (strcmp(option->key, key) != 0 || !(table[i].traits & FOR_RUN))
                continue;
            found++;
            ck_assert_double_eq(generator_options_get(&settings.generator, option),
                                option->standard);
            ck_assert_int_eq(!!(table[i].traits & MODEL_DEFAULT),
                             !!(option->flags & GENERATOR_MODEL_DEFAULT));
            if (table[i].kind == SETTING_INT || table[i].kind == SETTING_REAL) {
                ck_assert_double_eq(table[i].range.least, option->least);
                ck_assert_double_eq(table[i].range.most, option->most);
            }
        }
    }
    ck_assert_uint_eq(found, GENERATOR_OPTIONS - 1); /* --crop-layers is a list */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *tests = tcase_create("settings");
    tcase_add_checked_fixture(tests, begin, end);
    tcase_add_test(tests, the_generators_own_table_agrees);
    tcase_add_test(tests, defaults_are_the_references);
    tcase_add_test(tests, a_stronger_source_wins_in_any_order);
    tcase_add_test(tests, every_value_reads_back_from_its_text);
    tcase_add_test(tests, texts_of_one_source_add_up);
    tcase_add_test(tests, values_out_of_range_are_named);
    tcase_add_test(tests, the_command_line_is_read);
    tcase_add_test(tests, a_command_has_its_own_options_and_defaults);
    tcase_add_test(tests, every_option_belongs_to_a_command_once);
    tcase_add_test(tests, a_wrong_command_line_is_named);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
