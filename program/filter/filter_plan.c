/* filter_plan.c - which filters are applied, and whether their order matters.
 *
 * A run applies its filters in the order of enum step. To the records of a run, a filter is applied
 * after all of the run's own. The masks are still those of a run with both if each own filter that comes
 * later commutes with the new one, for any masks:
 *
 * - A threshold of predicted IoU keeps the first masks of the ranking that NMS within a crop, NMS of
 *   masks, containment, max_masks and `better` follow: what they decide of these masks depends on no
 *   later one. Cross-crop NMS, the NMS of the clean-up and `smaller` rank otherwise.
 * - Conditions on one mask's own numbers commute with each other, unless a clean-up changes the
 *   numbers between them; not with NMS, where a mask that goes may have suppressed one that stays.
 * - Two max_masks are one. Any other pair may give other masks.
 */
#include "program/filter/filter_plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "jobs/runfile.h"
#include "program/filter/filter_source.h"
#include "program/settings.h"
#include "records/record.h"

enum step {
    PRED_IOU,
    STABILITY,
    COVER,
    BOX_NMS,
    CROP_NMS,
    TILES, /* the join of tiles */
    CLEAN,
    CLEAN_NMS, /* the box NMS of the reference's clean-up */
    MIN_AREA,
    MAX_AREA,
    MASK_NMS,
    CONTAINMENT,
    MAX_MASKS,
    SMALLER,
    BETTER,
    STEPS
};

#define BIT(step) (1u << (step))

/* Later steps that commute with a step; those without an entry commute with none. */
static const unsigned commuting[STEPS] = {
    [PRED_IOU] = BIT(PRED_IOU) | BIT(STABILITY) | BIT(COVER) | BIT(BOX_NMS) | BIT(CLEAN) |
                 BIT(MIN_AREA) | BIT(MAX_AREA) | BIT(MASK_NMS) | BIT(CONTAINMENT) | BIT(MAX_MASKS) |
                 BIT(BETTER),
    [STABILITY] = BIT(STABILITY) | BIT(COVER) | BIT(CLEAN) | BIT(MIN_AREA) | BIT(MAX_AREA),
    [COVER] = BIT(COVER) | BIT(MIN_AREA) | BIT(MAX_AREA),
    [MIN_AREA] = BIT(MIN_AREA) | BIT(MAX_AREA),
    [MAX_AREA] = BIT(MAX_AREA),
    [MAX_MASKS] = BIT(MAX_MASKS),
};

/* How values of an option compare: which lets fewer masks through. */
enum order { HIGHER_IS_STRICTER, LOWER_IS_STRICTER, ZERO_IS_NONE, ONE_OR_OTHER };

static const struct rule {
    enum generator_option_id id;
    enum step step;
    enum order order; /* ZERO_IS_NONE: lower is stricter, but for 0 */
    unsigned needs;   /* RECORD_NO_... bit of what it works with */
} rules[] = {
    {GENERATOR_PRED_IOU_THRESH, PRED_IOU, HIGHER_IS_STRICTER, RECORD_NO_IOU},
    {GENERATOR_STABILITY_SCORE_THRESH, STABILITY, HIGHER_IS_STRICTER, RECORD_NO_STABILITY},
    {GENERATOR_MAX_AREA_FRACTION, COVER, ZERO_IS_NONE, 0},
    {GENERATOR_BOX_NMS_THRESH, BOX_NMS, LOWER_IS_STRICTER, RECORD_NO_IOU},
    {GENERATOR_CROP_NMS_THRESH, CROP_NMS, LOWER_IS_STRICTER, RECORD_NO_CROP},
    {GENERATOR_MIN_MASK_REGION_AREA, CLEAN, HIGHER_IS_STRICTER, 0},
    {GENERATOR_REGION_CLEANUP, CLEAN, ONE_OR_OTHER, 0},
    {GENERATOR_MIN_AREA, MIN_AREA, HIGHER_IS_STRICTER, 0},
    {GENERATOR_MAX_AREA, MAX_AREA, ZERO_IS_NONE, 0},
    {GENERATOR_MASK_NMS_THRESH, MASK_NMS, LOWER_IS_STRICTER, RECORD_NO_IOU},
    {GENERATOR_CONTAINMENT_THRESH, CONTAINMENT, LOWER_IS_STRICTER, RECORD_NO_IOU},
    {GENERATOR_MAX_MASKS, MAX_MASKS, ZERO_IS_NONE, RECORD_NO_IOU},
    {GENERATOR_NON_OVERLAPPING, SMALLER, ONE_OR_OTHER, RECORD_NO_IOU},
};
enum { RULES = sizeof rules / sizeof *rules };

