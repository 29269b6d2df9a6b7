/* single_mask.h - which mask is SAM 2's single-mask output. Mask 0 is meant for it, but where mask 0
 * is unstable, the best of the others takes its place: _dynamic_multimask_via_stability in
 * sam2/modeling/sam/mask_decoder.py, which build_sam2 switches on by default. */
#ifndef MODEL_DECODER_SINGLE_MASK_H
#define MODEL_DECODER_SINGLE_MASK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the area of logits[count] above 0.05 is at least 0.98 of that above -0.05. An empty mask
 * is stable. */
bool single_mask_is_stable(const float *logits, size_t count);

/* The one of masks 1..M-1 with the highest predicted IoU, the first of equals; iou[M]. */
int single_mask_best(const float *iou);

#endif
