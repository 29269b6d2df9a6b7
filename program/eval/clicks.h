/* clicks.h - how well a model segments true segments from prompts: clicks where it is most wrong, and
 * boxes.
 *
 * The protocol is that of "Segment Anything" (section 7.1 and appendix D.1), in the details as SAM 2's
 * code has it (sam2/modeling/sam2_utils.py, get_next_point with "center"):
 *
 *   1st click   at the centre of the segment (filters/centre.h): three masks. The one with the highest
 *               predicted IoU is carried on
 *   next click  at the centre of the pixels that are wrong: of those missed or of those too many,
 *               whichever centre is farther from its border; missed ones get a foreground click, those
 *               too many, also of equal distance, a background click. All clicks so far and the logits
 *               of the mask before are the prompt (no logits where the model takes none): one mask
 *
 * A mask without a wrong pixel is kept; it gets no more clicks. */
#ifndef PROGRAM_EVAL_CLICKS_H
#define PROGRAM_EVAL_CLICKS_H

#include <stdint.h>

struct error;
struct eval_image;
struct mm_segmenter;
struct rle;
struct segments;

/* The next click. Distances are squared. Returns 1, or 0 if the masks are equal, or -1
 * (ERROR_MEMORY). */
int click_next(const struct rle *truth, const struct rle *mask, double point[2], int *label,
               struct error *error);

/* Prompts each segment of `truth` but crowds: image->clicks clicks, and with image->boxes its box.
 * Fills image->segments[truth->count]. The segmenter must have the image. Returns 0 or -1
 * (ERROR_MEMORY). */
int click_segments(struct mm_segmenter *segmenter, const struct segments *truth,
                   struct eval_image *image, struct error *error);

#endif
