/* image_place.h - the file of an image that a record names. Records are not believed about files:
 * whoever may write a record could name any file of the reader's. */
#ifndef RECORDS_IMAGE_PLACE_H
#define RECORDS_IMAGE_PLACE_H

#include <stddef.h>

struct error;
struct folder;

/* All borrowed. */
struct image_place {
    const struct folder *folder; /* NULL: the image is not known */
    const char *name;            /* below the folder */
    const char *refusal;         /* why the image must not be read; NULL: it may */
};

/* Opens the file of an image. It is reached without links, but for one: the file itself may be a link
 * that this user, root or the folder's owner has made, as those in folders of images are. In a
 * trusted folder (folder.h) all links are followed. Returns the descriptor of a regular file, or -1
 * with ERROR_IMAGE or ERROR_MEMORY. */
int image_place_open(const struct image_place *place, struct error *error);

/* Reads such a file of at most `most` bytes, whose first bytes must be those of an image. The bytes
 * are freed with free(3). Returns 0, or -1 as image_place_open. */
int image_place_read(const struct image_place *place, size_t most, char **bytes, size_t *size,
                     struct error *error);

#endif
