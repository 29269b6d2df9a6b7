/* image_file.h - the bytes of an image file; internal to images/ but for its checks.
 *
 * Files of ordinary size are read into memory before they are decoded. This tells an I/O error from
 * a damaged image, and protects against another process that truncates the file meanwhile: a
 * decoder that maps the file would be killed by SIGBUS.
 */
#ifndef IMAGES_IMAGE_FILE_H
#define IMAGES_IMAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* Larger files are read piece by piece during decoding, to bound memory. */
enum { IMAGE_FILE_WHOLE = 64 << 20 };

struct image_file {
    int descriptor;
    uint8_t *bytes; /* owned: the contents; NULL if they are read piece by piece */
    size_t size;    /* of `bytes` */
};

/* Refuses an open file that is not regular, or empty. Returns 0, or -1 with ERROR_IMAGE. */
int image_file_regular(int descriptor, const char *path, struct error *error);

/* Opens a regular, non-empty file for reading; never blocks on a pipe or a device. Returns a
 * descriptor, or -1 with ERROR_IMAGE (and the errno). */
int image_file_descriptor(const char *path, struct error *error);

/* Takes over such a descriptor, also if it fails. Reads the file whole unless it is larger than
 * IMAGE_FILE_WHOLE or `pieces` is true. `name` is for messages. Returns 0, or -1 with everything
 * closed: ERROR_IMAGE (with the errno) or ERROR_MEMORY. Opens nothing and asks for no status, so that
 * it works in the cage. */
int image_file_open(struct image_file *file, int descriptor, const char *name, bool pieces,
                    struct error *error);

/* Call after a failed decode. Reads the file to its end: returns 0 if that works and leaves *error
 * alone, or -1 with ERROR_IMAGE and the errno in place of the decoder's message. */
int image_file_check(const struct image_file *file, const char *path, struct error *error);

void image_file_close(struct image_file *file);

#endif
