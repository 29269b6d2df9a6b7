/* mask_prompt.h - a mask of a region as the logits of a mask prompt. */
#ifndef PIPELINE_MASK_PROMPT_H
#define PIPELINE_MASK_PROMPT_H

struct error;
struct prompt_frame;
struct rle;
struct sam_info;

/* The logit of what a mask covers whole, and less that of what it does not cover. SAM 2 makes the same numbers
 * of a mask that it is given, also along a line (_use_mask_as_output in sam2/modeling/sam2_base.py: mask * 20
 * - 10). bench/LOG.md has others that were tried. */
enum { MASK_PROMPT_LOGIT = 10 };

/* Writes logits[L][L]: for each logit, how much of it the mask covers, from -MASK_PROMPT_LOGIT (nothing, and
 * where the region does not reach) to MASK_PROMPT_LOGIT (all of it). `frame` is the region's. Returns 0, or
 * -1 with ERROR_USAGE (the mask is not of the region's size) or ERROR_MEMORY. */
int mask_prompt(const struct prompt_frame *frame, const struct sam_info *info,
                const struct rle *mask, float *logits, struct error *error);

#endif
