/* prompt_answer.h - the masks that answer prompts, as JSON. */
#ifndef PROGRAM_PROMPTS_PROMPT_ANSWER_H
#define PROGRAM_PROMPTS_PROMPT_ANSWER_H

struct error;
struct json_text;
struct mm_masks;
struct prompt_set;

/* Appends a list of all masks of prompt_predict in their order, each a member of a record's
 * "annotations" (its id is its place in the list; point_coords is the prompt's first point, and is left
 * out if it has none; "source" is "point", "box" or "mask") with one more: "prompt", the number of its
 * prompt in the set.
 *   [{"segmentation": {"size": [h, w], "counts"}, "area", "bbox": [x, y, w, h], "predicted_iou",
 *     "point_coords": [[x, y]], "stability_score", "crop_box", "id", "source", "prompt"}, ...]
 * Returns 0, or -1 with ERROR_MEMORY, or ERROR_RECORD if a score is not finite. */
int prompt_answer_append(struct json_text *text, const struct prompt_set *set,
                         const struct mm_masks *masks, struct error *error);

#endif
