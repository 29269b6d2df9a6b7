/* similar_tile.h - draws one mask of a contact sheet, with what lies around it. */
#ifndef PROGRAM_SIMILAR_SIMILAR_TILE_H
#define PROGRAM_SIMILAR_SIMILAR_TILE_H

#include <stddef.h>

#include "base/geometry.h"

struct error;
struct image;
struct record;

/* The part of an image that is shown of a mask: a square around its box, half as large again and at least
 * 48 pixels, as far as it lies within the image. */
struct rect similar_tile_part(struct box box, struct size image);

/* Fills the place of a tile with the colour that lies around all parts. */
void similar_tile_clear(struct image *canvas, struct rect place);

/* Draws that part of the photograph (NULL: gray) into the square `place` of the canvas, with the mask `at` of the record
 * in one colour. 0 or -1 (ERROR_IMAGE, ERROR_MEMORY). */
int similar_tile_draw(struct image *canvas, struct rect place, const struct image *photograph,
                      const struct record *record, size_t at, struct error *error);

#endif
