/* style.h - how masks look in a picture. */
#ifndef PICTURES_STYLE_H
#define PICTURES_STYLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pictures/palette.h"

enum picture_labels {
    LABELS_NONE,
    LABELS_NUMBER,    /* the annotation's id */
    LABELS_IOU,       /* predicted IoU */
    LABELS_STABILITY, /* stability score */
    LABELS_AREA,      /* pixels */
    LABELS_CLASS      /* the name of its class */
};

/* Their names, as of an option's choices. */
#define STYLE_LABELS "none|number|iou|stability|area|class"

struct picture_style {
    double outline; /* width of outlines, pixels of the picture; below 0: by the picture's size */
    double alpha;   /* of the colour within a mask, 0 to 1 */
    enum palette palette;
    enum picture_labels labels;
    const int64_t *only; /* borrowed: [only_count] ids of the masks that are shown; NULL: all */
    size_t only_count;
};

/* The kind of labels of that name. False if there is none. */
bool style_labels_find(const char *name, enum picture_labels *labels);

/* The width of outlines in a picture whose longest side has so many pixels. */
double style_outline(const struct picture_style *style, double side);

/* Colours lie in a layer of their own, each mask over the larger ones with this opacity ... */
double style_over(const struct picture_style *style);

/* ... and the layer over the photograph with this one. Both together are `alpha` where there is one
 * mask, and little more where there are several: the photograph shows through everywhere, and under
 * a small mask the colour of the larger one. */
double style_layer(const struct picture_style *style);

#endif
