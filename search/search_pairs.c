/* search_pairs.c - all rows near each query: each thread collects what it finds; then all is sorted. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "search/search.h"
#include "search/search_scan.h"

/* What one thread has found in a group of queries. */
struct catch
{
    struct search_pairs pairs;
    size_t most, first; /* first: the group's first query */
};

static int refuse_many(size_t most, struct error *error)
{
    return error_set(error, ERROR_USAGE, "more than %zu pairs are so similar: raise the threshold",
                     most);
}

static int found_pair(struct search_lane *lane, size_t query, struct search_hit hit)
{
    struct catch *catch = lane->state;
    struct search_pairs *pairs = &catch->pairs;
    if (pairs->count == catch->most)
        return refuse_many(catch->most, lane->error);
    if (memory_grow((void **)&pairs->items, &pairs->capacity, pairs->count + 1,
                    sizeof *pairs->items, lane->error))
        return -1;
    pairs->items[pairs->count++] = (struct search_pair){catch->first + query, hit};
    return 0;
}

static int compare_pairs(const void *left, const void *right)
{
    const struct search_pair *a = left, *b = right;
    if (a->query != b->query)
        return a->query < b->query ? -1 : 1;
    return a->hit.row < b->hit.row ? -1 : a->hit.row > b->hit.row;
}

/* Appends what a thread has found, and empties that. */
static int gather(struct search_pairs *all, struct catch *catch, struct error *error)
{
    struct search_pairs *from = &catch->pairs;
    if (from->count > catch->most - all->count)
        return refuse_many(catch->most, error);
    if (from->count == 0)
        return 0;
    if (memory_grow((void **)&all->items, &all->capacity, all->count + from->count,
                    sizeof *all->items, error))
        return -1;
    memcpy(all->items + all->count, from->items, from->count * sizeof *from->items);
    all->count += from->count;
    from->count = 0;
    return 0;
}

/* The pairs of one group of queries, sorted, to the end of `pairs`. */
static int take_group(const struct search_scan *scan, size_t first, struct search_pairs *pairs,
                      struct error *error)
{
    const size_t before = pairs->count;
    for (int t = 0; t < scan->threads; t++)
        ((struct catch *)scan->states[t])->first = first;
    int status = search_scan(scan, error);
    for (int t = 0; status == 0 && t < scan->threads; t++)
        status = gather(pairs, scan->states[t], error);
    if (status == 0 && pairs->count > before)
        qsort(pairs->items + before, pairs->count - before, sizeof *pairs->items, compare_pairs);
    return status;
}

int search_pairs(const struct search_nearest *search, const struct search_query *queries,
                 size_t count, struct search_pairs *pairs, struct error *error)
{
    const size_t threads = (size_t)search->threads;
    struct catch *catches = memory_new(threads, sizeof *catches, "pairs", error);
    void **states = memory_new(threads, sizeof *states, "pairs", error);
    int status = catches && states ? 0 : -1;
    for (size_t t = 0; status == 0 && t < threads; t++) {
        catches[t].most = search->most;
        states[t] = &catches[t];
    }
    pairs->count = 0;
    for (size_t first = 0; status == 0 && first < count; first += SEARCH_GROUP) {
        const struct search_scan scan = {.rows = &search->rows,
                                         .queries = queries + first,
                                         .count = count - first < SEARCH_GROUP ? count - first
                                                                               : SEARCH_GROUP,
                                         .least = search->least,
                                         .threads = search->threads,
                                         .found = found_pair,
                                         .states = states};
        status = take_group(&scan, first, pairs, error);
    }
    for (size_t t = 0; catches && t < threads; t++)
        free(catches[t].pairs.items);
    memory_free(catches);
    memory_free(states);
    return status;
}
