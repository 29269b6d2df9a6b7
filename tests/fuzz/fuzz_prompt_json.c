/* Prompts as JSON, alone and as a request of `maskmill predict --serve-ndjson`: the first byte chooses.
 * What is accepted holds what its headers promise; what is refused has a message of one line. */
#include "replay.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "program/predict/serve_request.h"
#include "program/prompts/prompt_json.h"
#include "program/prompts/prompt_set.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_prompt(const struct prompt *prompt)
{
    const double *box = prompt->box;
    check(prompt->point_count >= 0 && prompt->point_count <= MM_POINTS_MAX);
    check(prompt->point_count > 0 || prompt->has_box || prompt->mask.width > 0);
    for (int i = 0; i < prompt->point_count; i++) {
        check(fabs(prompt->points[i][0]) <= PROMPT_FARTHEST &&
              fabs(prompt->points[i][1]) <= PROMPT_FARTHEST);
        check(prompt->labels[i] == 0 || prompt->labels[i] == 1);
    }
    check(!prompt->has_box || (box[0] < box[2] && box[1] < box[3]));
    struct error error;
    check(prompt->mask.width == 0 || rle_check(&prompt->mask, &error) == 0);
}

static void check_set(const struct prompt_set *set)
{
    const struct prompt_frame_size frame = {640, 480, 256};
    size_t masks = 0;
    struct error error;
    check(set->count <= PROMPT_SET_MAX);
    for (size_t i = 0; i < set->count; i++) {
        check_prompt(&set->items[i]);
        masks += set->items[i].mask.width > 0;
    }
    check(masks == set->masks && masks <= PROMPT_MASKS_MAX);
    prompt_set_check(set, &frame, &error);
}

static void check_message(const struct error *error)
{
    check(error->text[0] != '\0');
}

static void read_prompts(const char *text, size_t length)
{
    struct prompt_set set;
    struct error error = {0};
    if (prompt_json_read(&set, text, length, &error) == 0) {
        check(set.count > 0);
        check_set(&set);
    } else {
        check(set.count == 0 && set.items == NULL);
        check_message(&error);
    }
    prompt_set_free(&set);
}

static void read_request(const char *text, size_t length)
{
    struct serve_request request = {0};
    struct error error = {0};
    if (serve_request_read(&request, text, length, &error) == 0) {
        json_t *id = json_load_bounded(request.id, strlen(request.id),
                                       JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        check(id != NULL); /* it goes into the answer as it is */
        json_decref(id);
        check_set(&request.set);
        if (request.fault.code)
            check_message(&request.fault);
        else
            check(request.image && *request.image);
    }
    serve_request_free(&request);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    (data[0] & 1 ? read_request : read_prompts)((const char *)data + 1, size - 1);
    return 0;
}
