#include "program/predict/detections_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_cursor.h"
#include "base/json_load.h"
#include "base/path.h"
#include "base/read_file.h"
#include "records/record.h"
#include "records/record_collection.h"

struct reading {
    const struct detections_visitor *visitor;
    bool lines;
};

static int take_part(void *context, struct record_part *part, struct error *error)
{
    const struct reading *reading = context;
    int status = 0;
    if (part->error.code)
        reading->visitor->fault(reading->visitor->context, part->error.text);
    else
        status = (reading->lines ? detections_read_line : detections_read_document)(
            part->text, part->length, part->label, reading->visitor, error);
    free(part->text);
    free(part->label);
    free(part->name);
    return status;
}

/* The folder of a file that the user has named. */
static struct folder *open_folder(const char *path, struct error *error)
{
    const char *base = path_base(path);
    char *parent = strndup(path, (size_t)(base - path));
    struct folder *folder = parent ? folder_open(*parent ? parent : ".", true, error) : NULL;
    if (!parent)
        error_set(error, ERROR_MEMORY, "%s: no memory for a path", path);
    free(parent);
    return folder;
}

/* Which form a file has that is no NDJSON: 1 with *form, 0 for none, or -1. */
static int find_form(const char *path, enum detections_form *form, struct error *error)
{
    struct json_cursor cursor = {0};
    int file = read_file_open(path, error);
    if (file < 0)
        return -1;
    int found = json_cursor_file(&cursor, file, error);
    if (found == 0) {
        bool list = json_cursor_enter(&cursor, '[') > 0;
        found = list || json_cursor_enter(&cursor, '{') > 0;
        *form = list ? DETECTIONS_RESULTS : DETECTIONS_COCO;
    }
    json_cursor_free(&cursor);
    close(file);
    return found;
}

static int read_file_of(const char *path, struct reading *reading, struct error *error)
{
    struct folder *folder = open_folder(path, error);
    if (!folder)
        return -1;
    const struct record_file file = {
        .folder = folder, .name = path_base(path), .path = path, .detections = true};
    int status = record_collection_read(&file, take_part, reading, error);
    folder_close(folder);
    if (status < 0 && error->code == ERROR_RECORD) /* no JSON: the file is the command line's */
        error->code = ERROR_USAGE;
    if (status == 0)
        return error_set(error, ERROR_USAGE,
                         "%s: expected COCO's document with \"images\" and \"annotations\", a list "
                         "of COCO's results, or NDJSON in a file called .ndjson or .jsonl",
                         path);
    return status == 1 ? 0 : status;
}

int detections_read(const char *path, const struct detections_visitor *visitor,
                    enum detections_form *form, struct error *error)
{
    struct reading reading = {visitor, record_collection_is_ndjson(path)};
    *form = DETECTIONS_NDJSON;
    if (record_collection_is_tar(path))
        return error_set(error, ERROR_USAGE, "%s: boxes are not read from tars", path);
    if (!reading.lines && find_form(path, form, error) < 0)
        return -1;
    return read_file_of(path, &reading, error);
}

/* ---- categories */

/* Builds a piece of the file. */
static int build(int file, const char *path, const struct json_piece *piece, json_t **value,
                 struct error *error)
{
    json_error_t reason;
    char *text = piece->length <= RECORD_FILE_MAX ? malloc(piece->length + 1) : NULL;
    if (!text)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its categories", path);
    ssize_t got = pread(file, text, piece->length, (off_t)piece->offset);
    *value = got == (ssize_t)piece->length
                 ? json_load_bounded(text, piece->length, JSON_REJECT_DUPLICATES, &reason)
                 : NULL;
    free(text);
    if (got != (ssize_t)piece->length)
        return error_set_system(error, ERROR_IO, got < 0 ? errno : EIO, "%s: cannot be read", path);
    return *value ? 0
                  : error_set(error, ERROR_USAGE, "%s: its categories are not valid JSON: %s", path,
                              reason.text);
}

/* Finds the member in the document. Returns 0, also if it is not there, or -1. */
static int find_categories(struct json_cursor *cursor, const char *path, struct json_piece *piece,
                           struct error *error)
{
    char key[JSON_KEY];
    int more = json_cursor_enter(cursor, '{');
    while (more > 0 && (more = json_cursor_next(cursor, key)) > 0)
        if (json_cursor_skip(cursor, strcmp(key, "categories") == 0 ? piece : NULL))
            break;
    if (!cursor->fault)
        return 0;
    return cursor->system
               ? error_set_system(error, ERROR_IO, cursor->system, "%s: %s", path, cursor->fault)
               : error_set(error, ERROR_USAGE, "%s: JSON, line %zu: %s", path, cursor->line,
                           cursor->fault);
}

int detections_categories(const char *path, json_t **categories, struct error *error)
{
    struct json_cursor cursor = {0};
    struct json_piece piece = {0};
    *categories = NULL;
    int file = read_file_open(path, error);
    if (file < 0)
        return -1;
    int status = json_cursor_file(&cursor, file, error);
    if (status == 0)
        status = find_categories(&cursor, path, &piece, error);
    if (status == 0 && piece.length)
        status = build(file, path, &piece, categories, error);
    json_cursor_free(&cursor);
    close(file);
    return status;
}
