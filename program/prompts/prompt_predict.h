/* prompt_predict.h - a set of prompts to masks, by the library. */
#ifndef PROGRAM_PROMPTS_PROMPT_PREDICT_H
#define PROGRAM_PROMPTS_PROMPT_PREDICT_H

#include "program/prompts/prompt_set.h"

struct error;
struct mm_masks;
struct mm_segmenter;

/* Whom to ask, and about which image. */
struct prompt_target {
    struct mm_segmenter *segmenter; /* borrowed; the image or its embedding is set */
    struct prompt_frame_size frame; /* of that image */
};

/* The masks of all prompts, in their order, three or one each. The set has a prompt or more; it is
 * checked by prompt_set_check. `previous` (may be NULL) are logits of an earlier answer (mm_mask.logits)
 * as the mask of the set's only prompt, in place of its own. Masks of an only prompt have their logits.
 * What their records say of their prompts is set: who made a mask (mask.source), and that one without
 * points has no point. The caller frees *masks. Returns 0, or -1 with ERROR_USAGE or another of the library's errors. */
int prompt_predict(const struct prompt_target *target, const struct prompt_set *set,
                   const float *previous, struct mm_masks **masks, struct error *error);

#endif
