#include "records/record_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/text_mark.h"

/* ---- pieces ---- */

/* Python writes NaN, which JSON has not: amg.py's stability_score of a mask without a logit above
 * -1. The copy has null in its place. NULL if there is none, or if memory is short; then the text
 * is refused as it is. */
static char *without_nan(const char *text, size_t length, size_t *copied)
{
    static const char null[] = {'n', 'u', 'l', 'l'};
    bool in_string = false;
    size_t found = 0;
    for (size_t i = 0; i + 3 <= length; i++)
        found += memcmp(text + i, "NaN", 3) == 0;
    char *copy = found ? malloc(length + found) : NULL;
    *copied = 0;
    for (size_t i = 0; copy && i < length; i++) {
        bool escaped = in_string && text[i] == '\\' && i + 1 < length;
        if (text[i] == '"')
            in_string = !in_string;
        if (!in_string && i + 3 <= length && memcmp(text + i, "NaN", 3) == 0) {
            memcpy(copy + *copied, null, sizeof null);
            *copied += sizeof null;
            i += 2;
            continue;
        }
        copy[(*copied)++] = text[i];
        if (escaped)
            copy[(*copied)++] = text[++i];
    }
    return copy;
}

/* Builds a piece of `text`; *has_nan (may be NULL): whether it has NaN. NULL with ERROR_RECORD or
 * ERROR_MEMORY. */
static json_t *build(const char *text, const struct json_piece *piece, bool *has_nan,
                     struct error *error)
{
    enum { FLAGS = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY };
    json_error_t syntax, ignored;
    size_t copied;
    const char *from = text + piece->offset;
    json_t *built = json_load_bounded(from, piece->length, FLAGS, &syntax);
    if (has_nan)
        *has_nan = !built;
    if (built)
        return built;
    char *copy = without_nan(from, piece->length, &copied);
    if (copy)
        built = json_load_bounded(copy, copied, FLAGS, &ignored);
    free(copy);
    if (built)
        return built;
    if (json_error_code(&syntax) == json_error_out_of_memory)
        error_set(error, ERROR_MEMORY, "no memory for %zu bytes of JSON", (size_t)piece->length);
    else
        error_set(error, ERROR_RECORD, "JSON, line %zu: %s",
                  piece->line + (size_t)(syntax.line > 0 ? syntax.line - 1 : 0), syntax.text);
    return NULL;
}

static int syntax_error(const struct json_cursor *cursor, struct error *error)
{
    return error_set(error, ERROR_RECORD, "JSON, line %zu: %s", cursor->line, cursor->fault);
}

/* ---- the members of a document ---- */

enum { IMAGE, IMAGES, ANNOTATIONS, SHAPES, MEMBERS };

struct members {
    const char *text;
    struct json_piece pieces[MEMBERS]; /* empty: there is none */
    size_t image_count;                /* in "images"; SIZE_MAX: that is no list */
    struct json_piece first_image;
};

static bool begins_with(const struct members *members, int member, char bracket)
{
    const struct json_piece *piece = &members->pieces[member];
    return piece->length && members->text[piece->offset] == bracket;
}

/* Counts the images of a COCO document and finds the first. Returns 0 or -1. */
static int look_into_images(struct json_cursor cursor, struct members *members)
{
    int more;
    members->image_count = 0;
    if (json_cursor_enter(&cursor, '[') <= 0)
        members->image_count = SIZE_MAX;
    while (members->image_count < SIZE_MAX && (more = json_cursor_next(&cursor, NULL))) {
        struct json_piece piece;
        if (more < 0 || json_cursor_skip(&cursor, &piece))
            return -1;
        if (members->image_count++ == 0)
            members->first_image = piece;
    }
    return 0;
}

/* Notes where a member is. One that is not used is only checked. */
static int take_member(struct json_cursor *cursor, const char *key, struct members *members,
                       struct error *error)
{
    static const char *const names[MEMBERS] = {"image", "images", "annotations", "shapes"};
    const struct json_cursor before = *cursor;
    struct json_piece piece;
    int member = 0;
    if (json_cursor_skip(cursor, &piece))
        return syntax_error(cursor, error);
    while (member < MEMBERS && strcmp(key, names[member]) != 0)
        member++;
    if (member == MEMBERS) {
        json_t *other = build(members->text, &piece, NULL, error);
        json_decref(other);
        return other ? 0 : -1;
    }
    if (members->pieces[member].length)
        return error_set(error, ERROR_RECORD, "JSON, line %zu: duplicate object key near '\"%s\"'",
                         piece.line, key);
    members->pieces[member] = piece;
    if (member == IMAGES && look_into_images(before, members)) {
        cursor->fault = "',' or ']' expected in images";
        return syntax_error(cursor, error);
    }
    return 0;
}

