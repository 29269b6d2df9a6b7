#include "rle/mask_shape.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "rle/rle.h"
#include "rle/strips.h"

void mask_shape_centroid(const struct rle *rle, double xy[2])
{
    struct rle_strips strips = {.rle = rle};
    struct rle_strip strip;
    double x = 0, y = 0, count = 0;
    while (rle_strips_next(&strips, &strip)) {
        double length = strip.length;
        count += length;
        x += length * strip.x;
        y += length * (strip.y + (length - 1) / 2);
    }
    xy[0] = count > 0 ? x / count : 0;
    xy[1] = count > 0 ? y / count : 0;
}

struct corner {
    double x, y;
};

/* Twice the signed area of triangle abc; its sign is the direction of the turn at b. */
static double turn(struct corner a, struct corner b, struct corner c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/* Appends a corner to a chain that turns in one direction only. Returns the new length. */
static size_t chain_add(struct corner *chain, size_t length, struct corner corner, double sign)
{
    while (length >= 2 && sign * turn(chain[length - 2], chain[length - 1], corner) <= 0)
        length--;
    chain[length] = corner;
    return length + 1;
}

/* Highest and lowest edge in each column of the mask's box. bottom is 0 in an empty column. */
static void column_edges(const struct rle *rle, const struct box *box, uint32_t *top,
                         uint32_t *bottom)
{
    struct rle_strips strips = {.rle = rle};
    struct rle_strip strip;
    for (int32_t i = 0; i <= box->x1 - box->x0; i++) {
        top[i] = UINT32_MAX;
        bottom[i] = 0;
    }
    while (rle_strips_next(&strips, &strip)) {
        uint32_t i = strip.x - (uint32_t)box->x0;
        if (strip.y < top[i])
            top[i] = strip.y;
        if (strip.y + strip.length > bottom[i])
            bottom[i] = strip.y + strip.length;
    }
}

/* Andrew's monotone chain over the corners at the ends of the columns. */
static double hull_area(const uint32_t *top, const uint32_t *bottom, size_t columns,
                        struct corner *upper, struct corner *lower)
{
    size_t above = 0, below = 0;
    for (size_t i = 0; i < columns; i++) {
        if (bottom[i] == 0)
            continue;
        for (size_t side = 0; side < 2; side++) {
            double x = (double)(i + side);
            above = chain_add(upper, above, (struct corner){x, top[i]}, 1);
            below = chain_add(lower, below, (struct corner){x, bottom[i]}, -1);
        }
    }
    double area = 0;
    for (size_t i = 1; i < below; i++)
        area += (lower[i].x - lower[i - 1].x) * (lower[i].y + lower[i - 1].y) / 2;
    for (size_t i = 1; i < above; i++)
        area -= (upper[i].x - upper[i - 1].x) * (upper[i].y + upper[i - 1].y) / 2;
    return area;
}

int mask_shape_hull_area(const struct rle *rle, double *area, struct error *error)
{
    *area = 0;
    if (rle_area(rle) == 0)
        return 0;
    struct box box = rle_box(rle);
    size_t columns = (size_t)(box.x1 - box.x0) + 1;
    uint32_t *edges = memory_new(2 * columns, sizeof *edges, "convex hull", error);
    struct corner *chains =
        edges ? memory_new(4 * columns + 2, sizeof *chains, "convex hull", error) : NULL;
    if (chains) {
        column_edges(rle, &box, edges, edges + columns);
        *area = hull_area(edges, edges + columns, columns, chains, chains + 2 * columns + 1);
    }
    memory_free(chains);
    memory_free(edges);
    return chains ? 0 : -1;
}
