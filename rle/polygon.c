/* polygon.c - rings from the vertical edges between columns.
 *
 * There is a vertical edge wherever a column differs from its left neighbour. The ends of edges on
 * one horizontal line, sorted from left to right, pair up: a horizontal edge joins the first to the
 * second, the third to the fourth, and so on. Following the edges gives the rings.
 */
#include "rle/polygon.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "rle/rle.h"
#include "rle/strips.h"

/* A corner of a ring. Vertical edge e leads from corner 2 e to corner 2 e + 1. */
struct corner {
    int32_t x, y;
    size_t next;
    size_t ring;
};

/* An edge's end, for sorting line by line, from left to right. */
struct end {
    int32_t y, x;
    int32_t rank; /* of two at one point, the lower takes the left horizontal edge */
    size_t corner;
};

struct ring {
    size_t first; /* first corner of its leftmost edge; of several such edges, the uppermost */
    size_t outer; /* for a hole: the ring around it; else itself */
};

struct trace {
    struct rle_strip *strips;
    size_t strip_count, strip_capacity;
    struct corner *corners;
    size_t edge_count, corner_count, corner_capacity;
    struct end *ends;   /* [2 * edge_count] */
    size_t *tails;      /* [2 * edge_count]: last corner on the horizontal edge that begins here */
    struct ring *rings; /* from left to right by their leftmost edges */
    size_t ring_count, ring_capacity;
};

static int list_strips(struct trace *trace, const struct rle *rle, struct error *error)
{
    struct rle_strips walk = {.rle = rle};
    struct rle_strip strip;
    while (rle_strips_next(&walk, &strip)) {
        if (memory_grow((void **)&trace->strips, &trace->strip_capacity, trace->strip_count + 1,
                        sizeof *trace->strips, error))
            return -1;
        trace->strips[trace->strip_count++] = strip;
    }
    return 0;
}

/* Adds the edge from (x, from) to (x, to). */
static int add_edge(struct trace *trace, uint32_t x, uint32_t from, uint32_t to,
                    struct error *error)
{
    size_t first = 2 * trace->edge_count;
    if (memory_grow((void **)&trace->corners, &trace->corner_capacity, first + 2,
                    sizeof *trace->corners, error))
        return -1;
    trace->corners[first] = (struct corner){(int32_t)x, (int32_t)from, first + 1, SIZE_MAX};
    trace->corners[first + 1] = (struct corner){(int32_t)x, (int32_t)to, SIZE_MAX, SIZE_MAX};
    trace->edge_count++;
    return 0;
}

/* The strips of one column, as a walk over their boundaries. */
struct column {
    const struct rle_strip *next, *end;
    bool inside;
};

static uint32_t next_boundary(const struct column *column)
{
    if (column->next == column->end)
        return UINT32_MAX;
    return column->next->y + (column->inside ? column->next->length : 0);
}

static void pass_boundary(struct column *column, uint32_t y)
{
    if (next_boundary(column) != y)
        return;
    column->next += column->inside;
    column->inside = !column->inside;
}

/* Adds the edges on the line left of column x: downwards where the mask is on the left, upwards
 * where it is on the right. */
static int compare_columns(struct trace *trace, struct column left, struct column right, uint32_t x,
                           struct error *error)
{
    uint32_t y = 0;
    for (;;) {
        uint32_t of_left = next_boundary(&left), of_right = next_boundary(&right);
        uint32_t next = of_left < of_right ? of_left : of_right;
        if (next == UINT32_MAX)
            return 0;
        if (left.inside && !right.inside && add_edge(trace, x, y, next, error))
            return -1;
        if (right.inside && !left.inside && add_edge(trace, x, next, y, error))
            return -1;
        pass_boundary(&left, next);
        pass_boundary(&right, next);
        y = next;
    }
}

static int find_edges(struct trace *trace, struct error *error)
{
    if (trace->strip_count == 0) /* there is no pointer to add to */
        return 0;
    const struct rle_strip *strip = trace->strips, *end = trace->strips + trace->strip_count;
    struct column left = {strip, strip, false};
    uint32_t x = 0;
    while (strip < end || left.next < left.end) {
        if (left.next == left.end)
            x = strip->x; /* nothing on the left: skip empty columns */
        struct column right = {strip, strip, false};
        while (strip < end && strip->x == x)
            right.end = ++strip;
        if (compare_columns(trace, left, right, x, error))
            return -1;
        left = right;
        x++;
    }
    return 0;
}

