/* palette.h - the colours of masks.
 *
 * A mask's colour depends on its place in the record alone (with PALETTE_SCORES: on its predicted
 * IoU), so it is the same in every picture of that record, whatever else is shown.
 *
 * bright, pastel and dark are colours of OKLCH, as CSS has it: oklch(L C H). For the mask at place i
 * the hue H is 360 * frac(0.08 + 0.6180339887498949 * i) degrees: steps of the golden ratio, so that
 * neighbours in the list, and any few that follow each other, differ most. L steps through three
 * values by i % 3, so that equal hues far apart in the list differ as well. Colours outside sRGB are
 * brought into it by less chroma.
 * Source of the colour space: B. Ottosson, "A perceptual color space for image processing" (2020).
 */
#ifndef PICTURES_PALETTE_H
#define PICTURES_PALETTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum palette {
    PALETTE_BRIGHT,
    PALETTE_PASTEL,
    PALETTE_DARK,
    PALETTE_OKABE_ITO, /* seven colours, told apart by colour-blind people too */
    PALETTE_SCORES     /* viridis over the square of the predicted IoU: 0 dark, 1 bright yellow */
};

/* The names of the palettes, as of an option's choices. */
#define PALETTE_NAMES "bright|pastel|dark|okabe-ito|scores"

/* The palette of that name. False if there is none. */
bool palette_find(const char *name, enum palette *palette);

/* What a colour may depend on. */
struct palette_mask {
    size_t place; /* in the record, from 0 */
    bool has_iou; /* without, PALETTE_SCORES gives gray */
    float predicted_iou;
};

/* The sRGB colour of a mask. */
void palette_colour(enum palette palette, const struct palette_mask *mask, uint8_t rgb[3]);

#endif