/* The options in work. */
struct planning {
    struct filter_plan *plan;
    const struct settings *given;
    const struct filter_source *source;
    const char *records;
    unsigned passed; /* steps that the records have gone through; bits */
};

static bool is_known(const struct planning *planning, enum generator_option_id id)
{
    return settings_given(&planning->source->settings, generator_option(id)->key);
}

static double own_value(const struct planning *planning, enum generator_option_id id)
{
    return generator_options_get(&planning->source->settings.generator, generator_option(id));
}

/* The own value of an option, or, if the records do not say it, the one with which it is off. */
static double passed_value(const struct planning *planning, enum generator_option_id id, double off)
{
    return is_known(planning, id) ? own_value(planning, id) : off;
}

static bool cleans_with_nms(const struct planning *planning)
{
    return own_value(planning, GENERATOR_REGION_CLEANUP) == REGION_CLEANUP_AMG &&
           (own_value(planning, GENERATOR_BOX_NMS_THRESH) < 1 &&
            own_value(planning, GENERATOR_CROP_NMS_THRESH) < 1);
}

/* The steps that the records say they have gone through. */
static unsigned steps_passed(const struct planning *planning)
{
    const struct settings *own = &planning->source->settings;
    double overlap = passed_value(planning, GENERATOR_NON_OVERLAPPING, NON_OVERLAPPING_OFF);
    bool crops = settings_given(own, "crop-n-layers") && own->generator.crop_n_layers > 0;
    bool cleaned = passed_value(planning, GENERATOR_MIN_MASK_REGION_AREA, 0) > 0;
    const bool passed[STEPS] = {
        [PRED_IOU] = passed_value(planning, GENERATOR_PRED_IOU_THRESH, 0) > 0,
        [STABILITY] = passed_value(planning, GENERATOR_STABILITY_SCORE_THRESH, 0) > 0,
        [COVER] = passed_value(planning, GENERATOR_MAX_AREA_FRACTION, 0) > 0,
        [BOX_NMS] = passed_value(planning, GENERATOR_BOX_NMS_THRESH, 1) < 1,
        [CROP_NMS] = crops && passed_value(planning, GENERATOR_CROP_NMS_THRESH, 1) < 1,
        [TILES] = settings_given(own, "tile") && own->generator.tile > 0,
        [CLEAN] = cleaned,
        [CLEAN_NMS] = cleaned && cleans_with_nms(planning),
        [MIN_AREA] = passed_value(planning, GENERATOR_MIN_AREA, 0) > 0,
        [MAX_AREA] = passed_value(planning, GENERATOR_MAX_AREA, 0) > 0,
        [MASK_NMS] = passed_value(planning, GENERATOR_MASK_NMS_THRESH, 1) < 1,
        [CONTAINMENT] = passed_value(planning, GENERATOR_CONTAINMENT_THRESH, 1) < 1,
        [MAX_MASKS] = passed_value(planning, GENERATOR_MAX_MASKS, 0) > 0,
        [SMALLER] = overlap == NON_OVERLAPPING_SMALLER,
        [BETTER] = overlap == NON_OVERLAPPING_BETTER,
    };
    unsigned bits = 0;
    for (int step = 0; step < STEPS; step++)
        bits |= passed[step] ? BIT(step) : 0;
    return bits;
}

/* Whether `value` lets masks through, or leaves pixels, that the own one has taken away. Of a clean-up,
 * the kind alone says nothing. */
