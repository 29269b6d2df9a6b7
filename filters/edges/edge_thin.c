#include "filters/edges/edge_thin.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/memory.h"

enum {
    AROUND = 8,
    EAST = 0,
    NORTH_EAST = 1,
    NORTH_WEST = 3,
    WEST = 4,
    SOUTH_WEST = 5,
    SOUTH_EAST = 7
};

/* Whether a pixel whose neighbours are x[0..8), from the east against the clock, is removed in the first
 * or the second pass. */
static bool is_removed(const uint8_t *x, bool second)
{
    int crossings = 0, pairs = 0, other_pairs = 0;
    for (int i = 0; i < AROUND; i += 2) {
        const int next = (i + 2) % AROUND;
        crossings += !x[i] && (x[i + 1] || x[next]);
        pairs += x[i] || x[i + 1];
        other_pairs += x[i + 1] || x[next];
    }
    const int fewer = pairs < other_pairs ? pairs : other_pairs;
    if (crossings != 1 || fewer < 2 || fewer > 3)
        return false;
    const int to = second ? WEST : EAST;
    const int beside = second ? SOUTH_WEST : NORTH_EAST;
    const int across = second ? NORTH_WEST : SOUTH_EAST;
    return !((x[beside] || x[(beside + 1) % AROUND] || !x[across]) && x[to]);
}

/* Lists the pixels of `list` that a pass removes; *list then has those that stay. The map has a frame of
 * zeros and rows of `stride`. */
static size_t pass(const uint8_t *map, size_t stride, const size_t *list, size_t count, bool second,
                   size_t *removed)
{
    const ptrdiff_t row = (ptrdiff_t)stride;
    const ptrdiff_t around[AROUND] = {1, 1 - row, -row, -1 - row, -1, row - 1, row, row + 1};
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t x[AROUND];
        for (int k = 0; k < AROUND; k++)
            x[k] = map[list[i] + (size_t)around[k]];
        if (is_removed(x, second))
            removed[found++] = list[i];
    }
    return found;
}

/* Sets `removed` to 0 in the map and drops them from the list. Returns how many are left. */
static size_t drop(uint8_t *map, const size_t *removed, size_t removed_count, size_t *list,
                   size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < removed_count; i++)
        map[removed[i]] = 0;
    for (size_t i = 0; i < count; i++)
        if (map[list[i]])
            list[left++] = list[i];
    return left;
}

static void thin(uint8_t *framed, size_t stride, size_t *list, size_t count, size_t *removed)
{
    for (size_t gone = 1; gone > 0;) {
        gone = 0;
        for (int second = 0; second < 2; second++) {
            const size_t found = pass(framed, stride, list, count, second, removed);
            count = drop(framed, removed, found, list, count);
            gone += found;
        }
    }
}

int edge_thin(struct size size, uint8_t *map, struct error *error)
{
    const size_t width = (size_t)size.width, height = (size_t)size.height, stride = width + 2;
    uint8_t *framed = memory_new(height + 2, stride, "edges", error);
    size_t *list = framed ? memory_new(2 * width * height, sizeof *list, "edges", error) : NULL;
    size_t count = 0;
    for (size_t y = 0; list && y < height; y++)
        for (size_t x = 0; x < width; x++)
            if (map[y * width + x]) {
                const size_t at = (y + 1) * stride + x + 1;
                framed[at] = 1;
                list[count++] = at;
            }
    if (list)
        thin(framed, stride, list, count, list + width * height);
    for (size_t y = 0; list && y < height; y++)
        for (size_t x = 0; x < width; x++)
            map[y * width + x] = framed[(y + 1) * stride + x + 1];
    const int status = list ? 0 : -1;
    memory_free(list);
    memory_free(framed);
    return status;
}
