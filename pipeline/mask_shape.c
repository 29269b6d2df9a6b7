#include "pipeline/mask_shape.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "rle/rle.h"

/* The foreground of one column: rows y .. y + length - 1. */
struct strip {
    uint32_t x, y, length;
};

/* Walks over the foreground strip by strip, left to right and top to bottom. */
struct strips {
    const struct rle *rle;
    size_t run;     /* the next foreground run */
    uint64_t at;    /* column-major index where the rest of this run begins */
    uint64_t left;  /* pixels left of this run */
    uint64_t total; /* pixels in all runs up to `run` */
};

static int strips_next(struct strips *strips, struct strip *strip)
{
    const struct rle *rle = strips->rle;
    while (strips->left == 0) {
        if (strips->run + 1 >= rle->length)
            return 0;
        strips->at = strips->total + rle->counts[strips->run];
        strips->left = rle->counts[strips->run + 1];
        strips->total = strips->at + strips->left;
        strips->run += 2;
    }
    strip->x = (uint32_t)(strips->at / rle->height);
    strip->y = (uint32_t)(strips->at % rle->height);
    uint64_t room = rle->height - strip->y;
    strip->length = (uint32_t)(strips->left < room ? strips->left : room);
    strips->at += strip->length;
    strips->left -= strip->length;
    return 1;
}

void mask_shape_centroid(const struct rle *rle, double xy[2])
{
    struct strips strips = {.rle = rle};
    struct strip strip;
    double x = 0, y = 0, count = 0;
    while (strips_next(&strips, &strip)) {
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

/* Twice the signed area of the triangle; above 0 for a turn from a over b to c. */
static double turn(struct corner a, struct corner b, struct corner c)
{
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

/* Appends a corner to a chain that turns one way only; returns its new length. */
static size_t chain_add(struct corner *chain, size_t length, struct corner corner, double sign)
{
    while (length >= 2 && sign * turn(chain[length - 2], chain[length - 1], corner) <= 0)
        length--;
    chain[length] = corner;
    return length + 1;
}

/* Highest and lowest edge of each column of the mask's box; top above bottom where it is empty. */
static void column_edges(const struct rle *rle, const struct box *box, uint32_t *top,
                         uint32_t *bottom)
{
    struct strips strips = {.rle = rle};
    struct strip strip;
    for (int32_t i = 0; i <= box->x1 - box->x0; i++) {
        top[i] = UINT32_MAX;
        bottom[i] = 0;
    }
    while (strips_next(&strips, &strip)) {
        uint32_t i = strip.x - (uint32_t)box->x0;
        if (strip.y < top[i])
            top[i] = strip.y;
        if (strip.y + strip.length > bottom[i])
            bottom[i] = strip.y + strip.length;
    }
}

/* Andrew's monotone chain over the corners of the columns' ends. */
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
