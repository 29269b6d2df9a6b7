#include "rle/polygon_fill.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "rle/rle.h"

enum { FINE = 5, MIDDLE = 2 }; /* fifths of a pixel; a pixel's middle lies in its third one */

struct point {
    int64_t x, y; /* fifths of a pixel */
};

/* The walk along the outline. */
struct walk {
    const struct rle *rle;
    struct point last;
    bool begun;
    uint32_t *flips; /* [count] owned: column-major indices where inside and outside change */
    size_t count, capacity;
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Goes on to the next point, which is at most one fifth away. */
static int walk_to(struct walk *walk, struct point to, struct error *error)
{
    const struct point last = walk->last;
    const int64_t height = walk->rle->height, width = walk->rle->width;
    int64_t x = smaller(last.x, to.x) - MIDDLE, y = smaller(last.y, to.y) - MIDDLE;
    bool crossing = walk->begun && last.x != to.x && x >= 0 && x % FINE == 0 && x / FINE < width;
    walk->last = to;
    walk->begun = true;
    if (!crossing)
        return 0;
    if (memory_grow((void **)&walk->flips, &walk->capacity, walk->count + 1, sizeof *walk->flips,
                    error))
        return -1;
    int64_t row = y > 0 ? smaller((y + FINE - 1) / FINE, height) : 0;
    walk->flips[walk->count++] = (uint32_t)(x / FINE * height + row);
    return 0;
}

/* One point for each step along the longer side. Points between the ends are rounded as if the edge
 * ran upwards along that side, whichever way it runs: so both ways give the same points. */
static int walk_edge(struct walk *walk, struct point from, struct point to, struct error *error)
{
    int64_t dx = llabs(to.x - from.x), dy = llabs(to.y - from.y);
    bool wide = dx >= dy, backwards = wide ? from.x > to.x : from.y > to.y;
    int64_t length = wide ? dx : dy;
    struct point low = backwards ? to : from, high = backwards ? from : to;
    double slope =
        wide ? (double)(high.y - low.y) / (double)dx : (double)(high.x - low.x) / (double)dy;
    for (int64_t i = 0; i <= length; i++) {
        int64_t step = backwards ? length - i : i;
        /* An edge without length has no slope. */
        double across = (double)(wide ? low.y : low.x) + (length ? slope * (double)step : 0) + 0.5;
        struct point point = wide ? (struct point){low.x + step, (int64_t)across}
                                  : (struct point){(int64_t)across, low.y + step};
        if (walk_to(walk, point, error))
            return -1;
    }
    return 0;
}

static bool is_near(double place, uint32_t side)
{
    return place >= -(double)side && place <= 2 * (double)side; /* false if it is not a number */
}

static struct point fine(const double *xy)
{
    return (struct point){(int64_t)(FINE * xy[0] + 0.5), (int64_t)(FINE * xy[1] + 0.5)};
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int fill_between(struct rle *rle, uint32_t *flips, size_t count, struct error *error)
{
    if (count)
        qsort(flips, count, sizeof *flips, compare);
    rle_begin(rle, rle->height, rle->width);
    for (size_t i = 0; i < count; i += 2) {
        uint32_t end = i + 1 < count ? flips[i + 1] : rle->height * rle->width;
        if (flips[i] < end && rle_add(rle, flips[i], end, error))
            return -1;
    }
    return rle_end(rle, error);
}

int polygon_fill(struct rle *rle, const double *xy, size_t corners, struct error *error)
{
    struct walk walk = {.rle = rle};
    int status = 0;
    for (size_t i = 0; i < corners; i++)
        if (!is_near(xy[2 * i], rle->width) || !is_near(xy[2 * i + 1], rle->height))
            return error_set(error, ERROR_RECORD,
                             "a polygon's corner [%g, %g] lies far outside the image", xy[2 * i],
                             xy[2 * i + 1]);
    for (size_t i = 0; status == 0 && i < corners; i++)
        status = walk_edge(&walk, fine(&xy[2 * i]), fine(&xy[2 * ((i + 1) % corners)]), error);
    if (status == 0)
        status = fill_between(rle, walk.flips, walk.count, error);
    free(walk.flips);
    return status;
}
