#include "program/prompts/prompt_set.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"

void prompt_set_free(struct prompt_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        rle_free(&set->items[i].mask);
    free(set->items);
    *set = (struct prompt_set){0};
}

static int check_room(const struct prompt_set *set, const struct prompt *prompt,
                      struct error *error)
{
    bool masked = prompt->mask.width > 0;
    if (prompt->point_count == 0 && !prompt->has_box && !masked && !set->text)
        return error_set(error, ERROR_USAGE, "a prompt needs a point, a box or a mask");
    if (set->count == PROMPT_SET_MAX)
        return error_set(error, ERROR_USAGE, "more than %d prompts for one image", PROMPT_SET_MAX);
    if (masked && set->masks == PROMPT_MASKS_MAX)
        return error_set(error, ERROR_USAGE, "more than %d masks as prompts for one image",
                         PROMPT_MASKS_MAX);
    return 0;
}

int prompt_set_add(struct prompt_set *set, struct prompt *prompt, struct error *error)
{
    int status = check_room(set, prompt, error);
    if (status == 0)
        status = memory_grow((void **)&set->items, &set->capacity, set->count + 1,
                             sizeof *set->items, error);
    if (status == 0) {
        set->masks += prompt->mask.width > 0;
        set->items[set->count++] = *prompt;
    } else {
        rle_free(&prompt->mask);
    }
    *prompt = (struct prompt){0};
    return status;
}

/* Whether a number may be a coordinate; NaN may not. */
static bool is_near(double number)
{
    return fabs(number) <= PROMPT_FARTHEST;
}

int prompt_add_point(struct prompt *prompt, double x, double y, int label, struct error *error)
{
    if (!is_near(x) || !is_near(y))
        return error_set(error, ERROR_USAGE, "point %g,%g: expected pixels of the image", x, y);
    if (prompt->point_count == MM_POINTS_MAX)
        return error_set(error, ERROR_USAGE, "more than %d points in one prompt", MM_POINTS_MAX);
    double *point = prompt->points[prompt->point_count];
    point[0] = x;
    point[1] = y;
    prompt->labels[prompt->point_count++] = label;
    return 0;
}

int prompt_set_box(struct prompt *prompt, const double box[4], struct error *error)
{
    for (int i = 0; i < 4; i++) {
        if (!is_near(box[i]))
            return error_set(error, ERROR_USAGE, "box %g,%g,%g,%g: expected pixels of the image",
                             box[0], box[1], box[2], box[3]);
        prompt->box[i] = box[i];
    }
    if (!(box[0] < box[2] && box[1] < box[3]))
        return error_set(error, ERROR_USAGE,
                         "box %g,%g,%g,%g is empty: expected x0,y0,x1,y1 with x0 < x1 and y0 < y1",
                         box[0], box[1], box[2], box[3]);
    prompt->has_box = true;
    return 0;
}

static int check_mask(const struct rle *mask, const struct prompt_frame_size *frame,
                      struct error *error)
{
    uint32_t low = (uint32_t)frame->low_size;
    bool of_image =
        mask->width == (uint32_t)frame->width && mask->height == (uint32_t)frame->height;
    if (mask->width == 0 || of_image || (mask->width == low && mask->height == low))
        return 0;
    return error_set(error, ERROR_USAGE,
                     "the mask has %u x %u pixels: expected the image's %d x %d, or %u x %u of the "
                     "model's low-resolution masks",
                     mask->width, mask->height, frame->width, frame->height, low, low);
}

int prompt_check(const struct prompt *prompt, const struct prompt_frame_size *frame,
                 struct error *error)
{
    const double *box = prompt->box;
    for (int i = 0; i < prompt->point_count; i++) {
        const double *point = prompt->points[i];
        if (point[0] < 0 || point[0] > frame->width || point[1] < 0 || point[1] > frame->height)
            return error_set(error, ERROR_USAGE,
                             "point %g,%g is outside the image of %d x %d pixels", point[0],
                             point[1], frame->width, frame->height);
    }
    if (prompt->has_box &&
        (box[0] >= frame->width || box[1] >= frame->height || box[2] <= 0 || box[3] <= 0))
        return error_set(error, ERROR_USAGE,
                         "box %g,%g,%g,%g is outside the image of %d x %d pixels", box[0], box[1],
                         box[2], box[3], frame->width, frame->height);
    return check_mask(&prompt->mask, frame, error);
}

int prompt_set_check(const struct prompt_set *set, const struct prompt_frame_size *frame,
                     struct error *error)
{
    for (size_t i = 0; i < set->count; i++)
        if (prompt_check(&set->items[i], frame, error))
            return set->count > 1 ? error_prefix(error, "prompt %zu", i) : -1;
    return 0;
}

enum mask_source prompt_source(const struct prompt *prompt)
{
    return prompt->has_box           ? MASK_SOURCE_BOX
           : prompt->point_count > 0 ? MASK_SOURCE_POINT
           : prompt->mask.width > 0  ? MASK_SOURCE_MASK
                                     : MASK_SOURCE_TEXT;
}
