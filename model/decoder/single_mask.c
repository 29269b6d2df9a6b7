#include "model/decoder/single_mask.h"

#include "model/decoder/prompts.h"

bool single_mask_is_stable(const float *logits, size_t count)
{
    const float delta = 0.05f;
    const float threshold = 0.98f;
    size_t inner = 0;
    size_t outer = 0;
    for (size_t i = 0; i < count; i++) {
        inner += logits[i] > delta;
        outer += logits[i] > -delta;
    }
    return outer == 0 || (float)inner / (float)outer >= threshold;
}

int single_mask_best(const float *iou)
{
    int best = 1;
    for (int mask = 2; mask < SAM_MASKS; mask++)
        if (iou[mask] > iou[best])
            best = mask;
    return best;
}