static int by_line(const void *a, const void *b)
{
    const struct end *left = a, *right = b;
    if (left->y != right->y)
        return left->y < right->y ? -1 : 1;
    if (left->x != right->x)
        return left->x < right->x ? -1 : 1;
    return left->rank < right->rank ? -1 : left->rank > right->rank;
}

/* Joins the edges' ends by horizontal edges. Where two pixels touch at a corner, two edges end or
 * two begin; the ranks join each to the horizontal edge of its own pixel. */
static int join_ends(struct trace *trace, struct error *error)
{
    size_t count = 2 * trace->edge_count;
    trace->ends = memory_new(count, sizeof *trace->ends, "corners of a mask", error);
    if (!trace->ends)
        return -1;
    for (size_t i = 0; i < count; i++) {
        const struct corner *corner = &trace->corners[i];
        bool upwards = trace->corners[i & ~(size_t)1].y > trace->corners[i | 1].y;
        trace->ends[i] = (struct end){corner->y, corner->x, upwards, i};
    }
    qsort(trace->ends, count, sizeof *trace->ends, by_line);
    for (size_t i = 0; i < count; i += 2) {
        size_t a = trace->ends[i].corner, b = trace->ends[i + 1].corner;
        if (a % 2 == 1)
            trace->corners[a].next = b;
        else
            trace->corners[b].next = a;
    }
    return 0;
}

/* The top of the strip that contains the pixel (x, y - 1). */
static int32_t top_above(const struct trace *trace, int32_t x, int32_t y)
{
    size_t first = 0, end = trace->strip_count;
    while (end - first > 1) {
        size_t middle = (first + end) / 2;
        const struct rle_strip *strip = &trace->strips[middle];
        bool behind = (int64_t)strip->x > x || ((int64_t)strip->x == x && (int64_t)strip->y >= y);
        *(behind ? &end : &first) = middle;
    }
    return (int32_t)trace->strips[first].y;
}

/* The last of the sorted ends on line y that is not right of x. */
static size_t find_end(const struct trace *trace, int32_t x, int32_t y)
{
    size_t first = 0, end = 2 * trace->edge_count;
    while (end - first > 1) {
        size_t middle = (first + end) / 2;
        const struct end *at = &trace->ends[middle];
        *(at->y > y || (at->y == y && at->x > x) ? &end : &first) = middle;
    }
    return first;
}

/* The end of an edge straight above the top of a hole's leftmost edge, or the start of the
 * horizontal edge there. It belongs to a ring that begins further left or higher up. */
static const struct end *end_above(const struct trace *trace, const struct ring *hole, int32_t *y)
{
    const struct corner *corner = &trace->corners[hole->first];
    int32_t left = top_above(trace, corner->x - 1, corner->y);
    int32_t right = top_above(trace, corner->x, corner->y);
    *y = left > right ? left : right;
    return &trace->ends[find_end(trace, corner->x, *y)];
}

static int find_rings(struct trace *trace, struct error *error)
{
    for (size_t edge = 0; edge < trace->edge_count; edge++) {
        size_t first = 2 * edge, self = trace->ring_count;
        if (trace->corners[first].ring != SIZE_MAX)
            continue;
        if (memory_grow((void **)&trace->rings, &trace->ring_capacity, self + 1,
                        sizeof *trace->rings, error))
            return -1;
        for (size_t i = first; trace->corners[i].ring == SIZE_MAX; i = trace->corners[i].next)
            trace->corners[i].ring = self;
        struct ring *ring = &trace->rings[trace->ring_count++];
        *ring = (struct ring){first, self};
        bool hole = trace->corners[first].y < trace->corners[first + 1].y;
        if (hole) {
            int32_t y;
            size_t above = trace->corners[end_above(trace, ring, &y)->corner].ring;
            ring->outer = trace->rings[above].outer;
        }
    }
    return 0;
}

/* Joins two rings: from corner a to b, round b's ring, and back. */
static void cut(struct trace *trace, size_t a, size_t b)
{
    struct corner *corners = trace->corners;
    size_t there = trace->corner_count++, back = trace->corner_count++;
    corners[there] = corners[b];
    corners[back] = corners[a];
    corners[a].next = there;
    corners[b].next = back;
    if (a < 2 * trace->edge_count && trace->tails[a] == a)
        trace->tails[a] = back;
}

