#include "rle/combine.h"

#include <assert.h>
#include <stdbool.h>

#include "rle/rle.h"
#include "rle/strips.h"

static bool holds(enum rle_operation operation, bool in_a, bool in_b)
{
    switch (operation) {
    case RLE_UNION:
        return in_a || in_b;
    case RLE_INTERSECTION:
        return in_a && in_b;
    default:
        return in_a && !in_b;
    }
}

int rle_combine(struct rle *to, const struct rle *a, const struct rle *b,
                enum rle_operation operation, struct error *error)
{
    assert(a->height == b->height && a->width == b->width);
    size_t i = 0, j = 0;
    uint32_t index = 0;
    uint32_t a_end = a->length ? a->counts[0] : 0;
    uint32_t b_end = b->length ? b->counts[0] : 0;
    rle_begin(to, a->height, a->width);
    while (i < a->length && j < b->length) {
        uint32_t next = a_end < b_end ? a_end : b_end;
        if (next > index && holds(operation, i & 1, j & 1) && rle_add(to, index, next, error))
            return -1;
        index = next;
        if (a_end == next && ++i < a->length)
            a_end += a->counts[i];
        if (b_end == next && ++j < b->length)
            b_end += b->counts[j];
    }
    return rle_end(to, error);
}

/* The part of a mask's frame that lies in a window. */
struct view {
    int64_t x0, y0, x1, y1; /* the far sides exclusive */
};

static struct view view_of(const struct rle *rle, int64_t x, int64_t y, int64_t width,
                           int64_t height)
{
    struct view view = {x, y, x + width, y + height};
    view.x0 = view.x0 > 0 ? view.x0 : 0;
    view.y0 = view.y0 > 0 ? view.y0 : 0;
    view.x1 = view.x1 < rle->width ? view.x1 : rle->width;
    view.y1 = view.y1 < rle->height ? view.y1 : rle->height;
    return view;
}

/* The next strip of a mask, clipped to a view, in the mask's frame; false at the end. */
static bool next_in_view(struct rle_strips *strips, const struct view *view,
                         struct rle_strip *strip)
{
    while (rle_strips_next(strips, strip) && strip->x < view->x1) {
        int64_t start = strip->y > view->y0 ? strip->y : view->y0;
        int64_t end = (int64_t)strip->y + strip->length;
        end = end < view->y1 ? end : view->y1;
        if (strip->x >= view->x0 && start < end) {
            strip->y = (uint32_t)start;
            strip->length = (uint32_t)(end - start);
            return true;
        }
    }
    return false;
}

int rle_place(struct rle *to, const struct rle *from, struct rect frame, struct error *error)
{
    uint32_t height = (uint32_t)frame.height;
    struct view view = view_of(from, frame.x, frame.y, frame.width, frame.height);
    struct rle_strips strips = {.rle = from};
    struct rle_strip strip;
    rle_begin(to, height, (uint32_t)frame.width);
    while (next_in_view(&strips, &view, &strip)) {
        uint32_t x = strip.x - (uint32_t)frame.x, y = strip.y - (uint32_t)frame.y;
        uint32_t start = x * height + y;
        if (rle_add(to, start, start + strip.length, error))
            return -1;
    }
    return rle_end(to, error);
}

int rle_without(struct rle *to, const struct rle *from, struct rect window, struct error *error)
{
    struct view view = view_of(from, window.x, window.y, window.width, window.height);
    struct rle_strips strips = {.rle = from};
    struct rle_strip strip;
    rle_begin(to, from->height, from->width);
    while (rle_strips_next(&strips, &strip)) {
        bool beside = strip.x < view.x0 || strip.x >= view.x1 || view.y0 >= view.y1;
        uint32_t column = strip.x * from->height;
        uint32_t end = strip.y + strip.length;
        uint32_t above = beside || end < view.y0 ? end : (uint32_t)view.y0;
        uint32_t below = beside || end < view.y1 ? end : (uint32_t)view.y1;
        below = below > strip.y ? below : strip.y;
        if ((above > strip.y && rle_add(to, column + strip.y, column + above, error)) ||
            (end > below && rle_add(to, column + below, column + end, error)))
            return -1;
    }
    return rle_end(to, error);
}

uint64_t rle_area_within(const struct rle *rle, struct rect window)
{
    struct view view = view_of(rle, window.x, window.y, window.width, window.height);
    struct rle_strips strips = {.rle = rle};
    struct rle_strip strip;
    uint64_t area = 0;
    while (next_in_view(&strips, &view, &strip))
        area += strip.length;
    return area;
}
