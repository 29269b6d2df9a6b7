#include "pipeline/mask_strips.h"

#include "rle/rle.h"

bool mask_strips_next(struct mask_strips *strips, struct mask_strip *strip)
{
    const struct rle *rle = strips->rle;
    while (strips->left == 0) {
        if (strips->run + 1 >= rle->length)
            return false;
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
    return true;
}
