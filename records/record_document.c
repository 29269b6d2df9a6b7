#include "records/record_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text_mark.h"

/* COCO's documents and lists of results hold many images, which one record cannot. */
static int check_one_image(const struct record_document *document, const json_t *images,
                           struct error *error)
{
    const json_t *first = json_array_get(document->annotations, 0);
    if (json_is_array(images) && json_array_size(images) != 1)
        return error_set(error, ERROR_RECORD,
                         "this is a COCO document of %zu images; a file for each image is needed",
                         json_array_size(images));
    if (!document->image && json_object_get(first, "image_id"))
        return error_set(error, ERROR_RECORD,
                         "this is a list of COCO results over all images; a file for each image "
                         "is needed");
    return 0;
}

static int find_parts(struct record_document *document, struct error *error)
{
    const json_t *root = document->root, *images = json_object_get(root, "images");
    const json_t *image = json_object_get(root, "image");
    document->annotations = json_is_array(root) ? root : json_object_get(root, "annotations");
    if (!document->annotations && json_is_array(json_object_get(root, "shapes")))
        return error_set(error, ERROR_RECORD, "this is labelme's file of shapes, not of masks");
    if (!json_is_array(document->annotations))
        return error_set(error, ERROR_RECORD, "there is no list of annotations");
    if (image && !json_is_object(image))
        return error_set(error, ERROR_RECORD, "image is not an object");
    document->coco = images && !image;
    document->image = image ? image : json_array_get(images, 0);
    return check_one_image(document, images, error);
}

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

static json_t *load(const char *text, size_t length, json_error_t *syntax)
{
    json_error_t ignored;
    size_t copied;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, syntax);
    char *copy = root ? NULL : without_nan(text, length, &copied);
    if (copy)
        root = json_loadb(copy, copied, JSON_REJECT_DUPLICATES, &ignored);
    free(copy);
    return root;
}

int record_document_load(struct record_document *document, const char *text, size_t length,
                         struct error *error)
{
    json_error_t syntax;
    const char *wide = text_wide(text, length);
    size_t mark = text_mark(text, length);
    *document = (struct record_document){0};
    if (wide)
        return error_set(error, ERROR_RECORD, "this is %s text; save it as UTF-8", wide);
    document->root = load(text + mark, length - mark, &syntax);
    if (!document->root)
        return error_set(error, ERROR_RECORD, "JSON, line %d: %s", syntax.line, syntax.text);
    int status = find_parts(document, error);
    if (status)
        record_document_free(document);
    return status;
}

void record_document_free(struct record_document *document)
{
    json_decref(document->root);
    *document = (struct record_document){0};
}
