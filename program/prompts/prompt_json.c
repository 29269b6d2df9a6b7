#include "program/prompts/prompt_json.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/text_mark.h"
#include "program/prompts/prompt_set.h"
#include "records/mask_json.h"

static bool is_one_of(const char *name, const char *const *names)
{
    while (names && *names && strcmp(name, *names) != 0)
        names++;
    return names && *names;
}

/* Refuses members that nobody reads: they are names that somebody has mistyped. */
static int check_members(const json_t *object, const char *const *own, const char *const *others,
                         struct error *error)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        if (is_one_of(name, own) || is_one_of(name, others))
            continue;
        error_set(error, ERROR_USAGE, "unknown member \"%.40s\"; known are", name);
        for (const char *const *known = own; *known; known++)
            error_append(error, " %s", *known);
        return -1;
    }
    return 0;
}

/* Reads a list of numbers. */
static int read_numbers(const json_t *list, double *numbers, size_t count, const char *what,
                        struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        if (!json_is_number(value))
            return error_set(error, ERROR_USAGE, "%s must be numbers", what);
        numbers[i] = json_number_value(value);
    }
    return 0;
}

static int read_point(struct prompt *prompt, const json_t *list, struct error *error)
{
    double numbers[3] = {0, 0, 1};
    size_t count = json_array_size(list);
    if (count != 2 && count != 3)
        return error_set(error, ERROR_USAGE, "a point must be [x, y] or [x, y, label]");
    if (read_numbers(list, numbers, count, "a point's x, y and label", error))
        return -1;
    if (numbers[2] != 0 && numbers[2] != 1)
        return error_set(error, ERROR_USAGE,
                         "a point's label must be 1 (foreground) or 0 (background)");
    return prompt_add_point(prompt, numbers[0], numbers[1], numbers[2] == 1, error);
}

static int read_points(struct prompt *prompt, const json_t *points, struct error *error)
{
    if (points && !json_is_array(points))
        return error_set(error, ERROR_USAGE, "\"points\" must be a list of [x, y, label]");
    for (size_t i = 0; i < json_array_size(points); i++)
        if (read_point(prompt, json_array_get(points, i), error))
            return error_prefix(error, "points[%zu]", i);
    return 0;
}

static int read_box(struct prompt *prompt, const json_t *list, struct error *error)
{
    double box[4];
    if (json_array_size(list) != 4)
        return error_set(error, ERROR_USAGE, "a box must be [x0, y0, x1, y1]");
    if (read_numbers(list, box, 4, "a box's sides", error))
        return -1;
    return prompt_set_box(prompt, box, error);
}

static int read_mask(struct prompt *prompt, const json_t *mask, struct error *error)
{
    struct outline_left left = {.record = OUTLINE_OF_RECORD};
    if (!mask)
        return 0;
    if (mask_json_read(&prompt->mask, mask, 0, 0, &left, error) == 0)
        return 0;
    rle_free(&prompt->mask);
    if (error->code == ERROR_RECORD)
        error->code = ERROR_USAGE;
    return error_prefix(error, "mask");
}

/* Hands the prompt over if all of it was read. */
static int finish(struct prompt_set *set, struct prompt *prompt, int status, struct error *error)
{
    if (status == 0)
        return prompt_set_add(set, prompt, error);
    rle_free(&prompt->mask);
    return -1;
}

static int take_prompt(struct prompt_set *set, const json_t *object, struct error *error)
{
    static const char *const own[] = {"points", "box", "mask", NULL};
    struct prompt prompt = {0};
    const json_t *box = json_object_get(object, "box");
    if (!json_is_object(object))
        return error_set(error, ERROR_USAGE, "a prompt must be an object");
    int status = check_members(object, own, NULL, error);
    if (status == 0)
        status = read_points(&prompt, json_object_get(object, "points"), error);
    if (status == 0 && box)
        status = read_box(&prompt, box, error);
    if (status == 0)
        status = read_mask(&prompt, json_object_get(object, "mask"), error);
    return finish(set, &prompt, status, error);
}

