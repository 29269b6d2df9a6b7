/* The plan of `filter`: on records that have been through filters of their own, it gives the masks of a run
 * with all of these filters, or it says that it may not. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "found_masks.h"
#include "pipeline/refilter.h"
#include "program/filter/filter_plan.h"
#include "program/filter/filter_source.h"

/* Values of each filter, from loose to strict, such that some of them act on these masks. */
static const struct choice {
    const char *name, *values[3];
} choices[] = {
    {"pred-iou-thresh", {"0.2", "0.4", "0.6"}},
    {"stability-score-thresh", {"0.2", "0.4", "0.6"}},
    {"max-area-fraction", {"0.1", "0.07", "0.05"}},
    {"box-nms-thresh", {"0.6", "0.4", "0.2"}},
    {"crop-nms-thresh", {"0.6", "0.4", "0.2"}},
    {"min-mask-region-area", {"3", "5", "9"}},
    {"min-area", {"20", "40", "60"}},
    {"max-area", {"200", "150", "120"}},
    {"mask-nms-thresh", {"0.5", "0.3", "0.1"}},
    {"containment-thresh", {"0.8", "0.6", "0.4"}},
    {"max-masks", {"12", "9", "6"}},
    {"non-overlapping", {"smaller", "better", "smaller"}},
};
enum { CHOICES = sizeof choices / sizeof *choices };

static void set(struct settings *settings, const char *name, const char *value,
                enum setting_source from)
{
    struct error error;
    ck_assert_msg(settings_set(settings, name, value, from, &error) == 0, "%s", error.text);
}

static void begin(struct settings *settings, unsigned command)
{
    struct error error;
    ck_assert_int_eq(settings_init(settings, command, &error), 0);
}

/* A run with all filters off, as its run.json says. */
static void begin_run(struct settings *settings, bool with_crops)
{
    begin(settings, FOR_RUN);
    set(settings, "pred-iou-thresh", "0", SOURCE_CONFIG);
    set(settings, "stability-score-thresh", "0", SOURCE_CONFIG);
    set(settings, "box-nms-thresh", "1", SOURCE_CONFIG);
    set(settings, "crop-nms-thresh", with_crops ? "1" : "0.7", SOURCE_CONFIG);
    set(settings, "crop-n-layers", with_crops ? "1" : "0", SOURCE_CONFIG);
}

/* A run, what is given, and a run with both. */
struct trial {
    struct filter_source source;
    struct settings given, both;
    size_t crop_count;
};

/* Few of the run's filters, one or two given ones. */
static void draw(struct trial *trial, struct random *random)
{
    bool with_crops = random_below(random, 2);
    *trial = (struct trial){.crop_count = with_crops ? CROPS : 1};
    begin_run(&trial->source.settings, with_crops);
    begin_run(&trial->both, with_crops);
    begin(&trial->given, FOR_FILTER);
    const char *cleanup = random_below(random, 2) ? "amg" : "sa1b";
    set(&trial->source.settings, "region-cleanup", cleanup, SOURCE_CONFIG);
    set(&trial->both, "region-cleanup", cleanup, SOURCE_CONFIG);
    size_t first = random_below(random, CHOICES), second = random_below(random, 2 * CHOICES);
    for (size_t i = 0; i < CHOICES; i++) {
        uint32_t own = random_below(random, 2);
        uint32_t given = own + random_below(random, 2);
        if (random_below(random, 6) == 0) {
            set(&trial->source.settings, choices[i].name, choices[i].values[own], SOURCE_CONFIG);
            set(&trial->both, choices[i].name, choices[i].values[own], SOURCE_CONFIG);
        }
        if (i == first || i == second) {
            set(&trial->given, choices[i].name, choices[i].values[given], SOURCE_COMMAND_LINE);
            set(&trial->both, choices[i].name, choices[i].values[given], SOURCE_COMMAND_LINE);
        }
    }
    settings_read_choices(&trial->source.settings);
    settings_read_choices(&trial->given);
    settings_read_choices(&trial->both);
}

static void end(struct trial *trial)
{
    filter_source_free(&trial->source);
    settings_free(&trial->given);
    settings_free(&trial->both);
}

static bool same(const struct mask_list *a, const struct mask_list *b)
{
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++) {
        const struct rle *one = &a->items[i].rle, *other = &b->items[i].rle;
        equal = a->items[i].point[0] == b->items[i].point[0] && one->length == other->length &&
                memcmp(one->counts, other->counts, one->length * sizeof *one->counts) == 0;
    }
    return equal;
}

/* Whether the plan's masks are those of a run with both. */
static bool is_exact(const struct trial *trial, const struct filter_plan *plan, uint64_t seed)
{
    const struct refilter how = {&plan->options, plan->box_nms, plan->tiles,
                                 plan->crop_nms && plan->crops};
    struct mask_list found =
        generate_image(seed, trial->crop_count, &trial->source.settings.generator);
    struct mask_list expected = generate_image(seed, trial->crop_count, &trial->both.generator);
    struct error error;
    ck_assert_int_eq(refilter(&found, &how, (struct size){SIDE, SIDE}, &error), 0);
    bool equal = same(&found, &expected);
    mask_list_free(&found);
    mask_list_free(&expected);
    return equal;
}

