#include "pipeline/prompt_frame.h"

#include "images/resize.h"
#include "model/sam.h"

struct prompt_frame prompt_frame_of(const struct sam_info *info, struct size region)
{
    bool square = info->resize == SAM_RESIZE_SQUARE;
    struct size all = {info->prompt_size, info->prompt_size};
    return (struct prompt_frame){
        .square = square,
        .region = region,
        .prompts = square ? all : resize_longest_side(region, info->prompt_size),
    };
}

struct scan_size prompt_frame_scan(const struct prompt_frame *frame, const struct sam_info *info)
{
    if (frame->square)
        return scan_size_direct(info->low_size, frame->region);
    return (struct scan_size){
        .low_size = info->low_size,
        .image_size = info->prompt_size,
        .input_height = frame->prompts.height,
        .input_width = frame->prompts.width,
        .crop_height = frame->region.height,
        .crop_width = frame->region.width,
    };
}

double prompt_frame_round(const struct prompt_frame *frame, double pixels)
{
    return frame->square ? (double)(float)pixels : pixels;
}

double prompt_frame_place(const struct prompt_frame *frame, int axis, double pixels)
{
    int32_t from = axis ? frame->region.height : frame->region.width;
    int32_t to = axis ? frame->prompts.height : frame->prompts.width;
    if (frame->square) {
        float part = (float)pixels / (float)from;
        return (double)(part * (float)to);
    }
    return pixels * ((double)to / from);
}
