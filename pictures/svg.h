/* svg.h - a photograph with its masks as an SVG document: one path a mask, in the place and the colours of
 * picture.h's pixels, with a title that has its scores.
 *
 * Paths are the contours of contour.h, so their areas are those of the masks; holes by the even-odd rule.
 * Larger masks come first. Where masks overlap, each covers what is below it with `alpha`; a larger mask's
 * outline stays visible below a smaller one. */
#ifndef PICTURES_SVG_H
#define PICTURES_SVG_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct picture_options;
struct record;

/* The photograph of a document: one of two, or neither (gray). All borrowed. */
struct svg_photograph {
    const char *path;    /* any bytes; relative to the document's folder, or absolute: for a link */
    const uint8_t *jpeg; /* [size], to put into the document */
    size_t size;
};

/* The document: valid XML in UTF-8 whatever the names hold. *length is its strlen. The caller frees it with
 * free(3). Returns NULL with ERROR_MEMORY. */
char *svg_text(const struct record *record, const struct picture_options *options,
               const struct svg_photograph *photograph, size_t *length, struct error *error);

#endif