START_TEST(what_may_differ_is_said)
{
    struct random random = {99};
    int exact = 0, differ = 0, looser = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct trial trial;
        struct filter_plan plan;
        struct error error;
        draw(&trial, &random);
        ck_assert_int_eq(filter_plan(&plan, &trial.given, &trial.source, "records", &error), 0);
        if (*plan.looser) {
            looser++;
        } else if (*plan.order) {
            differ += !is_exact(&trial, &plan, seed);
        } else {
            ck_assert_msg(is_exact(&trial, &plan, seed), "trial %d", (int)seed);
            exact++;
        }
        end(&trial);
    }
    ck_assert_int_gt(exact, 500);
    ck_assert_int_gt(differ, 300);
    ck_assert_int_gt(looser, 20);
}
END_TEST

/* Own filter, given filter, whether their order matters: the table of docs/filtering.md. */
static const struct {
    const char *own, *own_value, *given, *value;
    bool matters;
} pairs[] = {
    {"box-nms-thresh", "0.7", "pred-iou-thresh", "0.5", false},
    {"crop-nms-thresh", "0.7", "pred-iou-thresh", "0.5", true},
    {"min-mask-region-area", "9", "pred-iou-thresh", "0.5", false}, /* NMS at 1 */
    {"non-overlapping", "better", "pred-iou-thresh", "0.5", false},
    {"non-overlapping", "smaller", "pred-iou-thresh", "0.5", true},
    {"tile", "512", "pred-iou-thresh", "0.5", true},
    {"tile", "512", "min-area", "5", false},
    {"box-nms-thresh", "0.7", "stability-score-thresh", "0.5", true},
    {"max-area", "90", "stability-score-thresh", "0.5", false},
    {"max-masks", "9", "stability-score-thresh", "0.5", true},
    {"box-nms-thresh", "0.7", "box-nms-thresh", "0.5", true},
    {"box-nms-thresh", "0.7", "crop-nms-thresh", "0.5", false},
    {"box-nms-thresh", "0.7", "max-area-fraction", "0.5", true},
    {"box-nms-thresh", "0.7", "min-area", "5", false},
    {"box-nms-thresh", "0.7", "mask-nms-thresh", "0.5", false},
    {"mask-nms-thresh", "0.7", "min-area", "5", true},
    {"max-masks", "9", "max-masks", "5", false},
    {"non-overlapping", "better", "max-masks", "5", true},
    {"min-mask-region-area", "9", "max-area-fraction", "0.5", true},
    {"min-mask-region-area", "9", "stability-score-thresh", "0.5", false},
    {"max-area-fraction", "0.9", "min-mask-region-area", "9", false},
    {"max-masks", "9", "mask-nms-thresh", "0.5", true},
    {"box-nms-thresh", "0.7", "box-nms-thresh", "0.7", false}, /* nothing to do */
};

START_TEST(the_order_matters_where_the_manual_says_so)
{
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct filter_source source = {0};
        struct settings given;
        struct filter_plan plan;
        struct error error;
        begin_run(&source.settings, true);
        begin(&given, FOR_FILTER);
        set(&source.settings, pairs[i].own, pairs[i].own_value, SOURCE_CONFIG);
        set(&given, pairs[i].given, pairs[i].value, SOURCE_COMMAND_LINE);
        settings_read_choices(&source.settings);
        settings_read_choices(&given);
        ck_assert_int_eq(filter_plan(&plan, &given, &source, "records", &error), 0);
        ck_assert_msg((*plan.order != 0) == pairs[i].matters, "%s %s, given %s: '%s'", pairs[i].own,
                      pairs[i].own_value, pairs[i].given, plan.order);
        filter_source_free(&source);
        settings_free(&given);
    }
}
END_TEST

/* The package's clean-up ends with an NMS that does not rank by predicted IoU; the paper's does not. */
START_TEST(clean_up_may_have_an_nms_of_its_own)
{
    for (int paper = 0; paper < 2; paper++) {
        struct filter_source source = {0};
        struct settings given;
        struct filter_plan plan;
        struct error error;
        begin_run(&source.settings, false);
        begin(&given, FOR_FILTER);
        set(&source.settings, "box-nms-thresh", "0.7", SOURCE_CONFIG);
        set(&source.settings, "min-mask-region-area", "9", SOURCE_CONFIG);
        set(&source.settings, "region-cleanup", paper ? "sa1b" : "amg", SOURCE_CONFIG);
        set(&given, "pred-iou-thresh", "0.5", SOURCE_COMMAND_LINE);
        settings_read_choices(&source.settings);
        ck_assert_int_eq(filter_plan(&plan, &given, &source, "records", &error), 0);
        ck_assert_int_eq(*plan.order == 0, paper);
        filter_source_free(&source);
        settings_free(&given);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filter_plan");
    TCase *tests = tcase_create("filter_plan");
    tcase_add_test(tests, what_may_differ_is_said);
    tcase_add_test(tests, the_order_matters_where_the_manual_says_so);
    tcase_add_test(tests, clean_up_may_have_an_nms_of_its_own);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
