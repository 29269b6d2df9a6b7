#include "pipeline/mask_prompt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/sam.h"
#include "pipeline/prompt_frame.h"
#include "rle/rle.h"

/* From pixels of the region to the logits, along x or y. */
struct axis {
    double scale; /* logits a pixel */
    int low;      /* L */
};

/* How much of logit `at` lies between `begin` and `end`: 0..1. */
static float share(double begin, double end, int at)
{
    const double from = begin > at ? begin : at;
    const double to = end < at + 1 ? end : at + 1;
    return to > from ? (float)(to - from) : 0;
}

/* Adds the pixels from..to - 1 of a column to column[L]. */
static void add_pixels(const struct axis *axis, uint32_t from, uint32_t to, float *column)
{
    const double begin = from * axis->scale, end = to * axis->scale;
    for (int at = (int)begin; at < axis->low && at < end; at++)
        column[at] += share(begin, end, at);
}

/* Adds the pixel column x to cover[L][L], and empties column[L]. */
static void add_column(const struct axis *axis, uint32_t x, float *column, float *cover)
{
    const size_t low = (size_t)axis->low;
    const double begin = x * axis->scale, end = (x + 1) * axis->scale;
    for (int at = (int)begin; at < axis->low && at < end; at++) {
        const float part = share(begin, end, at);
        for (size_t y = 0; y < low; y++)
            cover[y * low + (size_t)at] += part * column[y];
    }
    memset(column, 0, low * sizeof *column);
}

/* cover[L][L]: how much of each logit the mask covers, 0..1. column[L] is zeros. */
static void cover_by(const struct rle *mask, const struct axis axes[2], float *column, float *cover)
{
    const uint32_t height = mask->height;
    uint32_t at = 0, x = 0;
    bool foreground = false;
    for (size_t i = 0; i < mask->length; i++, foreground = !foreground) {
        const uint32_t end = at + mask->counts[i];
        while (foreground && at < end) {
            if (at / height != x)
                add_column(&axes[0], x, column, cover);
            x = at / height;
            const uint32_t top = x * height;
            const uint32_t stop = end - top < height ? end : top + height;
            add_pixels(&axes[1], at - top, stop - top, column);
            at = stop;
        }
        at = end;
    }
    add_column(&axes[0], x, column, cover);
}

static int check(const struct size *region, const struct rle *mask, struct error *error)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < mask->length; i++)
        sum += mask->counts[i];
    if (mask->width == (uint32_t)region->width && mask->height == (uint32_t)region->height &&
        sum == (uint64_t)region->width * (uint64_t)region->height)
        return 0;
    return error_set(error, ERROR_USAGE, "the mask is not of the image's size, %d x %d",
                     region->width, region->height);
}

int mask_prompt(const struct prompt_frame *frame, const struct sam_info *info,
                const struct rle *mask, float *logits, struct error *error)
{
    const size_t low = (size_t)info->low_size;
    const double side = (double)info->low_size / info->prompt_size;
    const struct axis axes[2] = {
        {side * frame->prompts.width / frame->region.width, info->low_size},
        {side * frame->prompts.height / frame->region.height, info->low_size}};
    if (check(&frame->region, mask, error))
        return -1;
    float *column = memory_new(low, sizeof *column, "a mask", error);
    if (!column)
        return -1;
    memset(logits, 0, low * low * sizeof *logits);
    cover_by(mask, axes, column, logits);
    for (size_t i = 0; i < low * low; i++)
        logits[i] = MASK_PROMPT_LOGIT * (2 * (logits[i] < 1 ? logits[i] : 1) - 1);
    memory_free(column);
    return 0;
}
