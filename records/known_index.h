/* known_index.h - where the known masks of each image lie (run --known), below a folder or in one file:
 *
 *   NAME.json                     of the image of that relative name, in any form of record_document.h
 *   *.ndjson, *.jsonl             a record a line, for the image of its "file_name"
 *   a COCO document               for each image that it lists, by its "file_name"
 *   a list of COCO results        for images by number: record_image_id, or the number that is their name
 *
 * Names are compared without their extensions. Files of the last three kinds are read through once and noted,
 * in 48 bytes an image and 24 more for an image or annotation of COCO; the first kind is looked for when its
 * image comes. Input is untrusted. Immutable once it is open: any thread may use it. */
#ifndef RECORDS_KNOWN_INDEX_H
#define RECORDS_KNOWN_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct folder;
struct known_index;
struct known_text;

/* Opens the folder or the file `path`. NULL with ERROR_IO; ERROR_RECORD (a file of many images that cannot be
 * read, or that does not say whose masks they are; two entries for one image) or ERROR_USAGE (tars and
 * folders of PNG files, which are not read); ERROR_MEMORY. */
struct known_index *known_index_open(const char *path, bool trust_folder, struct error *error);

/* NULL is allowed. */
void known_index_close(struct known_index *index);

/* Where one image's text lies. */
struct known_place {
    bool found;
    size_t entry;   /* SIZE_MAX: in a file of its own */
    uint64_t bytes; /* of the text */
};

/* Finds what is known of the image with this relative name. Returns 0, whether or not there is anything,
 * or -1 with ERROR_IMAGE (and errno: its file cannot be looked at) or ERROR_MEMORY. */
int known_index_find(const struct known_index *index, const char *image, struct known_place *place,
                     struct error *error);

/* Reads that text, which is freed with known_text_free (known_file.h). Returns 0, or -1 with ERROR_IMAGE (a file
 * of its own that cannot be read, or is too large), ERROR_IO (a file of many images that cannot be read, or has
 * changed since it was noted) or ERROR_MEMORY, and nothing to free. */
int known_index_read(const struct known_index *index, const char *image,
                     const struct known_place *place, struct known_text *text, struct error *error);

/* The files of many images, in a stable order: their names below the folder, NULL past the last; and one of
 * them open for reading, or -1 with ERROR_IO. */
const char *known_index_file(const struct known_index *index, size_t file);
int known_index_open_file(const struct known_index *index, size_t file, struct error *error);

#endif