static bool is_looser(const struct planning *planning, const struct rule *rule, double value)
{
    double own = own_value(planning, rule->id);
    switch (rule->order) {
    case HIGHER_IS_STRICTER:
        return value < own;
    case LOWER_IS_STRICTER: /* without crops, that of crops has not acted */
        return value > own && (rule->step != CROP_NMS || (planning->passed & BIT(CROP_NMS)));
    case ZERO_IS_NONE:
        return own > 0 && (value == 0 || value > own);
    case ONE_OR_OTHER:
        return rule->step == SMALLER && (planning->passed & (BIT(SMALLER) | BIT(BETTER)));
    }
    return false;
}

/* The text of an option's value, as the user writes it. */
static void value_text(const struct settings *settings, const char *key, char *text, size_t size)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    char own[64];
    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        settings_key(&table[i], own, sizeof own);
        if ((table[i].traits & FOR_RUN) && strcmp(own, key) == 0) {
            snprintf(text, size, "--%s ", table[i].name);
            settings_text(settings, &table[i], text + strlen(text), size - strlen(text));
        }
    }
}

/* Adds "--name value" to a list of at most `size` bytes, unless it is there. */
static void add_text(char *list, size_t size, const char *text)
{
    size_t used = strlen(list);
    if (!strstr(list, text))
        snprintf(list + used, size - used, "%s%s", used ? ", " : "", text);
}

/* The key of the option that makes a step. */
static const char *step_key(enum step step)
{
    if (step == TILES)
        return "tile";
    if (step == CLEAN_NMS)
        step = CLEAN;
    if (step == BETTER)
        step = SMALLER;
    for (size_t i = 0; i < RULES; i++)
        if (rules[i].step == step)
            return generator_option(rules[i].id)->key;
    return "";
}

/* Lists for a message. */
struct texts {
    char given[FILTER_NOTE / 2], own[FILTER_NOTE / 2];
};

static void add_texts(const struct planning *planning, const char *given, const char *own,
                      struct texts *texts)
{
    char text[128];
    value_text(planning->given, given, text, sizeof text);
    add_text(texts->given, sizeof texts->given, text);
    value_text(&planning->source->settings, own, text, sizeof text);
    add_text(texts->own, sizeof texts->own, text);
}

/* Adds to the lists if the records have gone through steps that `rule` cannot follow. */
static void note_order(const struct planning *planning, const struct rule *rule,
                       struct texts *texts)
{
    unsigned not_before = ~(BIT(rule->step) - 1);
    unsigned troubling = planning->passed & not_before & ~commuting[rule->step];
    /* The kind of a clean-up matters to masks that have been cleaned up, or with min_mask_region_area. */
    if (rule->id == GENERATOR_REGION_CLEANUP && !(planning->passed & BIT(CLEAN)))
        return;
    for (int step = 0; step < STEPS; step++)
        if (troubling & BIT(step))
            add_texts(planning, generator_option(rule->id)->key, step_key((enum step)step), texts);
}

static void add_need(struct filter_plan *plan, const struct rule *rule, double value)
{
    bool is_nms = rule->step == BOX_NMS || rule->step == CROP_NMS;
    bool is_score = rule->step == PRED_IOU || rule->step == STABILITY;
    double off = is_score ? 0 : generator_option(rule->id)->standard;
    /* `smaller` asks for the predicted IoU only where areas are equal. */
    bool rarely = rule->step == SMALLER && value == NON_OVERLAPPING_SMALLER;
    if (rule->needs && !rarely && (is_nms || value != off))
        plan->needs[plan->need_count++] =
            (struct filter_need){rule->needs, generator_option(rule->id)->key};
}

/* Takes over a given option. */
static int apply(struct planning *planning, const struct rule *rule, struct error *error)
{
    struct filter_plan *plan = planning->plan;
    const struct generator_option *option = generator_option(rule->id);
    double value = generator_options_get(&planning->given->generator, option);
    if (generator_options_set(&plan->options, option, value, error))
        return -1;
    plan->applied[plan->applied_count++] = option->key;
    plan->box_nms = plan->box_nms || rule->step == BOX_NMS;
    plan->crop_nms = plan->crop_nms || rule->step == CROP_NMS;
    add_need(plan, rule, value);
    return 0;
}

