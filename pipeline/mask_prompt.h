/* mask_prompt.h - a mask of a region as the logits of a mask prompt. */
#ifndef PIPELINE_MASK_PROMPT_H
#define PIPELINE_MASK_PROMPT_H

struct error;
struct prompt_frame;
struct rle;
struct sam_info;

/* Writes logits[L][L]: for each logit, how much of it the mask covers, from -10 (nothing) to 10 (all of
 * it); -10 where the region does not reach. `frame` is the region's. Returns 0, or -1 with ERROR_USAGE (the mask is not of the
 * region's size) or ERROR_MEMORY. */
int mask_prompt(const struct prompt_frame *frame, const struct sam_info *info,
                const struct rle *mask, float *logits, struct error *error);

#endif
