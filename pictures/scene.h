/* scene.h - what a picture of a record shows: outlines, colours and labels, largest mask first. The
 * painter draws it as pixels, the SVG writer as paths. */
#ifndef PICTURES_SCENE_H
#define PICTURES_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "pictures/contour.h"
#include "pictures/label.h"
#include "pictures/style.h"

struct error;
struct record;

struct scene_mask {
    size_t place; /* in the record */
    uint8_t rgb[3];
    struct contour contour; /* in the picture's pixels */
    struct label label;     /* in the record's pixels */
    float label_at[2];      /* the left end of its base line, in the picture's pixels */
    double label_height;    /* of capitals, picture's pixels */
};

struct scene {
    struct scene_mask *masks; /* owned: [count], without those that have no pixels */
    size_t count;
    double outline;     /* width of outlines, pixels */
    double over, layer; /* opacities (style.h) */
};

/* Where the record's image lies in the picture: pixel (x, y) of it at origin + (x, y) * scale. */
struct scene_frame {
    double origin[2], scale[2];
    double side; /* the longest side that the image has in the picture */
};

/* Makes the scene, which is freed with scene_free in any case. The record's width and height are
 * those of its masks. Returns 0 or -1 (ERROR_MEMORY). */
int scene_make(struct scene *scene, const struct record *record, const struct picture_style *style,
               const struct scene_frame *frame, struct error *error);

void scene_free(struct scene *scene);

#endif
