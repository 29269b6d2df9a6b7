/* label.h - what is written on a mask, and where. */
#ifndef PICTURES_LABEL_H
#define PICTURES_LABEL_H

#include <stddef.h>
#include <stdint.h>

#include "pictures/style.h"

struct error;
struct record;

/* Room for a text. A class's name is shortened to a width of 12 heights. */
enum { LABEL_TEXT = 96 };

struct label {
    char text[LABEL_TEXT]; /* "": none */
    int32_t x, y;          /* the pixel of its middle */
    double radius;         /* pixels around that middle that lie within the mask; at least 1 */
};

/* Labels the masks of places order[0 .. count), which go from the largest to the smallest, into
 * labels[count]. A label lies on a pixel of its mask, the one farthest from the border of what the
 * smaller masks leave of it; of the whole mask if they leave nothing. A mask without pixels, or without
 * the score or the class that is asked for, has none. Returns 0 or -1 (ERROR_MEMORY). */
int label_place(struct label *labels, const struct record *record, const size_t *order,
                size_t count, enum picture_labels kind, struct error *error);

#endif