static int take_prompts(struct prompt_set *set, const json_t *prompts, struct error *error)
{
    if (!json_is_array(prompts))
        return error_set(error, ERROR_USAGE, "\"prompts\" must be a list of objects");
    for (size_t i = 0; i < json_array_size(prompts); i++)
        if (take_prompt(set, json_array_get(prompts, i), error))
            return error_prefix(error, "prompts[%zu]", i);
    return 0;
}

/* Several boxes: a prompt each. */
static int take_boxes(struct prompt_set *set, const json_t *boxes, struct error *error)
{
    for (size_t i = 0; i < json_array_size(boxes); i++) {
        struct prompt prompt = {0};
        int status = read_box(&prompt, json_array_get(boxes, i), error);
        if (finish(set, &prompt, status, error))
            return error_prefix(error, "boxes[%zu]", i);
    }
    return 0;
}

/* Points, mask and at most one box: one prompt. */
static int take_one(struct prompt_set *set, const json_t *object, const json_t *box,
                    struct error *error)
{
    struct prompt prompt = {0};
    int status = read_points(&prompt, json_object_get(object, "points"), error);
    if (status == 0 && box && read_box(&prompt, box, error))
        status = error_prefix(error, "boxes[0]");
    if (status == 0)
        status = read_mask(&prompt, json_object_get(object, "mask"), error);
    return finish(set, &prompt, status, error);
}

static int take_parts(struct prompt_set *set, const json_t *object, struct error *error)
{
    const json_t *boxes = json_object_get(object, "boxes");
    const json_t *points = json_object_get(object, "points");
    if (boxes && !json_is_array(boxes))
        return error_set(error, ERROR_USAGE, "\"boxes\" must be a list of [x0, y0, x1, y1]");
    if (json_array_size(boxes) < 2)
        return take_one(set, object, json_array_get(boxes, 0), error);
    if (json_array_size(points) > 0 || json_object_get(object, "mask"))
        return error_set(error, ERROR_USAGE,
                         "points or a mask beside several boxes: put each box with its own into "
                         "\"prompts\"");
    return take_boxes(set, boxes, error);
}

static int take(struct prompt_set *set, const json_t *object, const char *const *others,
                struct error *error)
{
    static const char *const own[] = {"points", "boxes", "mask", "multimask", "prompts", NULL};
    const json_t *prompts = json_object_get(object, "prompts");
    const json_t *multimask = json_object_get(object, "multimask");
    if (!json_is_object(object))
        return error_set(error, ERROR_USAGE, "prompts must be a JSON object");
    if (check_members(object, own, others, error))
        return -1;
    if (multimask && !json_is_boolean(multimask))
        return error_set(error, ERROR_USAGE, "\"multimask\" must be true or false");
    set->multimask = json_is_true(multimask);
    if (!prompts)
        return take_parts(set, object, error);
    if (json_object_get(object, "points") || json_object_get(object, "boxes") ||
        json_object_get(object, "mask"))
        return error_set(error, ERROR_USAGE,
                         "\"prompts\" excludes \"points\", \"boxes\" and \"mask\" beside it");
    if (json_array_size(prompts) == 0 && json_is_array(prompts))
        return error_set(error, ERROR_USAGE, "\"prompts\" is empty");
    return take_prompts(set, prompts, error);
}

int prompt_json_take(struct prompt_set *set, const json_t *object, const char *const *others,
                     struct error *error)
{
    *set = (struct prompt_set){0};
    if (take(set, object, others, error) == 0)
        return 0;
    prompt_set_free(set);
    return -1;
}

int prompt_json_read(struct prompt_set *set, const char *text, size_t length, struct error *error)
{
    json_error_t reason;
    size_t mark = text_mark(text, length);
    *set = (struct prompt_set){0};
    json_t *object = json_load_bounded(text + mark, length - mark, JSON_REJECT_DUPLICATES, &reason);
    if (!object && json_error_code(&reason) == json_error_out_of_memory)
        return error_set(error, ERROR_MEMORY, "no memory for prompts");
    if (!object)
        return error_set(error, ERROR_USAGE, "not valid JSON: %s, line %d", reason.text,
                         reason.line);
    int status = prompt_json_take(set, object, NULL, error);
    json_decref(object);
    return status;
}
