#include "program/report/report_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "program/report/report_rows.h"

static int by_name(const void *left, const void *right)
{
    const struct report_row *one = *(const struct report_row *const *)left;
    const struct report_row *other = *(const struct report_row *const *)right;
    int order = strcmp(one->name, other->name);
    return order ? order : (one > other) - (one < other);
}

int report_names_make(struct report_names *names, const struct report_rows *rows,
                      struct error *error)
{
    names->rows = rows;
    names->list = memory_new(rows->count, sizeof *names->list, "names of images", error);
    if (!names->list)
        return -1;
    for (size_t i = 0; i < rows->count; i++)
        names->list[i] = &rows->items[i];
    qsort(names->list, rows->count, sizeof *names->list, by_name);
    return 0;
}

/* The place of the first row that is not before row `from` of that name. */
static size_t lower_bound(const struct report_names *names, const char *name, size_t from)
{
    size_t first = 0, end = names->rows->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        const struct report_row *row = names->list[middle];
        int order = strcmp(row->name, name);
        if (order < 0 || (order == 0 && (size_t)(row - names->rows->items) < from))
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

const struct report_row *report_names_find(const struct report_names *names, const char *name,
                                           size_t from)
{
    size_t at = lower_bound(names, name, from);
    for (; at < names->rows->count && strcmp(names->list[at]->name, name) == 0; at++)
        if (names->list[at]->status == REPORT_DONE)
            return names->list[at];
    return NULL;
}

void report_names_free(struct report_names *names)
{
    memory_free(names->list);
    *names = (struct report_names){0};
}
