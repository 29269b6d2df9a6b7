/* image_strips.h - the two steps of image_strips_open, for a process that may open no file; internal
 * to image*.c. */
#ifndef IMAGES_IMAGE_STRIPS_H
#define IMAGES_IMAGE_STRIPS_H

#include <stdbool.h>
#include <stddef.h>

#include "images/image.h"

/* Takes over a descriptor of image_file_descriptor, and reads the header. If *turned is set then,
 * image_strips_unpack must follow. 0 or -1 as image_strips_open. */
int image_strips_new(struct image_strips **strips, int descriptor, const char *name,
                     const struct image_options *options, bool *turned, struct error *error);

/* A temporary file without a name, for an image of width x height pixels that must be turned
 * upright. Its bytes are allocated. Returns a descriptor or -1 (ERROR_IO). */
int image_strips_file(const struct image_header *header, const char *name, struct error *error);

/* Decodes the whole image, upright, into such a file. Leaves the descriptor open. 0 or -1 as
 * image_read. */
int image_strips_unpack(struct image_strips *strips, int descriptor, struct error *error);

struct image_header image_strips_header(const struct image_strips *strips);

#endif
