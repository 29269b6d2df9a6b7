/* scan_plane.h - low-resolution logits at every pixel of a part of the crop. The scan (scan.h) does
 * without such planes; this is for what needs the logits themselves. */
#ifndef FILTERS_SCAN_SCAN_PLANE_H
#define FILTERS_SCAN_SCAN_PLANE_H

#include "base/geometry.h"

struct error;
struct scan_geometry;

/* A part of a plane of numbers. */
struct scan_window {
    struct rect rect; /* where it lies in the plane */
    float *values;    /* [rect.height][rect.width]; owned by memory_free */
};

/* Enlarges logits[L][L] to the pixels of `rect`, which lies in the crop and is not empty, as the
 * geometry says: bilinearly, in two steps or one. Returns 0 with window->values, which the caller
 * frees; or -1 with ERROR_MEMORY. */
int scan_plane(const struct scan_geometry *geometry, const float *logits, struct rect rect,
               struct scan_window *window, struct error *error);

#endif