/* Finds the members of a document, or takes the whole as the list. */
static int find_members(struct members *members, size_t length, struct error *error)
{
    struct json_cursor cursor;
    char key[JSON_KEY];
    json_cursor_text(&cursor, members->text, length);
    int object = json_cursor_enter(&cursor, '{'), more = object;
    while (more > 0 && (more = json_cursor_next(&cursor, key)) > 0)
        if (take_member(&cursor, key, members, error))
            return -1;
    if (object == 0 && json_cursor_skip(&cursor, &members->pieces[ANNOTATIONS]) == 0 &&
        !begins_with(members, ANNOTATIONS, '['))
        cursor.fault = "'[' or '{' expected";
    return json_cursor_end(&cursor) || cursor.fault ? syntax_error(&cursor, error) : 0;
}

/* COCO's documents and lists of results hold many images, which one record cannot. */
static int check_one_image(const struct record_document *document, const struct members *members,
                           struct error *error)
{
    struct record_document look = *document;
    struct error ignored;
    json_t *first = NULL;
    if (members->pieces[IMAGES].length && members->image_count < SIZE_MAX &&
        members->image_count != 1)
        return error_set(error, ERROR_RECORD,
                         "this is a COCO document of %zu images; a file for each image is needed",
                         members->image_count);
    if (document->image || record_document_next(&look, &first, &ignored) <= 0)
        return 0;
    bool result = json_object_get(first, "image_id");
    json_decref(first);
    return result ? error_set(error, ERROR_RECORD,
                              "this is a list of COCO results over all images; a file for each "
                              "image is needed")
                  : 0;
}

/* Takes the image and begins the list. */
static int take_parts(struct record_document *document, const struct members *members,
                      struct error *error)
{
    const struct json_piece *list = &members->pieces[ANNOTATIONS];
    bool image = members->pieces[IMAGE].length, images = members->pieces[IMAGES].length;
    if (!list->length && begins_with(members, SHAPES, '['))
        return error_set(error, ERROR_RECORD, "this is labelme's file of shapes, not of masks");
    if (!begins_with(members, ANNOTATIONS, '['))
        return error_set(error, ERROR_RECORD, "there is no list of annotations");
    if (image && !begins_with(members, IMAGE, '{'))
        return error_set(error, ERROR_RECORD, "image is not an object");
    document->coco = images && !image;
    const struct json_piece *described = image                       ? &members->pieces[IMAGE]
                                         : members->image_count == 1 ? &members->first_image
                                                                     : NULL;
    if (described && !(document->image = build(members->text, described, NULL, error)))
        return -1;
    document->list = members->text + list->offset;
    json_cursor_text(&document->rest, document->list, list->length);
    document->rest.line = list->line;
    json_cursor_enter(&document->rest, '[');
    return check_one_image(document, members, error);
}

int record_document_open(struct record_document *document, const char *text, size_t length,
                         struct error *error)
{
    struct members members = {.text = text};
    const char *wide = text_wide(text, length);
    *document = (struct record_document){0};
    if (wide)
        return error_set(error, ERROR_RECORD, "this is %s text; save it as UTF-8", wide);
    if (find_members(&members, length, error) == 0 && take_parts(document, &members, error) == 0)
        return 0;
    record_document_close(document);
    return -1;
}

int record_document_next(struct record_document *document, json_t **annotation, struct error *error)
{
    struct json_piece piece;
    *annotation = NULL;
    if (document->rest.fault) /* which was told; what follows cannot be found */
        return 0;
    int more = json_cursor_next(&document->rest, NULL);
    if (more <= 0)
        return more ? syntax_error(&document->rest, error) : 0;
    if (json_cursor_skip(&document->rest, &piece))
        return syntax_error(&document->rest, error);
    document->annotation = document->list + piece.offset;
    document->annotation_length = piece.length;
    *annotation = build(document->list, &piece, &document->annotation_has_nan, error);
    return *annotation ? 1 : -1;
}

void record_document_close(struct record_document *document)
{
    json_decref(document->image);
    *document = (struct record_document){0};
}
