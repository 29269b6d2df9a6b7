#include <math.h>
#include <stdio.h>

#include "program/eval/eval_sums.h"

/* The list while it is made. */
struct figures {
    struct eval_figure *items; /* [EVAL_FIGURES] */
    size_t count;
    const char *suffix; /* of the range: "_small" */
};

static void add(struct figures *figures, double value, const char *name)
{
    struct eval_figure *figure = &figures->items[figures->count++];
    snprintf(figure->name, sizeof figure->name, "%s%s", name, figures->suffix);
    figure->value = value;
}

/* As add, with a number in the name: "ar_at_%d". */
static void add_numbered(struct figures *figures, double value, const char *format, int number)
{
    char name[32];
    snprintf(name, sizeof name, format, number);
    add(figures, value, name);
}

static void add_range(struct figures *figures, struct eval_sums *sums, enum eval_range range)
{
    add(figures, (double)sums->recall[range].segments, "segments");
    add(figures, eval_miou_best_of_3(sums, range), "miou_best_of_3");
    add(figures, eval_miou(sums, range, 1), "miou_1_click");
    for (int clicks = 2; clicks <= EVAL_CLICKS_MAX; clicks++)
        add_numbered(figures, eval_miou(sums, range, clicks), "miou_%d_clicks", clicks);
    add(figures, eval_miou_box(sums, range), "miou_box");
    for (int limit = 0; limit < RECALL_LIMITS; limit++)
        add_numbered(figures, eval_average_recall(sums, range, limit, RECALL_THRESHOLDS),
                     "ar_at_%d", (int)recall_limits[limit]);
    for (int limit = 0; limit < RECALL_LIMITS; limit++)
        add_numbered(figures, eval_average_recall(sums, range, limit, 1), "ar50_at_%d",
                     (int)recall_limits[limit]);
    add(figures, eval_average_precision(sums, range, 0, RECALL_THRESHOLDS), "ap");
    for (int level = 0; level < EVAL_LEVELS; level++)
        add_numbered(figures, eval_precision(sums, range, CURVE_EVERY, level), "precision_%d",
                     eval_levels[level]);
    for (int level = 0; level < EVAL_LEVELS; level++)
        add_numbered(figures, eval_recall(sums, range, CURVE_EVERY, level), "recall_%d",
                     eval_levels[level]);
}

size_t eval_figures(struct eval_sums *sums, struct eval_figure figures[EVAL_FIGURES])
{
    static const char *const suffixes[RANGES] = {"", "_small", "_medium", "_large"};
    struct figures list = {.items = figures, .suffix = ""};
    const bool masks = sums->images > 0 && !sums->of_category;
    add(&list, masks ? (double)sums->masks / (double)sums->images : (double)NAN, "masks_per_image");
    add(&list, eval_pearson(sums), "iou_correlation");
    for (int range = 0; range < RANGES; range++) {
        list.suffix = suffixes[range];
        add_range(&list, sums, (enum eval_range)range);
    }
    return list.count;
}
