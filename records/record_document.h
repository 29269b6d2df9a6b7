/* record_document.h - the JSON of one image's masks, in the forms in which the field writes it:
 *
 *   {"image": {...}, "annotations": [...]}      SA-1B's files, and this program's records
 *   {"annotations": [...]}                      the same without the image
 *   [...]                                       the reference's scripts/amg.py --convert-to-rle
 *   {"images": [{...}], "annotations": [...]}   COCO's, of one image
 */
#ifndef RECORDS_RECORD_DOCUMENT_H
#define RECORDS_RECORD_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct error;

struct record_document {
    json_t *root;              /* owned */
    const json_t *image;       /* an object; NULL: the image is not described */
    bool coco;                 /* it has "images" */
    const json_t *annotations; /* a list */
};

/* Reads untrusted text, where NaN counts as null. Returns 0, or -1 with ERROR_RECORD ("JSON, line 3: ...", "there is no list
 * of annotations") and nothing to free. */
int record_document_load(struct record_document *document, const char *text, size_t length,
                         struct error *error);

void record_document_free(struct record_document *document);

#endif
