/* painter.h - paints a scene over a photograph, and text on a picture. */
#ifndef PICTURES_PAINTER_H
#define PICTURES_PAINTER_H

#include <stdint.h>

#include "base/geometry.h"

struct error;
struct image;
struct scene;

/* Paints the scene over the part `place` of `canvas`, which holds the photograph already; nothing
 * outside it is touched. Colours first, then outlines with a thin dark rim, then labels: white on
 * dark. All is anti-aliased. Works in bands of rows: the memory beside the scene is small. Equal
 * scenes give equal pixels. Returns 0 or -1 (ERROR_MEMORY). */
int painter_paint(struct image *canvas, struct rect place, const struct scene *scene,
                  struct error *error);

/* A line of text: lettering.h. */
struct painter_text {
    const char *text;
    float at[2]; /* the left end of the base line */
    double height;
    uint8_t rgb[3];
};

/* Paints text on `canvas`. Returns 0 or -1 (ERROR_MEMORY). */
int painter_write(struct image *canvas, const struct painter_text *text, struct error *error);

#endif
