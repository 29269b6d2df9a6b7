/* image_format.h - the formats that are read; internal to image*.c. */
#ifndef IMAGES_IMAGE_FORMAT_H
#define IMAGES_IMAGE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum image_format_kind {
    IMAGE_JPEG,
    IMAGE_PNG,
    IMAGE_TIFF,
    IMAGE_WEBP,
    IMAGE_GIF,
    IMAGE_HEIF /* HEIC or AVIF */
};

/* Extensions of a format at most, and bytes of one: the longest has one less. */
enum { IMAGE_EXTENSIONS = 4, IMAGE_EXTENSION_SIZE = 8 };

/* A format: its extensions, its magic bytes, the libvips loader that reads it, and an upper bound
 * of the memory that the loader needs beside the decoded pixels. */
struct image_format {
    enum image_format_kind kind;
    const char *name;
    char extensions[IMAGE_EXTENSIONS][IMAGE_EXTENSION_SIZE]; /* zeros follow each, and the last */
    const char *loader;
    size_t offset, length; /* of the magic bytes */
    const char *magic;
    int whole;      /* bytes a pixel, for ordinary files */
    int interlaced; /* bytes a pixel, for interlaced and progressive files */
};

/* The format of a file that begins with `size` bytes `start`; NULL if it is none of them. */
const struct image_format *image_format_find(const uint8_t *start, size_t size);

/* Whether `size` bytes are the beginning of some format's magic bytes, but not all of them. */
bool image_format_begins(const uint8_t *start, size_t size);

#endif
