#include "pipeline/mask_prompt.h"

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/memory.h"
#include "model/sam.h"
#include "pipeline/embedding.h"
#include "rle/rle.h"

static const float SURE = 10; /* logits are between -SURE and SURE */

/* A range of pixels, of which there is at least one. */
struct range {
    int32_t from, to;
};

/* The pixels under place `at` of `places`, where the region has `pixels` on `reach` places. */
static struct range pixels_under(int at, double reach, int32_t pixels)
{
    int32_t from = (int32_t)((double)at / reach * pixels);
    int32_t to = (int32_t)((double)(at + 1) / reach * pixels);
    from = from < pixels ? from : pixels - 1;
    to = to < pixels ? to : pixels;
    return (struct range){from, to > from ? to : from + 1};
}

static float covered(const uint8_t *bits, int32_t width, struct range rows, struct range columns)
{
    int64_t set = 0;
    for (int32_t y = rows.from; y < rows.to; y++)
        for (int32_t x = columns.from; x < columns.to; x++)
            set += bits[(size_t)y * (size_t)width + (size_t)x];
    int64_t all = (int64_t)(rows.to - rows.from) * (columns.to - columns.from);
    return (float)set / (float)all;
}

static void fill(const struct prompt_frame *frame, const struct sam_info *info, const uint8_t *bits,
                 float *logits)
{
    const struct size region = frame->region;
    const int low = info->low_size;
    const double wide = (double)low * frame->prompts.width / info->prompt_size;
    const double high = (double)low * frame->prompts.height / info->prompt_size;
    for (int y = 0; y < low; y++)
        for (int x = 0; x < low; x++) {
            float part = 0;
            if (x < wide && y < high)
                part = covered(bits, region.width, pixels_under(y, high, region.height),
                               pixels_under(x, wide, region.width));
            logits[(size_t)y * (size_t)low + (size_t)x] = SURE * (2 * part - 1);
        }
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

int mask_prompt(const struct embedding *embedding, const struct sam_info *info,
                const struct rle *mask, float *logits, struct error *error)
{
    const struct size region = embedding->frame.region;
    if (check(&region, mask, error))
        return -1;
    uint8_t *bits = memory_new((size_t)region.width, (size_t)region.height, "a mask", error);
    if (!bits)
        return -1;
    rle_to_bitmap(mask, bits, (size_t)region.width);
    fill(&embedding->frame, info, bits, logits);
    memory_free(bits);
    return 0;
}
