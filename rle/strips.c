#include "rle/strips.h"

#include "rle/rle.h"

bool rle_strips_next(struct rle_strips *strips, struct rle_strip *strip)
{
    const struct rle *rle = strips->rle;
    while (strips->left == 0) {
        if (strips->run == rle->length)
            return false;
        bool wanted = (strips->run % 2 == 0) == strips->background;
        *(wanted ? &strips->left : &strips->at) += rle->counts[strips->run++];
    }
    uint32_t room = rle->height - strips->at % rle->height;
    strip->x = strips->at / rle->height;
    strip->y = strips->at % rle->height;
    strip->length = strips->left < room ? strips->left : room;
    strips->at += strip->length;
    strips->left -= strip->length;
    return true;
}
