/* report_masks.h - one record as an entry of an images document, with its row. */
#ifndef PROGRAM_REPORT_REPORT_MASKS_H
#define PROGRAM_REPORT_REPORT_MASKS_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct json_text;
struct record;
struct report_jpeg;
struct report_photo;
struct stats_measure;

/* What a thread makes of a record. One block, so that free(3) frees all of it. */
struct report_entry {
    double iou, stability, covered; /* as in struct report_row */
    bool missing;
    struct stats_measure *measures; /* [masks] */
    const char *masks;              /* [masks_length]: the entry, JSON */
    size_t masks_length;
    const char *photo; /* [photo_length]: the document photo-R-ROW; NULL: none */
    size_t photo_length;
};

/* NULL with ERROR_MEMORY. */
struct report_entry *report_masks_entry(const struct record *record,
                                        const struct report_photo *photo, struct error *error);

/* Appends the document photo-R-ROW of a copy. 0 or -1 (ERROR_MEMORY). */
int report_masks_put_copy(const struct report_jpeg *copy, struct json_text *text,
                          struct error *error);

#endif
