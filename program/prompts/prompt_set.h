/* prompt_set.h - the prompts that somebody asks of one image, with what they own.
 *
 *   prompt_json.h, command line, detector's boxes -> prompt_set -> prompt_predict.h -> masks
 *
 * Coordinates are pixels of the image, origin top left, x to the right. A prompt segments one object, by
 * any of points, a box and an earlier mask. */
#ifndef PROGRAM_PROMPTS_PROMPT_SET_H
#define PROGRAM_PROMPTS_PROMPT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filters/mask.h"
#include "include/maskmill.h"

struct error;

enum {
    PROMPT_SET_MAX = 1 << 14, /* prompts of one set */
    PROMPT_MASKS_MAX = 64 /* of them with a mask, which takes low_size^2 floats when it is used */
};

/* Largest number in a coordinate, either sign: beyond it, floats of the model's frame lose the pixel. */
#define PROMPT_FARTHEST 1e6

struct prompt {
    double points[MM_POINTS_MAX][2]; /* [point_count]: x, y */
    int labels[MM_POINTS_MAX];       /* [point_count]: 1 foreground, 0 background */
    int point_count;                 /* 0..MM_POINTS_MAX */
    bool has_box;
    double box[4];   /* x0, y0, x1, y1 */
    struct rle mask; /* owned; of the image's size or low_size x low_size; width 0: none */
};

/* Begins with all zeros. */
struct prompt_set {
    struct prompt *items; /* owned */
    size_t count, capacity;
    size_t masks;   /* how many have a mask */
    bool text;      /* whether each prompt has a text, too, which may be all that it has */
    bool multimask; /* three masks for each prompt instead of one */
};

/* Frees what the set owns and zeroes it. */
void prompt_set_free(struct prompt_set *set);

/* Adds a prompt and takes over its mask: *prompt is zeroed, also on failure. Returns 0, or -1 with
 * ERROR_USAGE (too many prompts or masks, or one without anything) or ERROR_MEMORY. */
int prompt_set_add(struct prompt_set *set, struct prompt *prompt, struct error *error);

/* Adds a point to a prompt; label 0 or 1. Returns 0, or -1 with ERROR_USAGE: too many, or a
 * coordinate beyond PROMPT_FARTHEST or not finite. */
int prompt_add_point(struct prompt *prompt, double x, double y, int label, struct error *error);

/* Sets a prompt's box. Returns 0, or -1 with ERROR_USAGE: not x0 < x1 and y0 < y1, or a coordinate
 * beyond PROMPT_FARTHEST or not finite. */
int prompt_set_box(struct prompt *prompt, const double box[4], struct error *error);

/* What is known of the image that prompts are meant for. */
struct prompt_frame_size {
    int32_t width, height; /* pixels of the image */
    int low_size;          /* mm_model_low_size */
};

/* Checks a prompt against its image: points lie in it, the box shares pixels with it, the mask has its
 * size or is low_size x low_size. Returns 0, or -1 with ERROR_USAGE. */
int prompt_check(const struct prompt *prompt, const struct prompt_frame_size *frame,
                 struct error *error);

/* Checks all prompts; a message names the prompt by its number from 0 if there are several. */
int prompt_set_check(const struct prompt_set *set, const struct prompt_frame_size *frame,
                     struct error *error);

/* What a prompt's masks are made by: the box if it has one, else its points, else its mask, else the text. */
enum mask_source prompt_source(const struct prompt *prompt);

#endif
