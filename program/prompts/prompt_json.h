/* prompt_json.h - prompts from the JSON of strangers.
 *
 *   {"points": [[x, y, label], ...], "boxes": [[x0, y0, x1, y1], ...], "mask": M, "multimask": true}
 *   {"prompts": [{"points": [...], "box": [x0, y0, x1, y1], "mask": M}, ...], "multimask": true}
 *
 * All members may be left out, but a set has one prompt or more. A label is 1 (foreground, also if it
 * is left out) or 0 (background). M is a mask as records write it (records/mask_json.h), but no
 * polygon. In the first form, points, mask and at most one box are one prompt; several boxes are a
 * prompt each, and then neither points nor a mask may be there. */
#ifndef PROGRAM_PROMPTS_PROMPT_JSON_H
#define PROGRAM_PROMPTS_PROMPT_JSON_H

#include <jansson.h>
#include <stddef.h>

struct error;
struct prompt_set;

/* Reads a text, without its image's size: prompt_set_check compares with that. `set` is zeroed or
 * freed. Returns 0, or -1 with ERROR_USAGE (what is wrong and where) or ERROR_MEMORY, and the set
 * empty. */
int prompt_json_read(struct prompt_set *set, const char *text, size_t length, struct error *error);

/* The same from an object that was built by json_load_bounded with JSON_REJECT_DUPLICATES and has
 * further members, which the caller reads: `others` names them, NULL at its end. Other members are an
 * error. */
int prompt_json_take(struct prompt_set *set, const json_t *object, const char *const *others,
                     struct error *error);

#endif
