/* image_file.h - the bytes of an image file; internal to image*.c.
 *
 * Files of ordinary size are read into memory before they are decoded. So an I/O error is told
 * apart from a damaged image, and a file that another process cuts short cannot hurt (a decoder
 * that maps it would be killed by SIGBUS).
 */
#ifndef IMAGES_IMAGE_FILE_H
#define IMAGES_IMAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* Larger files are read piece by piece while they are decoded, to bound memory. */
enum { IMAGE_FILE_WHOLE = 64 << 20 };

struct image_file {
    int descriptor;
    uint8_t *bytes; /* owned; the contents, or NULL when read piece by piece */
    size_t size;    /* of `bytes` */
};

/* Opens a regular file that is not empty, without waiting for anything (a pipe, a device), and
 * reads it unless it is larger than IMAGE_FILE_WHOLE or only `pieces` are wanted. Returns 0, or -1
 * with ERROR_IMAGE (and the errno) or ERROR_MEMORY and everything closed. */
int image_file_open(struct image_file *file, const char *path, bool pieces, struct error *error);

/* After decoding failed: whether the file can be read to its end. Returns 0, or -1 with ERROR_IMAGE
 * and the errno of the failure in place of what *error said. */
int image_file_check(const struct image_file *file, const char *path, struct error *error);

void image_file_close(struct image_file *file);

#endif
