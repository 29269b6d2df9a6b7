#include "program/pipe/pipe_request.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_cursor.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "base/utf8.h"
#include "jobs/list.h"

/* The name of an image that has none. */
static const char NAMELESS[] = "image";

/* The members of a JSON request, within its line. A name that is written with escapes is not known. */
struct members {
    struct json_piece id; /* length 0: missing */
    bool whole;           /* the line is an object from its first byte to its last */
    int bytes_members;    /* how often `bytes` is there, whatever its value */
    bool counts;          /* `bytes` is a whole number */
    int64_t bytes;
};

static int no_memory(struct error *error)
{
    return error_set(error, ERROR_MEMORY, "no memory for a request");
}

static int set_id(struct pipe_request *request, struct json_text *text, struct error *error)
{
    free(request->id);
    request->id = json_text_take(text, NULL, error);
    return request->id ? 0 : -1;
}

/* Takes the id as it is written. */
static int set_written_id(struct pipe_request *request, const char *id, size_t length,
                          struct error *error)
{
    struct json_text text = {0};
    json_text_raw(&text, "\"id\": ");
    json_text_bytes(&text, id, length);
    return set_id(request, &text, error);
}

static int set_path_id(struct pipe_request *request, const char *path, size_t length,
                       struct error *error)
{
    struct json_text text = {0};
    json_text_raw(&text, "\"id\": ");
    json_text_string(&text, path, length);
    if (!utf8_valid(path, length)) {
        json_text_raw(&text, ", \"id_hex\": ");
        json_text_hexadecimal(&text, path, length);
    }
    return set_id(request, &text, error);
}

/* Sets the name as `run` names an entry of a list. Returns 1; 0 if nothing is left of it; or -1
 * without memory. */
static int set_name(struct pipe_request *request, const char *name, size_t length)
{
    char *copy = strndup(name, length);
    char *key = malloc(length + 1);
    bool left = copy && key && strlen(copy) == length && list_key(copy, key) == 0;
    int found = !copy || !key ? -1 : left;
    if (left) {
        free(request->name);
        request->name = key;
        key = NULL;
    }
    free(copy);
    free(key);
    return found;
}

/* Takes a path, which may have any bytes. 0, or -1 without memory. */
static int set_path(struct pipe_request *request, const char *path, size_t length)
{
    request->path = strndup(path, length);
    if (!request->path)
        return -1;
    if (memchr(path, 0, length))
        error_set(&request->fault, ERROR_IMAGE, "the path has a byte 0");
    else if (*request->path == '\0')
        error_set(&request->fault, ERROR_IMAGE, "the path is empty");
    int named = set_name(request, request->path, strlen(request->path));
    if (named == 0 && !request->fault.code)
        error_set(&request->fault, ERROR_IMAGE, "%s: this is no file", request->path);
    return named < 0 ? -1 : 0;
}

/* Finds the members whose exact text matters. */
static void find_members(struct members *members, const char *line, size_t length)
{
    char key[JSON_KEY];
    struct json_cursor cursor;
    *members = (struct members){0};
    json_cursor_text(&cursor, line, length);
    if (json_cursor_enter(&cursor, '{') <= 0)
        return;
    while (json_cursor_next(&cursor, key) > 0) {
        if (strcmp(key, "id") == 0) {
            json_cursor_skip(&cursor, &members->id);
        } else if (strcmp(key, "bytes") == 0) {
            members->bytes_members++;
            members->counts = json_cursor_integer(&cursor, &members->bytes) == 1;
        } else {
            json_cursor_skip(&cursor, NULL);
        }
    }
    members->whole = json_cursor_end(&cursor) == 0;
}

/* What is wrong with the request as a whole; NULL if nothing is. */
static const char *find_fault(const struct members *members, const json_t *object)
{
    const json_t *id = json_object_get(object, "id");
    const json_t *path = json_object_get(object, "path");
    const json_t *name = json_object_get(object, "name");
    if (members->bytes_members && (!members->counts || members->bytes < 0))
        return "\"bytes\" must be a whole number from 0";
    if (members->id.length == 0)
        return "\"id\" is missing";
    if (!json_is_string(id) && !json_is_number(id))
        return "\"id\" must be a string or a number";
    if (!path == !members->bytes_members)
        return path ? "\"path\" and \"bytes\" exclude each other"
                    : "\"path\" or \"bytes\" is missing";
    if (path && !json_is_string(path))
        return "\"path\" must be a string";
    if (name && !json_is_string(name))
        return "\"name\" must be a string";
    if (members->bytes_members && members->bytes == 0)
        return "the image is empty";
    return NULL;
}

