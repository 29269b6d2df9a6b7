#include "rle/rle.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"

void rle_free(struct rle *rle)
{
    free(rle->counts);
    *rle = (struct rle){0};
}

void rle_begin(struct rle *rle, uint32_t height, uint32_t width)
{
    assert((uint64_t)height * width <= UINT32_MAX);
    rle->height = height;
    rle->width = width;
    rle->end = 0;
    rle->length = 0;
}

static int push(struct rle *rle, uint32_t count, struct error *error)
{
    if (rle->length == rle->capacity && memory_grow((void **)&rle->counts, &rle->capacity,
                                                    rle->length + 1, sizeof *rle->counts, error))
        return -1;
    rle->counts[rle->length++] = count;
    rle->end += count;
    return 0;
}

int rle_add(struct rle *rle, uint32_t start, uint32_t end, struct error *error)
{
    assert(start >= rle->end && start < end && end <= rle->height * rle->width);
    if (rle->length > 0 && start == rle->end) {
        rle->counts[rle->length - 1] += end - start;
        rle->end = end;
        return 0;
    }
    if (push(rle, start - rle->end, error))
        return -1;
    return push(rle, end - start, error);
}

int rle_end(struct rle *rle, struct error *error)
{
    uint32_t total = rle->height * rle->width;
    if (rle->end == total && rle->length > 0)
        return 0;
    return push(rle, total - rle->end, error);
}

int rle_from_ranges(struct rle *rle, uint32_t height, uint32_t width, const uint32_t *ranges,
                    size_t count, struct error *error)
{
    rle_begin(rle, height, width);
    size_t needed = 2 * count + 1;
    if (needed > rle->capacity) {
        uint32_t *counts = realloc(rle->counts, needed * sizeof *counts);
        if (!counts)
            return error_set(error, ERROR_MEMORY, "no memory for a mask of %zu runs", needed);
        rle->counts = counts;
        rle->capacity = needed;
    }
    for (size_t i = 0; i < 2 * count; i++) {
        rle->counts[i] = ranges[i] - rle->end;
        rle->end = ranges[i];
    }
    rle->length = 2 * count;
    return rle_end(rle, error);
}

int rle_copy(struct rle *to, const struct rle *from, struct error *error)
{
    uint32_t *counts = malloc((from->length ? from->length : 1) * sizeof *counts);
    if (!counts)
        return error_set(error, ERROR_MEMORY, "no memory for a mask of %zu runs", from->length);
    if (from->length)
        memcpy(counts, from->counts, from->length * sizeof *counts);
    free(to->counts);
    *to = *from;
    to->counts = counts;
    to->capacity = from->length ? from->length : 1;
    return 0;
}

int rle_invert(struct rle *rle, struct error *error)
{
    if (rle->length > 0 && rle->counts[0] == 0) {
        rle->length--;
        memmove(rle->counts, rle->counts + 1, rle->length * sizeof *rle->counts);
        return 0;
    }
    if (memory_grow((void **)&rle->counts, &rle->capacity, rle->length + 1, sizeof *rle->counts,
                    error))
        return -1;
    memmove(rle->counts + 1, rle->counts, rle->length * sizeof *rle->counts);
    rle->counts[0] = 0;
    rle->length++;
    return 0;
}

uint64_t rle_area(const struct rle *rle)
{
    uint64_t area = 0;
    for (size_t i = 1; i < rle->length; i += 2)
        area += rle->counts[i];
    return area;
}

struct box rle_box(const struct rle *rle)
{
    uint32_t height = rle->height;
    uint32_t index = 0;
    struct box box = {INT32_MAX, INT32_MAX, -1, -1};
    for (size_t i = 0; i + 1 < rle->length; i += 2) {
        uint32_t start = index + rle->counts[i];
        uint32_t last = start + rle->counts[i + 1] - 1;
        int32_t x0 = (int32_t)(start / height);
        int32_t x1 = (int32_t)(last / height);
        int32_t y0 = x0 == x1 ? (int32_t)(start % height) : 0;
        int32_t y1 = x0 == x1 ? (int32_t)(last % height) : (int32_t)height - 1;
        box.x0 = x0 < box.x0 ? x0 : box.x0;
        box.y0 = y0 < box.y0 ? y0 : box.y0;
        box.x1 = x1;
        box.y1 = y1 > box.y1 ? y1 : box.y1;
        index = last + 1;
    }
    return box.x1 < 0 ? (struct box){0, 0, 0, 0} : box;
}

uint64_t rle_intersection(const struct rle *a, const struct rle *b)
{
    assert(a->height == b->height && a->width == b->width);
    uint64_t area = 0;
    size_t i = 0, j = 0;
    uint64_t a_end = a->length ? a->counts[0] : 0;
    uint64_t b_end = b->length ? b->counts[0] : 0;
    uint64_t index = 0;
    while (i < a->length && j < b->length) {
        uint64_t next = a_end < b_end ? a_end : b_end;
        if (i & j & 1)
            area += next - index;
        index = next;
        if (a_end == next && ++i < a->length)
            a_end += a->counts[i];
        if (b_end == next && ++j < b->length)
            b_end += b->counts[j];
    }
    return area;
}

double rle_iou(const struct rle *a, const struct rle *b)
{
    uint64_t both = rle_intersection(a, b);
    uint64_t either = rle_area(a) + rle_area(b) - both;
    return either ? (double)both / (double)either : 0;
}

int rle_check(const struct rle *rle, struct error *error)
{
    uint64_t pixels = (uint64_t)rle->height * rle->width;
    uint64_t sum = 0;
    for (size_t i = 0; i < rle->length; i++) {
        if (i > 0 && rle->counts[i] == 0)
            return error_set(error, ERROR_RECORD, "run %zu of the mask is empty", i);
        sum += rle->counts[i];
    }
    if (sum != pixels || pixels > UINT32_MAX)
        return error_set(
            error, ERROR_RECORD, "the mask's runs sum to %llu pixels, its size %u x %u is %llu",
            (unsigned long long)sum, rle->height, rle->width, (unsigned long long)pixels);
    return 0;
}
