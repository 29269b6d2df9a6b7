/* geometry.h - sizes of images and places in them; pixels, origin top left. */
#ifndef BASE_GEOMETRY_H
#define BASE_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Inclusive at both ends, as mask boxes of the official code: x1 and y1 are the largest coordinates
 * of the mask. An empty mask has all zeros. */
struct box {
    int32_t x0, y0, x1, y1;
};

/* Whether two boxes have a pixel in common. */
static inline bool box_meets(struct box a, struct box b)
{
    return a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1;
}

/* Pixels across and down. */
struct size {
    int32_t width, height;
};

/* A region of an image: columns x .. x + width - 1, rows y .. y + height - 1. */
struct rect {
    int32_t x, y, width, height;
};

static inline bool rect_equal(struct rect a, struct rect b)
{
    return a.x == b.x && a.y == b.y && a.width == b.width && a.height == b.height;
}

/* The part that two regions share; width or height is 0 or less if they share nothing. */
static inline struct rect rect_overlap(struct rect a, struct rect b)
{
    int32_t a_right = a.x + a.width, b_right = b.x + b.width;
    int32_t a_bottom = a.y + a.height, b_bottom = b.y + b.height;
    int32_t x = a.x > b.x ? a.x : b.x, y = a.y > b.y ? a.y : b.y;
    return (struct rect){x, y, (a_right < b_right ? a_right : b_right) - x,
                         (a_bottom < b_bottom ? a_bottom : b_bottom) - y};
}

/* The smallest region that contains both. */
static inline struct rect rect_around(struct rect a, struct rect b)
{
    int32_t a_right = a.x + a.width, b_right = b.x + b.width;
    int32_t a_bottom = a.y + a.height, b_bottom = b.y + b.height;
    int32_t x = a.x < b.x ? a.x : b.x, y = a.y < b.y ? a.y : b.y;
    return (struct rect){x, y, (a_right > b_right ? a_right : b_right) - x,
                         (a_bottom > b_bottom ? a_bottom : b_bottom) - y};
}

#endif
