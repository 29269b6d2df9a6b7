#include "program/similar/neighbours.h"

#include <string.h>

#include "base/memory.h"
#include "search/search.h"
#include "search/search_index.h"

/* Rows of one group, and what was found for them. Masks elsewhere lie in two ranges, before the image and behind
 * it, so there each row has two queries. */
struct group {
    struct search_query *queries; /* owned: [2 * SEARCH_GROUP] */
    struct search_hit *hits;      /* owned: [2 * SEARCH_GROUP][most] */
    size_t *found;                /* owned: [2 * SEARCH_GROUP] */
    struct search_hit *joined;    /* owned: [most] */
    size_t rows, ranges;
};

static int group_make(struct group *group, size_t most, struct error *error)
{
    const size_t room = 2 * SEARCH_GROUP;
    group->queries = memory_new(room, sizeof *group->queries, "neighbours", error);
    group->hits = memory_new(room, most * sizeof *group->hits, "neighbours", error);
    group->found = memory_new(room, sizeof *group->found, "neighbours", error);
    group->joined = memory_new(most, sizeof *group->joined, "neighbours", error);
    return group->queries && group->hits && group->found && group->joined ? 0 : -1;
}

static void group_free(struct group *group)
{
    memory_free(group->queries);
    memory_free(group->hits);
    memory_free(group->found);
    memory_free(group->joined);
}

static void fill(const struct neighbours *neighbours, struct group *group, uint64_t first)
{
    const struct search_rows rows = search_index_rows(neighbours->index);
    group->rows = rows.count - first < SEARCH_GROUP ? rows.count - first : SEARCH_GROUP;
    group->ranges = neighbours->elsewhere ? 2 : 1;
    for (size_t i = 0; i < group->rows; i++) {
        const uint64_t row = first + i;
        struct search_query *query = group->queries + i * group->ranges;
        *query = (struct search_query){rows.halves + row * rows.width, 0, rows.count, row};
        if (neighbours->elsewhere) {
            const struct search_item own =
                search_index_item(neighbours->index, search_index_place(neighbours->index, row));
            query[1] = query[0];
            query[0].end = own.first;
            query[1].first = own.first + own.rows;
        }
    }
}

/* The nearest of both ranges of a row, in order: those before the image have the lower rows. Returns how many. */
static size_t join(const struct group *group, size_t row, size_t most)
{
    const size_t query = row * group->ranges;
    const struct search_hit *a = group->hits + query * most, *b = a + most;
    size_t left_a = group->found[query], count = 0;
    size_t left_b = group->ranges == 2 ? group->found[query + 1] : 0;
    while (count < most && left_a + left_b) {
        const bool first = left_b == 0 || (left_a && a->similarity >= b->similarity);
        group->joined[count++] = first ? *a++ : *b++;
        left_a -= first;
        left_b -= !first;
    }
    return count;
}

int neighbours_find(const struct neighbours *neighbours, neighbours_visit *visit, void *context,
                    struct error *error)
{
    const struct search_nearest search = {search_index_rows(neighbours->index), neighbours->most,
                                          neighbours->least, neighbours->threads};
    struct group group = {0};
    int status = group_make(&group, neighbours->most, error);
    for (uint64_t first = 0; status == 0 && first < search.rows.count; first += group.rows) {
        fill(neighbours, &group, first);
        status = search_nearest(&search, group.queries, group.rows * group.ranges, group.hits,
                                group.found, error);
        for (size_t i = 0; status == 0 && i < group.rows; i++)
            status =
                visit(context, first + i, group.joined, join(&group, i, neighbours->most), error);
    }
    group_free(&group);
    return status;
}
