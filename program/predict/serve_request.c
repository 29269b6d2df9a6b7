#include "program/predict/serve_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_cursor.h"
#include "base/json_load.h"
#include "program/prompts/prompt_json.h"

static int no_memory(struct error *error)
{
    return error_set(error, ERROR_MEMORY, "no memory for a request");
}

/* Takes the id as it is written. Returns 0, or -1 without memory. */
static int take_id(struct serve_request *request, const char *line, size_t length)
{
    char key[JSON_KEY];
    struct json_piece id = {0};
    struct json_cursor cursor;
    json_cursor_text(&cursor, line, length);
    if (json_cursor_enter(&cursor, '{') > 0)
        while (json_cursor_next(&cursor, key) > 0)
            if (json_cursor_skip(&cursor, strcmp(key, "id") == 0 ? &id : NULL))
                break;
    request->id = id.length ? strndup(line + id.offset, id.length) : strdup("null");
    return request->id ? 0 : -1;
}

static int take_image(struct serve_request *request, const json_t *object)
{
    const json_t *image = json_object_get(object, "image");
    const char *path = json_string_value(image);
    if (!path || !*path || strlen(path) != json_string_length(image)) {
        error_set(&request->fault, ERROR_USAGE, "\"image\" must be the path of a file");
        return 0;
    }
    request->image = strdup(path);
    return request->image ? 0 : -1;
}

/* Whether the request asks for nothing but that the image is encoded. */
static bool is_bare(const json_t *object)
{
    return json_object_size(object) == 1 + (json_object_get(object, "id") != NULL);
}

static int read_object(struct serve_request *request, const json_t *object, const char *line,
                       size_t length, struct error *error)
{
    static const char *const others[] = {"image", "id", NULL};
    if (take_id(request, line, length) || take_image(request, object))
        return no_memory(error);
    if (request->fault.code || is_bare(object))
        return 0;
    if (prompt_json_take(&request->set, object, others, &request->fault) == 0)
        return 0;
    if (request->fault.code != ERROR_MEMORY)
        return 0;
    *error = request->fault;
    return -1;
}

int serve_request_read(struct serve_request *request, const char *line, size_t length,
                       struct error *error)
{
    /* Jansson passes over a byte 0 behind a number. */
    bool zero = memchr(line, 0, length) != NULL;
    json_error_t reason = {.text = "it has a byte 0"};
    json_t *object =
        zero ? NULL
             : json_load_bounded(line, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &reason);
    if (!object && json_error_code(&reason) == json_error_out_of_memory)
        return no_memory(error);
    int status = 0;
    if (json_is_object(object))
        status = read_object(request, object, line, length, error);
    else if (object)
        error_set(&request->fault, ERROR_USAGE, "a request must be an object");
    else
        error_set(&request->fault, ERROR_USAGE, "not valid JSON: %s", reason.text);
    json_decref(object);
    if (status == 0 && !request->id && !(request->id = strdup("null")))
        status = no_memory(error);
    return status;
}

void serve_request_free(struct serve_request *request)
{
    free(request->id);
    free(request->image);
    prompt_set_free(&request->set);
    *request = (struct serve_request){0};
}
