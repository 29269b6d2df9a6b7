#include "filters/regions.h"

#include <stdlib.h>

#include "base/memory.h"
#include "rle/rle.h"
#include "rle/strips.h"

/* Pixels (column, start) to (column, end - 1), and a node of the forest of regions. */
struct region_run {
    uint32_t column, start, end;
    uint32_t parent; /* index of a run of the same region that is not behind this one */
    uint64_t area;   /* pixels of the region, where the run is its own parent */
};

void regions_free(struct regions *regions)
{
    free(regions->runs);
    free(regions->ranges);
    *regions = (struct regions){0};
}

static uint32_t find_root(struct region_run *runs, uint32_t i)
{
    while (runs[i].parent != i) {
        runs[i].parent = runs[runs[i].parent].parent;
        i = runs[i].parent;
    }
    return i;
}

static void join(struct region_run *runs, uint32_t a, uint32_t b)
{
    a = find_root(runs, a);
    b = find_root(runs, b);
    if (a == b)
        return;
    uint32_t first = a < b ? a : b, second = a < b ? b : a;
    runs[second].parent = first;
    runs[first].area += runs[second].area;
}

/* Lists the strips of the background or the foreground, each a region by itself. */
static int list_runs(struct regions *regions, const struct rle *rle, bool background,
                     struct error *error)
{
    struct rle_strips strips = {.rle = rle, .background = background};
    struct rle_strip strip;
    regions->count = 0;
    while (rle_strips_next(&strips, &strip)) {
        if (regions->count == regions->capacity &&
            memory_grow((void **)&regions->runs, &regions->capacity, regions->count + 1,
                        sizeof *regions->runs, error))
            return -1;
        uint32_t self = (uint32_t)regions->count++;
        regions->runs[self] =
            (struct region_run){strip.x, strip.y, strip.y + strip.length, self, strip.length};
    }
    return 0;
}

/* Joins runs of neighbouring columns that touch, diagonally too. `before` walks through the column
 * on the left while i walks through its own. */
static void join_runs(struct regions *regions)
{
    struct region_run *runs = regions->runs;
    size_t before = 0;
    for (size_t i = 0; i < regions->count; i++) {
        while (before < i &&
               (runs[before].column + 1 < runs[i].column ||
                (runs[before].column + 1 == runs[i].column && runs[before].end < runs[i].start)))
            before++;
        for (size_t j = before;
             runs[j].column + 1 == runs[i].column && runs[j].start <= runs[i].end; j++)
            join(runs, (uint32_t)i, (uint32_t)j);
    }
}

static bool has_small(const struct regions *regions, uint64_t min_area)
{
    for (size_t i = 0; i < regions->count; i++)
        if (regions->runs[i].parent == i && regions->runs[i].area < min_area)
            return true;
    return false;
}

/* The mask of all runs whose region has at least `min_area` pixels, or of the region `only`. */
static int keep_runs(struct regions *regions, struct rle *rle, uint64_t min_area, uint32_t only,
                     struct error *error)
{
    size_t length = 0;
    if (memory_grow((void **)&regions->ranges, &regions->range_capacity, 2 * regions->count,
                    sizeof *regions->ranges, error))
        return -1;
    for (size_t i = 0; i < regions->count; i++) {
        const struct region_run *run = &regions->runs[i];
        uint32_t root = find_root(regions->runs, (uint32_t)i);
        if (root != only && regions->runs[root].area < min_area)
            continue;
        uint32_t start = run->column * rle->height + run->start;
        if (length > 0 && regions->ranges[length - 1] == start)
            length--;
        else
            regions->ranges[length++] = start;
        regions->ranges[length++] = run->column * rle->height + run->end;
    }
    return rle_from_ranges(rle, rle->height, rle->width, regions->ranges, length / 2, error);
}

int regions_fill_holes(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                       struct error *error)
{
    *changed = false;
    if (list_runs(regions, rle, true, error))
        return -1;
    join_runs(regions);
    if (!has_small(regions, min_area))
        return 0;
    *changed = true;
    if (keep_runs(regions, rle, min_area, UINT32_MAX, error))
        return -1;
    return rle_invert(rle, error);
}

/* The root of the largest region. Of equal ones OpenCV labels first what comes first in blocks of
 * 2 x 2 pixels, row by row. */
static uint32_t largest_region(struct regions *regions)
{
    uint32_t largest = 0;
    uint64_t area = 0, block = 0;
    for (size_t i = 0; i < regions->count; i++) {
        const struct region_run *run = &regions->runs[i];
        uint32_t root = find_root(regions->runs, (uint32_t)i);
        uint64_t here = (uint64_t)(run->start / 2) << 32 | run->column / 2;
        if (regions->runs[root].area < area || (regions->runs[root].area == area && here >= block))
            continue;
        largest = root;
        area = regions->runs[root].area;
        block = here;
    }
    return largest;
}

int regions_drop_islands(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                         uint64_t *largest, struct error *error)
{
    *changed = false;
    if (list_runs(regions, rle, false, error))
        return -1;
    join_runs(regions);
    uint32_t root = regions->count ? largest_region(regions) : 0;
    if (largest)
        *largest = regions->count ? regions->runs[root].area : 0;
    if (!has_small(regions, min_area))
        return 0;
    *changed = true;
    return keep_runs(regions, rle, min_area, root, error);
}
