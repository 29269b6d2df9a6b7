#include "model/encoders/hiera_plan.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/parse.h"
#include "model/checkpoint/checkpoint.h"

/* A window is gathered whole, however small the image is. */
enum { NUMBER_MAX = 1 << 10, WINDOW_MAX = 1 << 6 };

/* sam2/configs/sam2.1/ of the official code; SAM 2.0 has the same trunks. */
static const struct known {
    size_t width, depths[HIERA_STAGES];
    struct hiera_plan plan;
} published[] = {
    {96, {1, 2, 7, 2}, {"Hiera-T", 1, {8, 4, 14, 7}, {5, 7, 9}, 3}},
    {96, {1, 2, 11, 2}, {"Hiera-S", 1, {8, 4, 14, 7}, {7, 10, 13}, 3}},
    {112, {2, 3, 16, 3}, {"Hiera-B+", 2, {8, 4, 14, 7}, {12, 16, 20}, 3}},
    {144, {2, 6, 36, 4}, {"Hiera-L", 2, {8, 4, 16, 8}, {23, 33, 43}, 3}},
};

/* The numbers of "8,4,14,7", each least..NUMBER_MAX. False if the text is anything else or has more
 * than `room`. */
static bool read_numbers(const char *text, int64_t least, size_t room, size_t *numbers,
                         size_t *count)
{
    for (*count = 0; *text; (*count)++) {
        char one[16];
        int64_t number;
        size_t length = strcspn(text, ",");
        snprintf(one, sizeof one, "%.*s", (int)length, text);
        if (*count == room || length >= sizeof one ||
            !parse_integer(one, least, NUMBER_MAX, &number))
            return false;
        numbers[*count] = (size_t)number;
        text += length;
        if (*text && !*++text) /* a comma at the end */
            return false;
    }
    return true;
}

static const char *said(const struct checkpoint *checkpoint, const char *key)
{
    const char *value = checkpoint_metadata(checkpoint, key);
    return value ? value : "";
}

/* The blocks of `depth` that attend to the whole image. */
static int read_globals(struct hiera_plan *plan, const struct checkpoint *checkpoint, size_t depth,
                        struct error *error)
{
    size_t room = sizeof plan->globals / sizeof *plan->globals;
    bool fit = read_numbers(said(checkpoint, "global_att_blocks"), 0, room, plan->globals,
                            &plan->global_count);
    for (size_t i = 0; fit && i < plan->global_count; i++)
        fit = plan->globals[i] < depth;
    if (!fit)
        return error_set(error, ERROR_MODEL,
                         "metadata global_att_blocks must be up to %zu numbers of blocks, 0 to "
                         "%zu, such as 5,7,9",
                         room, depth - 1);
    return 0;
}

/* The windows of the stages. */
static bool read_windows(struct hiera_plan *plan, const struct checkpoint *checkpoint)
{
    size_t count;
    bool fit =
        read_numbers(said(checkpoint, "window_spec"), 1, HIERA_STAGES, plan->windows, &count) &&
        count == HIERA_STAGES;
    for (size_t i = 0; fit && i < HIERA_STAGES; i++)
        fit = plan->windows[i] <= WINDOW_MAX;
    return fit;
}

static int read_metadata(struct hiera_plan *plan, const struct checkpoint *checkpoint, size_t depth,
                         struct error *error)
{
    size_t count;
    *plan = (struct hiera_plan){.title = "Hiera"};
    if (!read_numbers(said(checkpoint, "num_heads"), 1, 1, &plan->heads, &count) || count != 1)
        return error_set(error, ERROR_MODEL,
                         "metadata num_heads must be a whole number from 1 to %d", NUMBER_MAX);
    if (!read_windows(plan, checkpoint))
        return error_set(error, ERROR_MODEL,
                         "metadata window_spec must be %d whole numbers from 1 to %d, such as "
                         "8,4,14,7",
                         HIERA_STAGES, WINDOW_MAX);
    return read_globals(plan, checkpoint, depth, error);
}

int hiera_plan_find(struct hiera_plan *plan, const struct checkpoint *checkpoint, size_t width,
                    const size_t *depths, struct error *error)
{
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (width == published[i].width &&
            memcmp(depths, published[i].depths, sizeof published[i].depths) == 0) {
            *plan = published[i].plan;
            return 0;
        }
    if (checkpoint_metadata(checkpoint, "num_heads"))
        return read_metadata(plan, checkpoint, depths[0] + depths[1] + depths[2] + depths[3],
                             error);
    return error_set(
        error, ERROR_MODEL,
        "the image encoder, a Hiera of width %zu with %zu, %zu, %zu and %zu blocks, is "
        "none of SAM 2's, and its weights do not say how many heads and which windows "
        "it has: save it as .safetensors with the metadata num_heads, window_spec and "
        "global_att_blocks",
        width, depths[0], depths[1], depths[2], depths[3]);
}

bool hiera_plan_is_global(const struct hiera_plan *plan, size_t block)
{
    for (size_t i = 0; i < plan->global_count; i++)
        if (plan->globals[i] == block)
            return true;
    return false;
}
