/* show.h - `maskmill show`: one image with its masks, or a contact sheet. */
#ifndef PROGRAM_SHOW_H
#define PROGRAM_SHOW_H

#include <stdbool.h>

#include "pictures/picture.h"

struct command_line;
struct error;
struct image;
struct image_pool;
struct settings;

enum show_format { SHOW_JPEG, SHOW_PNG, SHOW_SVG };

struct show {
    const struct settings *settings;
    struct image_pool *pool;
    enum show_format format;
    struct picture_options options; /* but for `only`, which belongs to a record */
    bool incomplete;                /* something could not be read, which has been said */
};

/* Draws the image with the masks that the records have for it. 0, or -1 with any error. */
int show_picture(struct show *show, const char *image, const char *records, struct error *error);

/* Draws a contact sheet of the records. 0, or -1 with any error. */
int show_sheet(struct show *show, const char *records, struct error *error);

/* Writes bytes, or a picture in the format, to the file that -o names. 0, or -1 (ERROR_IO, ERROR_IMAGE,
 * ERROR_MEMORY). */
int show_write(const struct show *show, const void *bytes, size_t size, struct error *error);
int show_write_pixels(const struct show *show, const struct image *canvas, struct error *error);

#endif
