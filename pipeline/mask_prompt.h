/* mask_prompt.h - a mask of an encoded region as the logits of a mask prompt. */
#ifndef PIPELINE_MASK_PROMPT_H
#define PIPELINE_MASK_PROMPT_H

struct embedding;
struct error;
struct rle;
struct sam_info;

/* Writes logits[L][L]: in each place, how much of it the mask covers, from -10 (nothing) to 10 (all of
 * it); -10 where the region does not reach. Returns 0, or -1 with ERROR_USAGE (the mask is not of the
 * region's size) or ERROR_MEMORY. */
int mask_prompt(const struct embedding *embedding, const struct sam_info *info,
                const struct rle *mask, float *logits, struct error *error);

#endif