/* Sets path and name of a request that has no fault so far. 0, or -1 without memory. */
static int set_texts(struct pipe_request *request, const json_t *object)
{
    const json_t *path = json_object_get(object, "path");
    const json_t *name = json_object_get(object, "name");
    const json_t *id = json_object_get(object, "id");
    if (path && set_path(request, json_string_value(path), json_string_length(path)))
        return -1;
    if (name) {
        int named = set_name(request, json_string_value(name), json_string_length(name));
        if (named == 0)
            error_set(&request->fault, ERROR_IMAGE, "\"name\" is no name of a file");
        return named < 0 ? -1 : 0;
    }
    if (path || !json_is_string(id))
        return 0;
    return set_name(request, json_string_value(id), json_string_length(id)) < 0 ? -1 : 0;
}

/* The line is an object that is not taken: with half of a surrogate pair, as Python writes for a name
 * that is not UTF-8, with a member twice, NaN, or a number that is too large. Its image would be read as
 * requests if it were not passed over. */
static void pass_over_image(struct pipe_request *request, const char *line, size_t length)
{
    struct members members;
    find_members(&members, line, length);
    if (members.whole && members.bytes_members == 1 && members.counts && members.bytes > 0)
        request->follows = (uint64_t)members.bytes;
}

static int read_object(struct pipe_request *request, const char *line, size_t length,
                       const json_t *object, struct error *error)
{
    struct members members;
    const json_t *id = json_object_get(object, "id");
    find_members(&members, line, length);
    const char *written = line + members.id.offset;
    const char *fault = find_fault(&members, object);
    if (members.counts && members.bytes > 0)
        request->follows = (uint64_t)members.bytes;
    if (members.id.length && (json_is_string(id) || json_is_number(id)) &&
        set_written_id(request, written, members.id.length, error))
        return -1;
    if (fault) {
        error_set(&request->fault, ERROR_IMAGE, "request: %s", fault);
        return 0;
    }
    if (json_is_number(id) && set_name(request, written, members.id.length) < 0)
        return no_memory(error);
    return set_texts(request, object) ? no_memory(error) : 0;
}

static int read_json(struct pipe_request *request, const char *line, size_t length,
                     struct error *error)
{
    json_error_t reason;
    /* Whole numbers may be larger than 64 bits: the id goes back as it is written. */
    json_t *object = json_load_bounded(
        line, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &reason);
    if (!object && json_error_code(&reason) == json_error_out_of_memory)
        return no_memory(error);
    if (!object) {
        error_set(&request->fault, ERROR_IMAGE, "request: not valid JSON: %s", reason.text);
        pass_over_image(request, line, length);
        return 0;
    }
    int status = read_object(request, line, length, object, error);
    json_decref(object);
    return status;
}

/* Fills in what every request has. */
static int complete(struct pipe_request *request, struct error *error)
{
    if (!request->id && set_written_id(request, "null", 4, error))
        return -1;
    if (!request->name)
        request->name = strdup(NAMELESS);
    return request->name ? 0 : no_memory(error);
}

int pipe_request_read(struct pipe_request *request, const char *line, size_t length,
                      struct error *error)
{
    int status;
    if (length > 0 && line[0] == '{')
        status = read_json(request, line, length, error);
    else
        status = set_path_id(request, line, length, error) || set_path(request, line, length)
                     ? no_memory(error)
                     : 0;
    return status ? -1 : complete(request, error);
}

int pipe_request_refuse(struct pipe_request *request, const char *reason, struct error *error)
{
    error_set(&request->fault, ERROR_IMAGE, "request: %s", reason);
    return complete(request, error);
}

void pipe_request_free(struct pipe_request *request)
{
    free(request->id);
    free(request->path);
    free(request->name);
    *request = (struct pipe_request){0};
}
