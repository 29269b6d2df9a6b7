/* contact_sheet.h - many pictures on one, each with its name: where they lie, and their captions.
 *
 * Rows are filled from side to side: the pictures of a row have one height, so all keep their shapes.
 * Those that are much wider or higher than others lie within a frame of bounded shape. */
#ifndef PICTURES_CONTACT_SHEET_H
#define PICTURES_CONTACT_SHEET_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"
#include "images/image.h"

struct error;

struct contact_sheet_options {
    int32_t size;    /* longest side, pixels, PICTURE_JPEG_SIDE at most; 0: CONTACT_SHEET_SIZE */
    int32_t columns; /* pictures in a row; 0: as many as make about a square of them */
};

enum { CONTACT_SHEET_SIZE = 2400 };

/* Begins with all zeros. */
struct contact_sheet {
    struct image canvas; /* owned */
    struct rect *frames; /* owned: [count] */
    struct rect *places; /* owned: [count] of pictures, each within its frame */
    size_t count;
    double unit; /* height of capitals in captions */
};

/* Lays out a sheet of `count` pictures (at least one) of these sizes, and makes it white. The caller
 * frees it in any case. Returns 0 or -1 (ERROR_USAGE: a sheet of that size has no room for so many;
 * ERROR_MEMORY). */
int contact_sheet_make(struct contact_sheet *sheet, const struct size *sizes, size_t count,
                       const struct contact_sheet_options *options, struct error *error);

/* Writes below a picture: the name, its middle left out if it is long, and the number of masks. Returns 0
 * or -1 (ERROR_MEMORY). */
int contact_sheet_caption(struct contact_sheet *sheet, size_t index, const char *name, size_t masks,
                          struct error *error);

/* Writes two texts there: on the left, shortened likewise, and on the right. Returns 0 or -1 (ERROR_MEMORY). */
int contact_sheet_texts(struct contact_sheet *sheet, size_t index, const char *left,
                        const char *right, struct error *error);

void contact_sheet_free(struct contact_sheet *sheet);

#endif