static void write_notes(const struct planning *planning, const struct texts *looser,
                        const struct texts *order)
{
    struct filter_plan *plan = planning->plan;
    if (*looser->given)
        snprintf(plan->looser, FILTER_NOTE, "%s was made with %s: %s brings nothing back",
                 planning->records, looser->own, looser->given);
    if (*order->given)
        snprintf(plan->order, FILTER_NOTE,
                 "%s has been through %s: a run with %s may give other masks", planning->records,
                 order->own, order->given);
}

static int apply_given(struct planning *planning, struct error *error)
{
    struct texts looser = {"", ""}, order = {"", ""};
    for (size_t i = 0; i < RULES; i++) {
        const struct rule *rule = &rules[i];
        const struct generator_option *option = generator_option(rule->id);
        double value = generator_options_get(&planning->given->generator, option);
        bool known = is_known(planning, rule->id);
        if (!settings_given(planning->given, option->key) ||
            (known && value == own_value(planning, rule->id)))
            continue;
        if (known && is_looser(planning, rule, value)) {
            add_texts(planning, option->key, option->key, &looser);
            continue;
        }
        if (apply(planning, rule, error))
            return -1;
        note_order(planning, rule, &order);
    }
    write_notes(planning, &looser, &order);
    return 0;
}

/* All filters off. But the thresholds of box NMS are those of the reference's clean-up, too, and a run
 * applies max_area_fraction again to masks whose holes a clean-up has filled. */
static void begin_options(struct planning *planning)
{
    static const enum generator_option_id kept[] = {
        GENERATOR_BOX_NMS_THRESH, GENERATOR_CROP_NMS_THRESH, GENERATOR_REGION_CLEANUP,
        GENERATOR_MAX_AREA_FRACTION};
    struct generator_options *options = &planning->plan->options;
    struct error never;
    generator_options_default(options);
    options->pred_iou_thresh = 0;
    options->stability_score_thresh = 0;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (is_known(planning, kept[i]))
            generator_options_set(options, generator_option(kept[i]), own_value(planning, kept[i]),
                                  &never);
}

static int read_fields(struct filter_plan *plan, const struct settings *given,
                       const struct settings *own, struct error *error)
{
    const char *list = given->fields ? given->fields : own->fields;
    if (!list || record_fields_parse(&plan->fields, list, error) == 0)
        return 0;
    return error_prefix(error, "--fields %s", list);
}

int filter_plan(struct filter_plan *plan, const struct settings *given,
                const struct filter_source *source, const char *records, struct error *error)
{
    struct planning planning = {plan, given, source, records, 0};
    const struct settings *own = &source->settings;
    *plan = (struct filter_plan){.tiles = own->generator.tile > 0,
                                 .crops_known = settings_given(own, "crop-n-layers"),
                                 .crops = own->generator.crop_n_layers > 0};
    planning.passed = steps_passed(&planning);
    begin_options(&planning);
    if (apply_given(&planning, error) || generator_options_check(&plan->options, error))
        return -1;
    return read_fields(plan, given, own, error);
}

/* Whether an option says of the new records what the source's own file does not. */
static bool is_new(const struct setting *setting, const struct settings *given,
                   const struct filter_plan *plan)
{
    char key[64];
    settings_key(setting, key, sizeof key);
    for (size_t i = 0; i < plan->applied_count; i++)
        if (strcmp(plan->applied[i], key) == 0)
            return true;
    return strcmp(key, "fields") == 0 && given->fields;
}

int filter_plan_fields(const struct filter_plan *plan, const struct settings *given,
                       const struct filter_source *source, struct runfile_list *fields,
                       struct error *error)
{
    size_t count;
    const struct setting *table = settings_table(&count);
    int status = filter_source_fields(source, fields, error);
    for (size_t i = 0; status == 0 && i < count; i++) {
        char text[4096];
        if (!(table[i].traits & FOR_FILTER) || !is_new(&table[i], given, plan))
            continue;
        settings_text(given, &table[i], text, sizeof text);
        status = runfile_set(fields, table[i].name, text, error);
    }
    return status;
}
