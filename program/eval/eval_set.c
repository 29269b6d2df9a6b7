#include "program/eval/eval_set.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "program/eval/eval_lines.h"

/* ---- sums ---- */

struct reading {
    struct eval_set *set;
    bool classes;
};

/* The class of a category, which is added if it is new; NULL with ERROR_MEMORY. */
static struct eval_class *find_class(struct eval_set *set, int32_t category, struct error *error)
{
    size_t low = 0, high = set->class_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->classes[middle].category < category)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < set->class_count && set->classes[low].category == category)
        return &set->classes[low];
    if (memory_grow((void **)&set->classes, &set->class_capacity, set->class_count + 1,
                    sizeof *set->classes, error))
        return NULL;
    memmove(set->classes + low + 1, set->classes + low,
            (set->class_count - low) * sizeof *set->classes);
    set->classes[low] = (struct eval_class){.category = category};
    set->class_count++;
    return &set->classes[low];
}

/* Whether a segment before segment `index` has its category. */
static bool is_repeated(const struct eval_image *outcome, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (outcome->segments[i].category == outcome->segments[index].category)
            return true;
    return false;
}

/* Adds an image to each class that it has. */
static int add_classes(struct eval_set *set, const struct eval_image *outcome, struct error *error)
{
    for (size_t i = 0; i < outcome->segment_count; i++) {
        const int32_t category = outcome->segments[i].category;
        if (category == 0 || is_repeated(outcome, i))
            continue;
        struct eval_class *class = find_class(set, category, error);
        if (!class || eval_sums_add(&class->sums, outcome, category, error))
            return -1;
    }
    return 0;
}

static int add_outcome(void *context, const struct eval_image *outcome, struct error *error)
{
    const struct reading *reading = context;
    struct eval_set *set = reading->set;
    if (!outcome) {
        set->all.failed++;
        return 0;
    }
    if (eval_sums_add(&set->all, outcome, EVAL_ALL_CATEGORIES, error))
        return -1;
    return reading->classes ? add_classes(set, outcome, error) : 0;
}

int eval_set_read(struct eval_set *set, const struct eval_lines *lines, size_t index, bool classes,
                  struct error *error)
{
    struct reading reading = {set, classes};
    return eval_lines_each(lines, index, add_outcome, &reading, error);
}

void eval_set_free(struct eval_set *set)
{
    for (size_t i = 0; i < set->class_count; i++)
        eval_sums_free(&set->classes[i].sums);
    free(set->classes);
    eval_sums_free(&set->all);
    *set = (struct eval_set){0};
}

/* ---- rows ---- */

/* A new row; NULL with ERROR_MEMORY. */
static struct eval_row *new_row(struct eval_rows *rows, const char *name, const char *label,
                                struct error *error)
{
    char *own = strdup(name), *own_label = label ? strdup(label) : NULL;
    if (!own || (label && !own_label) ||
        memory_grow((void **)&rows->items, &rows->capacity, rows->count + 1, sizeof *rows->items,
                    error)) {
        free(own);
        free(own_label);
        error_set(error, ERROR_MEMORY, "no memory for the figures of %s", name);
        return NULL;
    }
    struct eval_row *row = &rows->items[rows->count++];
    *row = (struct eval_row){.name = own, .label = own_label};
    return row;
}

int eval_rows_add(struct eval_rows *rows, struct eval_sums *sums, const char *name,
                  const char *label, struct error *error)
{
    struct eval_row *row = new_row(rows, name, label, error);
    if (!row)
        return -1;
    row->images = sums->images;
    row->failed = sums->failed;
    row->segments = sums->recall[RANGE_ALL].segments;
    row->count = eval_figures(sums, row->figures);
    return 0;
}

double eval_row_figure(const struct eval_row *row, const char *name)
{
    for (size_t i = 0; i < row->count; i++)
        if (strcmp(row->figures[i].name, name) == 0)
            return row->figures[i].value;
    return (double)NAN;
}

int eval_rows_mean(struct eval_rows *rows, struct error *error)
{
    const size_t count = rows->count;
    uint64_t with[EVAL_FIGURES] = {0};
    struct eval_row *mean = new_row(rows, "mean", NULL, error);
    if (!mean)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct eval_row *row = &rows->items[i];
        if (row->label)
            continue;
        mean->images += row->images;
        mean->failed += row->failed;
        mean->segments += row->segments;
        mean->count = row->count;
        for (size_t f = 0; f < row->count; f++) {
            memcpy(mean->figures[f].name, row->figures[f].name, sizeof row->figures[f].name);
            if (isnan(row->figures[f].value))
                continue;
            mean->figures[f].value += row->figures[f].value;
            with[f]++;
        }
    }
    for (size_t f = 0; f < mean->count; f++)
        if (strncmp(mean->figures[f].name, "segments", 8) != 0) /* those are added up */
            mean->figures[f].value =
                with[f] ? mean->figures[f].value / (double)with[f] : (double)NAN;
    return 0;
}

void eval_rows_free(struct eval_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->items[i].name);
        free(rows->items[i].label);
    }
    free(rows->items);
    *rows = (struct eval_rows){0};
}
