#include "records/record_classed.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/json_cursor.h"
#include "base/json_text.h"
#include "records/record.h"
#include "records/record_document.h"

/* Whether reading the annotation gives the class and the score that the record has for mask `index`. */
static bool says_it(const json_t *annotation, const struct record *record, size_t index)
{
    const char *name = json_string_value(json_object_get(annotation, "category"));
    float score = (float)json_number_value(json_object_get(annotation, "category_score"));
    const char *category = record_category(record, index);
    if (!name || !record_is_category(name)) /* passed over */
        return !category;
    if (!category || strcmp(name, category) != 0)
        return false;
    return (score > 0 && score <= 1 ? score : 0) == record_category_score(record, index);
}

static bool is_of_class(const char *key)
{
    return strcmp(key, "category") == 0 || strcmp(key, "category_score") == 0;
}

/* Copies the members but for those of the class, as they are written; `annotation` has the same ones in the same order.
 * Returns how many. */
static int copy_members(struct json_text *out, const struct record_document *document,
                        json_t *annotation)
{
    struct json_cursor cursor;
    struct json_piece value;
    char ignored[JSON_KEY]; /* has not all names */
    const char *behind = document->annotation;
    int count = 0;
    json_cursor_text(&cursor, document->annotation, document->annotation_length);
    json_cursor_enter(&cursor, '{');
    for (void *member = json_object_iter(annotation); member;
         member = json_object_iter_next(annotation, member)) {
        if (json_cursor_next(&cursor, ignored) <= 0 || json_cursor_skip(&cursor, &value))
            break;
        const char *from = strchr(behind, '"'); /* its name */
        behind = document->annotation + value.offset + value.length;
        if (is_of_class(json_object_iter_key(member)))
            continue;
        json_text_raw(out, count++ ? ", " : "");
        json_text_bytes(out, from, (size_t)(behind - from));
    }
    return count;
}

/* Writes the annotation of mask `index` with its class. */
static void change(struct json_text *out, const struct record_document *document,
                   json_t *annotation, const struct record *record, size_t index)
{
    const char *category = record_category(record, index);
    float score = record_category_score(record, index);
    json_text_raw(out, "{");
    int count = copy_members(out, document, annotation);
    if (category) {
        json_text_raw(out, count ? ", \"category\": " : "\"category\": ");
        json_text_string(out, category, strlen(category));
    }
    if (score > 0) {
        json_text_raw(out, ", \"category_score\": ");
        json_text_double(out, (double)score);
    }
    json_text_raw(out, "}");
}

/* Copies the text from *at to the end of the document's annotation, which is that of mask `index`. */
static void copy_annotation(struct json_text *out, const struct record_document *document,
                            json_t *annotation, const char **at, const struct record *record,
                            size_t index)
{
    json_text_bytes(out, *at, (size_t)(document->annotation - *at));
    if (says_it(annotation, record, index))
        json_text_bytes(out, document->annotation, document->annotation_length);
    else
        change(out, document, annotation, record, index);
    *at = document->annotation + document->annotation_length;
}

/* Copies the text with its annotations changed. */
static int copy(struct json_text *out, struct record_document *document, const char *text,
                size_t length, const struct record *record, struct error *error)
{
    int found;
    json_t *annotation;
    const char *at = text;
    size_t index = 0;
    while ((found = record_document_next(document, &annotation, error)) > 0) {
        if (index < record->masks.count)
            copy_annotation(out, document, annotation, &at, record, index);
        json_decref(annotation);
        index++;
    }
    if (found == 0 && index != record->masks.count)
        return error_set(error, ERROR_RECORD, "it was changed while it was read");
    json_text_bytes(out, at, length - (size_t)(at - text));
    return found;
}

char *record_classed(const char *text, size_t text_length, const struct record *record,
                     size_t *length, struct error *error)
{
    struct json_text out = {0};
    struct record_document document;
    if (record_document_open(&document, text, text_length, error))
        return NULL;
    int status = copy(&out, &document, text, text_length, record, error);
    record_document_close(&document);
    if (status == 0)
        return json_text_take(&out, length, error);
    json_text_free(&out);
    return NULL;
}
