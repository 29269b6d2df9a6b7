#include "program/predict/predict_prompts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "base/parse.h"
#include "base/text_mark.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "program/prompts/prompt_json.h"
#include "program/prompts/prompt_set.h"
#include "program/settings.h"
#include "program/text_file.h"
#include "records/mask_json.h"

/* Reads `least` to `most` numbers with commas between them. Returns how many, or 0. */
static int read_numbers(const char *text, double *numbers, int least, int most)
{
    char copy[256];
    int count = 0;
    if (strlen(text) >= sizeof copy)
        return 0;
    strncpy(copy, text, sizeof copy);
    char *rest = copy;
    for (char *number; (number = strsep(&rest, ",")); count++)
        if (count == most || !parse_real(number, &numbers[count]))
            return 0;
    return count >= least ? count : 0;
}

static int read_points(struct prompt *prompt, const struct settings *settings, struct error *error)
{
    for (size_t i = 0; i < settings->point.count; i++) {
        double numbers[3] = {0, 0, 1};
        const char *text = settings->point.texts[i];
        if (!read_numbers(text, numbers, 2, 3) || (numbers[2] != 0 && numbers[2] != 1))
            return error_set(error, ERROR_USAGE,
                             "--point %s: expected X,Y in pixels, or X,Y,L with L 1 on the object "
                             "and 0 beside it",
                             text);
        if (prompt_add_point(prompt, numbers[0], numbers[1], numbers[2] == 1, error))
            return error_prefix(error, "--point");
    }
    return 0;
}

static int read_box(struct prompt *prompt, const char *text, struct error *error)
{
    double box[4];
    if (!read_numbers(text, box, 4, 4))
        return error_set(error, ERROR_USAGE, "--box %s: expected X0,Y0,X1,Y1 in pixels", text);
    return prompt_set_box(prompt, box, error) ? error_prefix(error, "--box") : 0;
}

/* The mask's member of run lengths: the object's own, its segmentation's, or that of a record's only
 * annotation. NULL with an error: it has several. */
static const json_t *find_mask(const json_t *object, struct error *error)
{
    const json_t *list = json_object_get(object, "annotations");
    if (json_is_array(list) && json_array_size(list) != 1) {
        error_set(error, ERROR_USAGE,
                  "the record has %zu masks; give one of its annotations, or its picture",
                  json_array_size(list));
        return NULL;
    }
    const json_t *annotation = json_is_array(list) ? json_array_get(list, 0) : object;
    const json_t *inner = json_object_get(annotation, "segmentation");
    return inner ? inner : annotation;
}

static int read_mask_json(struct rle *mask, const char *text, size_t length, struct error *error)
{
    struct outline_left left = {.record = OUTLINE_OF_RECORD};
    json_error_t reason;
    json_t *object = json_load_bounded(text, length, JSON_REJECT_DUPLICATES, &reason);
    if (!object)
        return error_set(error, ERROR_USAGE, "not valid JSON: %s", reason.text);
    const json_t *found = find_mask(object, error);
    int status = found ? mask_json_read(mask, found, 0, 0, &left, error) : -1;
    json_decref(object);
    if (status && error->code == ERROR_RECORD)
        error->code = ERROR_USAGE;
    return status;
}

/* A pixel is the mask's if any of its bands is above 127. */
static int read_pixels(struct rle *mask, const struct image *image, struct error *error)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *bits = memory_new(pixels, 1, "a mask", error);
    if (!bits)
        return -1;
    for (size_t i = 0; i < pixels; i++) {
        const uint8_t *pixel = image->rgb + 3 * i;
        bits[i] = pixel[0] > 127 || pixel[1] > 127 || pixel[2] > 127;
    }
    int status = rle_from_bitmap(mask, bits, (uint32_t)image->height, (uint32_t)image->width,
                                 (size_t)image->width, error);
    memory_free(bits);
    return status;
}

static int read_mask_picture(struct rle *mask, const char *path, struct image_pool *pool,
                             struct error *error)
{
    struct image image = {0};
    const struct image_input file = {path, -1};
    int status = image_pool_read(pool, &file, &image, error);
    if (status == 0)
        status = read_pixels(mask, &image, error);
    image_free(&image);
    return status;
}

/* A file of JSON, which may be a pipe, or a picture. */
static int read_mask_file(struct rle *mask, const char *path, struct image_pool *pool,
                          struct error *error)
{
    struct error ignored;
    char *text = NULL;
    size_t size = 0;
    bool read = text_file_read(path, &text, &size, &ignored) == 0;
    size_t mark = read ? text_mark(text, size) : 0;
    bool json = read && text[mark + strspn(text + mark, " \t\r\n")] == '{';
    int status = json ? read_mask_json(mask, text + mark, size - mark, error)
                      : read_mask_picture(mask, path, pool, error);
    free(text);
    return status && json ? error_prefix(error, "%s", path) : status;
}

static int read_mask(struct prompt *prompt, const char *given, struct image_pool *pool,
                     struct error *error)
{
    if (!given)
        return 0;
    int status = given[strspn(given, " \t\r\n")] == '{'
                     ? read_mask_json(&prompt->mask, given, strlen(given), error)
                     : read_mask_file(&prompt->mask, given, pool, error);
    if (status)
        return error_prefix(error, "--mask");
    return rle_area(&prompt->mask) > 0
               ? 0
               : error_set(error, ERROR_USAGE,
                           "--mask: it is empty; in a picture, pixels above 127 are the mask");
}

/* Points, the mask and at most one box: one prompt. */
static int read_one(struct prompt_set *set, const struct settings *settings,
                    struct image_pool *pool, struct error *error)
{
    struct prompt prompt = {0};
    int status = read_points(&prompt, settings, error);
    if (status == 0 && settings->box.count)
        status = read_box(&prompt, settings->box.texts[0], error);
    if (status == 0)
        status = read_mask(&prompt, settings->mask, pool, error);
    if (status == 0)
        return prompt_set_add(set, &prompt, error);
    rle_free(&prompt.mask);
    return -1;
}

static int read_boxes(struct prompt_set *set, const struct settings *settings, struct error *error)
{
    if (settings->point.count || settings->mask)
        return error_set(error, ERROR_USAGE,
                         "--%s beside several --box: it is not clear which it belongs to; "
                         "--prompts FILE can say that",
                         settings->point.count ? "point" : "mask");
    for (size_t i = 0; i < settings->box.count; i++) {
        struct prompt prompt = {0};
        if (read_box(&prompt, settings->box.texts[i], error) || prompt_set_add(set, &prompt, error))
            return -1;
    }
    return 0;
}

static int read_file(struct prompt_set *set, const char *path, struct error *error)
{
    char *text;
    size_t size;
    int status = text_file_read(path, &text, &size, error);
    if (status == 0) {
        status = prompt_json_read(set, text, size, error);
        free(text);
    }
    return status ? error_prefix(error, "--prompts %s", path) : 0;
}

int predict_prompts_read(struct prompt_set *set, const struct settings *settings,
                         struct image_pool *pool, struct error *error)
{
    set->text = settings->text_prompt != NULL;
    int status = settings->prompts         ? read_file(set, settings->prompts, error)
                 : settings->box.count > 1 ? read_boxes(set, settings, error)
                                           : read_one(set, settings, pool, error);
    if (status)
        prompt_set_free(set);
    set->multimask = set->multimask || settings->multimask;
    return status;
}