/* Joins a hole to the ring above it, at a new corner if there is none. Holes come from left to
 * right, so on a horizontal edge (which leads to the right, with the mask below) the new corner is
 * always the last. */
static void join_hole(struct trace *trace, const struct ring *hole)
{
    int32_t y, x = trace->corners[hole->first].x;
    size_t above = end_above(trace, hole, &y)->corner;
    if (trace->corners[above].x < x) {
        size_t tail = trace->tails[above], self = trace->corner_count++;
        trace->corners[self] = (struct corner){x, y, trace->corners[tail].next, 0};
        trace->corners[tail].next = self;
        trace->tails[above] = self;
        cut(trace, self, hole->first);
        trace->tails[above] = trace->corner_count - 1;
    } else {
        cut(trace, above, hole->first);
    }
}

/* Joins rings as the style requires. Rings that are joined to another are not emitted. */
static int join_rings(struct trace *trace, enum polygon_style style, struct error *error)
{
    size_t needed = 2 * trace->edge_count + 3 * trace->ring_count;
    trace->corner_count = 2 * trace->edge_count;
    trace->tails =
        memory_new(trace->corner_count, sizeof *trace->tails, "corners of a mask", error);
    if (!trace->tails || memory_grow((void **)&trace->corners, &trace->corner_capacity, needed,
                                     sizeof *trace->corners, error))
        return -1;
    for (size_t i = 0; i < trace->corner_count; i++)
        trace->tails[i] = i;
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < trace->ring_count; i++) {
        struct ring *ring = &trace->rings[i];
        if (ring->outer != i)
            join_hole(trace, ring);
        else if (style == POLYGON_SINGLE && last != SIZE_MAX)
            cut(trace, trace->rings[last].first, ring->first);
        if (ring->outer == i)
            last = i;
    }
    return 0;
}

static int emit(struct polygons *polygons, const struct trace *trace, size_t ring,
                struct error *error)
{
    size_t first = trace->rings[ring].first, i = first;
    if (memory_grow((void **)&polygons->items, &polygons->capacity, polygons->count + 1,
                    sizeof *polygons->items, error))
        return -1;
    struct polygon *polygon = &polygons->items[polygons->count++];
    *polygon = (struct polygon){polygons->corners, 0, polygons->count - 1};
    do {
        if (memory_grow((void **)&polygons->xy, &polygons->corner_capacity, polygons->corners + 1,
                        sizeof *polygons->xy, error))
            return -1;
        polygons->xy[polygons->corners][0] = trace->corners[i].x;
        polygons->xy[polygons->corners++][1] = trace->corners[i].y;
        i = trace->corners[i].next;
    } while (i != first);
    polygon->count = polygons->corners - polygon->first;
    return 0;
}

static int emit_all(struct polygons *polygons, const struct trace *trace, enum polygon_style style,
                    struct error *error)
{
    for (size_t i = 0; i < trace->ring_count; i++) {
        bool alone = style == POLYGON_RINGS ||
                     (style == POLYGON_JOINED_HOLES ? trace->rings[i].outer == i : i == 0);
        if (alone && emit(polygons, trace, i, error))
            return -1;
        if (style == POLYGON_RINGS)
            polygons->items[i].outer = trace->rings[i].outer;
    }
    return 0;
}

int polygons_trace(struct polygons *polygons, const struct rle *rle, enum polygon_style style,
                   struct error *error)
{
    struct trace trace = {0};
    int status = -1;
    polygons->count = 0;
    polygons->corners = 0;
    if (list_strips(&trace, rle, error) == 0 && find_edges(&trace, error) == 0 &&
        join_ends(&trace, error) == 0 && find_rings(&trace, error) == 0 &&
        (style == POLYGON_RINGS || join_rings(&trace, style, error) == 0))
        status = emit_all(polygons, &trace, style, error);
    free(trace.strips);
    free(trace.corners);
    memory_free(trace.ends);
    memory_free(trace.tails);
    free(trace.rings);
    return status;
}

void polygons_free(struct polygons *polygons)
{
    free(polygons->items);
    free(polygons->xy);
    *polygons = (struct polygons){0};
}
