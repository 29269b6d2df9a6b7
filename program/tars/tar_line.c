#include "program/tars/tar_line.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "filters/mask.h"
#include "jobs/ndjson.h"

#define PLACE_MARK ",\"offset\":"

struct tar_line_owner {
    json_t *object;
    char *file_name; /* if it is not UTF-8 */
};

static void put_scores(struct ndjson *line, const char *name, const struct mask_list *masks,
                       float (*score)(const struct mask *mask))
{
    ndjson_array(line, name);
    for (size_t i = 0; masks && i < masks->count; i++)
        ndjson_number(line, (double)score(&masks->items[i]));
    ndjson_close_array(line);
}

static float iou_of(const struct mask *mask)
{
    return mask->predicted_iou;
}

static float stability_of(const struct mask *mask)
{
    return mask->stability_score;
}

void tar_line_begin(struct json_text *text, const struct tar_line *line,
                    const struct mask_list *masks)
{
    struct ndjson json = {.text = *text};
    json_text_raw(&json.text, "{");
    ndjson_string(&json, "key", line->key);
    ndjson_string(&json, "file_name", line->file_name);
    ndjson_hex(&json, "file_name_hex", line->file_name);
    ndjson_string(&json, "status", line->failed ? "failed" : "done");
    ndjson_string(&json, "error", line->error);
    ndjson_integer(&json, "width", line->width);
    ndjson_integer(&json, "height", line->height);
    ndjson_integer(&json, "masks", line->masks);
    put_scores(&json, "predicted_iou", masks, iou_of);
    put_scores(&json, "stability_score", masks, stability_of);
    ndjson_real(&json, "seconds", line->seconds, 3);
    *text = json.text;
}

void tar_line_end(struct json_text *text, const struct tar_place *place)
{
    json_text_raw(text, PLACE_MARK);
    json_text_integer(text, (int64_t)place->offset);
    json_text_raw(text, ",\"bytes\":");
    json_text_integer(text, (int64_t)place->bytes);
    json_text_raw(text, ",\"record_offset\":");
    json_text_integer(text, (int64_t)place->record_offset);
    json_text_raw(text, ",\"record_bytes\":");
    json_text_integer(text, (int64_t)place->record_bytes);
    json_text_raw(text, "}\n");
}

/* In a string there is no quote without a backslash before it, so the last mark is the line's own. */
size_t tar_line_without_place(const char *text, size_t length)
{
    const size_t mark = strlen(PLACE_MARK);
    for (size_t at = length >= mark ? length - mark : 0; at > 0; at--)
        if (memcmp(text + at, PLACE_MARK, mark) == 0)
            return at;
    return 0;
}

static bool find_text(const json_t *object, const char *name, const char **text)
{
    *text = json_string_value(json_object_get(object, name));
    return *text != NULL;
}

static bool find_number(const json_t *object, const char *name, uint64_t most, uint64_t *number)
{
    const json_t *value = json_object_get(object, name);
    json_int_t found = json_integer_value(value);
    *number = (uint64_t)found;
    return json_is_integer(value) && found >= 0 && (uint64_t)found <= most;
}

static bool find_place(const json_t *object, struct tar_place *place)
{
    const uint64_t most = INT64_MAX / 4; /* sums of these do not overflow */
    return find_number(object, "offset", most, &place->offset) &&
           find_number(object, "bytes", most, &place->bytes) &&
           find_number(object, "record_offset", most, &place->record_offset) &&
           find_number(object, "record_bytes", most, &place->record_bytes) &&
           place->record_offset >= place->offset &&
           place->record_offset + place->record_bytes <= place->offset + place->bytes;
}

/* Fills `line` from an object. False if it is no such line. */
static bool find_members(const json_t *object, struct tar_line *line)
{
    const char *status;
    uint64_t width, height;
    if (!find_text(object, "key", &line->key) ||
        !find_text(object, "file_name", &line->file_name) || !line->file_name[0] ||
        !find_text(object, "status", &status) || !find_text(object, "error", &line->error) ||
        !find_number(object, "width", UINT32_MAX, &width) ||
        !find_number(object, "height", UINT32_MAX, &height) ||
        !find_number(object, "masks", INT64_MAX, &line->masks) || !find_place(object, &line->place))
        return false;
    line->width = (uint32_t)width;
    line->height = (uint32_t)height;
    line->seconds = json_number_value(json_object_get(object, "seconds"));
    line->failed = strcmp(status, "failed") == 0;
    return line->failed || strcmp(status, "done") == 0;
}

/* Whether the line ends as tar_line_end writes it: 1, 0 or -1. Else another program has written it anew, and it cannot
 * be moved. `text` is without its newline. */
static int ends_as_written(const char *text, size_t length, const struct tar_place *place,
                           struct error *error)
{
    struct json_text end = {0};
    tar_line_end(&end, place);
    size_t at = tar_line_without_place(text, length);
    int same =
        at > 0 && length - at + 1 == end.used && memcmp(text + at, end.bytes, length - at) == 0;
    if (end.no_memory)
        same = error_set(error, ERROR_MEMORY, "no memory for a line of a tar's index");
    json_text_free(&end);
    return same;
}

int tar_line_parse(const char *text, size_t length, struct tar_line *line,
                   struct tar_line_owner **owner, struct error *error)
{
    const char *hex;
    *line = (struct tar_line){0};
    *owner = memory_new(1, sizeof **owner, "a line of a tar's index", error);
    if (!*owner)
        return -1;
    struct tar_line_owner *made = *owner;
    made->object = json_load_bounded(text, length, 0, NULL);
    bool sound = json_is_object(made->object) && find_members(made->object, line) &&
                 find_text(made->object, "file_name_hex", &hex);
    if (sound && *hex) {
        line->file_name = made->file_name = strdup(hex);
        sound = made->file_name && hex_decode_name(made->file_name);
    }
    int status = sound ? ends_as_written(text, length, &line->place, error) : 0;
    if (status > 0)
        return 1;
    tar_line_free(made);
    *owner = NULL;
    return status;
}

void tar_line_free(struct tar_line_owner *owner)
{
    if (!owner)
        return;
    json_decref(owner->object);
    free(owner->file_name);
    memory_free(owner);
}
