/* search_nearest.c - the nearest rows of each query: each thread keeps those of the rows that it has seen, in a heap
 * with the worst on top. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "search/search.h"
#include "search/search_scan.h"

/* Heaps of all threads have about this many bytes at most, or there are fewer queries at a time. */
enum { HEAP_BYTES = 64 << 20 };

/* The heaps of one thread. */
struct heaps {
    struct search_hit *items; /* [queries][most] */
    size_t *counts;           /* [queries] */
    size_t most, width;
};

static bool is_better(struct search_hit a, struct search_hit b)
{
    return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

static void sift_down(struct search_hit *heap, size_t count, struct search_hit hit)
{
    size_t at = 0;
    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && is_better(heap[child], heap[child + 1]))
            child++;
        if (!is_better(hit, heap[child]))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = hit;
}

static void sift_up(struct search_hit *heap, size_t at, struct search_hit hit)
{
    for (; at && is_better(heap[(at - 1) / 2], hit); at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = hit;
}

/* Puts a hit into the query's heap, if it belongs there. Returns whether the heap is full. */
static bool heaps_put(struct heaps *heaps, size_t query, struct search_hit hit)
{
    struct search_hit *heap = heaps->items + query * heaps->most;
    if (heaps->counts[query] < heaps->most)
        sift_up(heap, heaps->counts[query]++, hit);
    else if (is_better(hit, heap[0]))
        sift_down(heap, heaps->most, hit);
    return heaps->counts[query] == heaps->most;
}

static int found_row(struct search_lane *lane, size_t query, struct search_hit hit)
{
    struct heaps *heaps = lane->state;
    if (heaps_put(heaps, query, hit)) {
        const struct search_hit *worst = heaps->items + query * heaps->most;
        const float limit = search_limit(worst->similarity, heaps->width);
        if (limit > lane->limits[query])
            lane->limits[query] = limit;
    }
    return 0;
}

/* Joins the heaps of all threads in those of the first, and sorts each. */
static void join(struct heaps *heaps, int threads, size_t count)
{
    for (size_t q = 0; q < count; q++) {
        for (int t = 1; t < threads; t++)
            for (size_t i = 0; i < heaps[t].counts[q]; i++)
                heaps_put(&heaps[0], q, heaps[t].items[q * heaps[t].most + i]);
        struct search_hit *heap = heaps[0].items + q * heaps[0].most;
        for (size_t left = heaps[0].counts[q]; left > 1; left--) {
            const struct search_hit worst = heap[0];
            sift_down(heap, left - 1, heap[left - 1]);
            heap[left - 1] = worst;
        }
    }
}

/* Heaps and lanes of all threads. Those of the first thread are the results. */
struct party {
    struct heaps *heaps; /* owned: [threads] */
    void **states;       /* owned: [threads] */
    struct search_hit *items;
    size_t *counts;
};

static int party_begin(struct party *party, const struct search_nearest *search, size_t group,
                       struct error *error)
{
    const size_t threads = (size_t)search->threads, others = threads - 1;
    party->heaps = memory_new(threads, sizeof *party->heaps, "search heaps", error);
    party->states = memory_new(threads, sizeof *party->states, "search heaps", error);
    party->items =
        memory_new(others * group, search->most * sizeof *party->items, "search heaps", error);
    party->counts = memory_new(others * group, sizeof *party->counts, "search heaps", error);
    if (!party->heaps || !party->states || !party->items || !party->counts)
        return -1;
    for (size_t t = 0; t < threads; t++) {
        party->heaps[t] = (struct heaps){NULL, NULL, search->most, search->rows.width};
        party->states[t] = &party->heaps[t];
    }
    for (size_t t = 1; t < threads; t++) {
        party->heaps[t].items = party->items + (t - 1) * group * search->most;
        party->heaps[t].counts = party->counts + (t - 1) * group;
    }
    return 0;
}

static void party_end(struct party *party)
{
    memory_free(party->heaps);
    memory_free(party->states);
    memory_free(party->items);
    memory_free(party->counts);
}

/* How many queries are searched for at a time. */
static size_t choose_group(const struct search_nearest *search)
{
    const size_t room =
        HEAP_BYTES / sizeof(struct search_hit) / search->most / (size_t)search->threads;
    return room < 1 ? 1 : room < SEARCH_GROUP ? room : SEARCH_GROUP;
}

int search_nearest(const struct search_nearest *search, const struct search_query *queries,
                   size_t count, struct search_hit *hits, size_t *found, struct error *error)
{
    const size_t group = choose_group(search);
    struct party party = {0};
    int status = party_begin(&party, search, group, error);
    memset(found, 0, count * sizeof *found);
    for (size_t first = 0; status == 0 && first < count; first += group) {
        const struct search_scan scan = {.rows = &search->rows,
                                         .queries = queries + first,
                                         .count = count - first < group ? count - first : group,
                                         .least = search->least,
                                         .threads = search->threads,
                                         .found = found_row,
                                         .states = party.states};
        party.heaps[0].items = hits + first * search->most;
        party.heaps[0].counts = found + first;
        memset(party.counts, 0, (size_t)(search->threads - 1) * group * sizeof *party.counts);
        status = search_scan(&scan, error);
        if (status == 0)
            join(party.heaps, search->threads, scan.count);
    }
    party_end(&party);
    return status;
}
