/* label_record.h - one record of `maskmill label`: its image, and its text with classes. */
#ifndef PROGRAM_LABEL_LABEL_RECORD_H
#define PROGRAM_LABEL_LABEL_RECORD_H

#include <stddef.h>

struct error;
struct folder;
struct image_pool;
struct label_workers;
struct labels;
struct record_entry;

/* What all records share. All borrowed. */
struct label_context {
    const struct labels *labels;
    struct label_workers *workers;
    const struct folder *images;
    struct image_pool *pool;
};

/* Reads the image of a record that a stream gave, names the record's masks, and returns the record's text with their
 * classes, which the caller frees with free(3); *length is its strlen. A class that another model gave is forgotten
 * first, one that a person gave stays. NULL with ERROR_RECORD or ERROR_IMAGE (about this record), ERROR_IO or
 * ERROR_MEMORY. Any thread. */
char *label_record(const struct label_context *context, struct record_entry *entry, size_t *length,
                   struct error *error);

#endif
