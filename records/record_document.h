/* record_document.h - the JSON of one image's masks, in the forms in which the field writes it:
 *
 *   {"image": {...}, "annotations": [...]}      SA-1B's files, and this program's records
 *   {"annotations": [...]}                      the same without the image
 *   [...]                                       the reference's scripts/amg.py --convert-to-rle
 *   {"images": [{...}], "annotations": [...]}   COCO's, of one image
 *
 * Annotations are built one at a time, so memory is bounded whatever the text holds.
 */
#ifndef RECORDS_RECORD_DOCUMENT_H
#define RECORDS_RECORD_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/json_cursor.h"

struct error;

struct record_document {
    json_t *image;           /* owned: an object; NULL: the image is not described */
    bool coco;               /* it has "images" */
    const char *list;        /* the text from the list of annotations on; borrowed */
    struct json_cursor rest; /* of the list */
    /* Of the annotation that was built last: its text within the document's, and whether NaN in it counted
     * as null. */
    const char *annotation; /* [annotation_length] */
    size_t annotation_length;
    bool annotation_has_nan;
};

/* Begins untrusted text, which must outlive the document. NaN counts as null. Returns 0, or -1 with
 * nothing to free: ERROR_RECORD ("JSON, line 3: ...", "there is no list of annotations") or
 * ERROR_MEMORY. */
int record_document_open(struct record_document *document, const char *text, size_t length,
                         struct error *error);

/* Builds the next annotation, which the caller frees with json_decref. Returns 1; 0 past the last;
 * or -1 with ERROR_RECORD ("JSON, line 3: ..."): that one is damaged, and the next call goes on
 * behind it; or with ERROR_MEMORY. */
int record_document_next(struct record_document *document, json_t **annotation,
                         struct error *error);

void record_document_close(struct record_document *document);

#endif
