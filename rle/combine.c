#include "rle/combine.h"

#include <assert.h>
#include <stdbool.h>

#include "rle/rle.h"

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

/* Rows and columns of a frame that a window shows, cut at the frame's edges. */
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

/* One foreground run after the other, cut at the columns' ends and to a view. */
struct walk {
    const struct rle *rle;
    struct view view;
    size_t run;
    uint32_t at, left;     /* what is still to come of the current run */
    int64_t x, start, end; /* the piece: rows start .. end - 1 of column x */
};

static bool next_piece(struct walk *walk)
{
    const struct rle *rle = walk->rle;
    for (;;) {
        while (walk->left == 0) {
            if (walk->run + 1 >= rle->length)
                return false;
            walk->at += rle->counts[walk->run];
            walk->left = rle->counts[walk->run + 1];
            walk->run += 2;
        }
        uint32_t y = walk->at % rle->height;
        uint32_t rows = rle->height - y < walk->left ? rle->height - y : walk->left;
        walk->x = walk->at / rle->height;
        walk->start = y > walk->view.y0 ? y : walk->view.y0;
        walk->end = y + (int64_t)rows < walk->view.y1 ? y + (int64_t)rows : walk->view.y1;
        walk->at += rows;
        walk->left -= rows;
        if (walk->x >= walk->view.x1)
            return false;
        if (walk->x >= walk->view.x0 && walk->start < walk->end)
            return true;
    }
}

int rle_place(struct rle *to, const struct rle *from, int32_t x, int32_t y, uint32_t height,
              uint32_t width, struct error *error)
{
    struct walk walk = {.rle = from,
                        .view = view_of(from, -(int64_t)x, -(int64_t)y, width, height)};
    rle_begin(to, height, width);
    while (next_piece(&walk)) {
        uint32_t column = (uint32_t)(walk.x + x) * height;
        if (rle_add(to, column + (uint32_t)(walk.start + y), column + (uint32_t)(walk.end + y),
                    error))
            return -1;
    }
    return rle_end(to, error);
}

uint64_t rle_area_within(const struct rle *rle, struct rect window)
{
    struct walk walk = {.rle = rle,
                        .view = view_of(rle, window.x, window.y, window.width, window.height)};
    uint64_t area = 0;
    while (next_piece(&walk))
        area += (uint64_t)(walk.end - walk.start);
    return area;
}
