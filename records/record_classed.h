/* record_classed.h - the text of a record with other classes, and all else as it is written. */
#ifndef RECORDS_RECORD_CLASSED_H
#define RECORDS_RECORD_CLASSED_H

#include <stddef.h>

struct error;
struct record;

/* Copies the JSON of one image's masks, in any of the forms of record_document.h, from which `record` was read,
 * whole. An annotation whose mask has another class, or another score of it, than it says gets "category" and
 * "category_score" at its end in place of its own; all other members stay as they are, and so do all other bytes.
 * *length is the strlen of the result, which the caller frees with free(3). NULL with ERROR_RECORD (the text is not
 * that of the record) or ERROR_MEMORY. */
char *record_classed(const char *text, size_t text_length, const struct record *record,
                     size_t *length, struct error *error);

#endif
