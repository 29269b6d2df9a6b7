#include "pipeline/mask_prompt.h"

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "model/sam.h"
#include "pipeline/mask_cover.h"
#include "pipeline/prompt_frame.h"
#include "rle/rle.h"

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
    const struct mask_cover_grid grid = {
        .frame = frame, .prompt_size = info->prompt_size, .side = info->low_size};
    if (check(&frame->region, mask, error) || mask_cover(&grid, mask, logits, error))
        return -1;
    for (size_t i = 0; i < low * low; i++)
        logits[i] = MASK_PROMPT_LOGIT * (2 * logits[i] - 1);
    return 0;
}
