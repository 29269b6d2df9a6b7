#include "filters/regions.h"

#include <stdlib.h>

#include "base/memory.h"
#include "rle/rle.h"
#include "rle/strips.h"

/* Pixels (column, start) to (column, end - 1), and a node of the union-find forest of regions. */
struct region_strip {
    uint32_t column, start, end;
    uint32_t parent; /* index of a strip of the same region, not after this one */
    uint64_t area;   /* pixels of the region, if the strip is its own parent */
};

void regions_free(struct regions *regions)
{
    free(regions->strips);
    free(regions->ranges);
    *regions = (struct regions){0};
}

static uint32_t find_root(struct region_strip *strips, uint32_t i)
{
    while (strips[i].parent != i) {
        strips[i].parent = strips[strips[i].parent].parent;
        i = strips[i].parent;
    }
    return i;
}

static void join(struct region_strip *strips, uint32_t a, uint32_t b)
{
    a = find_root(strips, a);
    b = find_root(strips, b);
    if (a == b)
        return;
    uint32_t first = a < b ? a : b, second = a < b ? b : a;
    strips[second].parent = first;
    strips[first].area += strips[second].area;
}

/* Lists the strips of the background or the foreground, at first each its own region. */
static int list_strips(struct regions *regions, const struct rle *rle, bool background,
                       struct error *error)
{
    struct rle_strips walk = {.rle = rle, .background = background};
    struct rle_strip strip;
    regions->count = 0;
    while (rle_strips_next(&walk, &strip)) {
        if (regions->count == regions->capacity &&
            memory_grow((void **)&regions->strips, &regions->capacity, regions->count + 1,
                        sizeof *regions->strips, error))
            return -1;
        uint32_t self = (uint32_t)regions->count++;
        regions->strips[self] =
            (struct region_strip){strip.x, strip.y, strip.y + strip.length, self, strip.length};
    }
    return 0;
}

/* Joins strips of neighbouring columns that touch, also diagonally. `before` walks through the
 * column on the left while i walks through its own. */
static void join_strips(struct regions *regions)
{
    struct region_strip *strips = regions->strips;
    size_t before = 0;
    for (size_t i = 0; i < regions->count; i++) {
        while (before < i && (strips[before].column + 1 < strips[i].column ||
                              (strips[before].column + 1 == strips[i].column &&
                               strips[before].end < strips[i].start)))
            before++;
        for (size_t j = before;
             strips[j].column + 1 == strips[i].column && strips[j].start <= strips[i].end; j++)
            join(strips, (uint32_t)i, (uint32_t)j);
    }
}

static bool has_small(const struct regions *regions, uint64_t min_area)
{
    for (size_t i = 0; i < regions->count; i++)
        if (regions->strips[i].parent == i && regions->strips[i].area < min_area)
            return true;
    return false;
}

/* Makes *rle the mask of all regions of at least `min_area` pixels and of the region `only`. */
static int keep_strips(struct regions *regions, struct rle *rle, uint64_t min_area, uint32_t only,
                       struct error *error)
{
    size_t length = 0;
    if (memory_grow((void **)&regions->ranges, &regions->range_capacity, 2 * regions->count,
                    sizeof *regions->ranges, error))
        return -1;
    for (size_t i = 0; i < regions->count; i++) {
        const struct region_strip *strip = &regions->strips[i];
        uint32_t root = find_root(regions->strips, (uint32_t)i);
        if (root != only && regions->strips[root].area < min_area)
            continue;
        uint32_t start = strip->column * rle->height + strip->start;
        if (length > 0 && regions->ranges[length - 1] == start)
            length--;
        else
            regions->ranges[length++] = start;
        regions->ranges[length++] = strip->column * rle->height + strip->end;
    }
    return rle_from_ranges(rle, rle->height, rle->width, regions->ranges, length / 2, error);
}

int regions_fill_holes(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                       struct error *error)
{
    *changed = false;
    if (list_strips(regions, rle, true, error))
        return -1;
    join_strips(regions);
    if (!has_small(regions, min_area))
        return 0;
    *changed = true;
    if (keep_strips(regions, rle, min_area, UINT32_MAX, error))
        return -1;
    return rle_invert(rle, error);
}

/* The root of the largest region. Of equal ones, OpenCV labels first the one that comes first in
 * blocks of 2 x 2 pixels, row by row. */
static uint32_t largest_region(struct regions *regions)
{
    uint32_t largest = 0;
    uint64_t area = 0, block = 0;
    for (size_t i = 0; i < regions->count; i++) {
        const struct region_strip *strip = &regions->strips[i];
        uint32_t root = find_root(regions->strips, (uint32_t)i);
        uint64_t here = (uint64_t)(strip->start / 2) << 32 | strip->column / 2;
        if (regions->strips[root].area < area ||
            (regions->strips[root].area == area && here >= block))
            continue;
        largest = root;
        area = regions->strips[root].area;
        block = here;
    }
    return largest;
}

int regions_drop_islands(struct regions *regions, struct rle *rle, uint64_t min_area, bool *changed,
                         uint64_t *largest, struct error *error)
{
    *changed = false;
    if (list_strips(regions, rle, false, error))
        return -1;
    join_strips(regions);
    uint32_t root = regions->count ? largest_region(regions) : 0;
    if (largest)
        *largest = regions->count ? regions->strips[root].area : 0;
    if (!has_small(regions, min_area))
        return 0;
    *changed = true;
    return keep_strips(regions, rle, min_area, root, error);
}
