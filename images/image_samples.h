/* image_samples.h - rows of 16-bit samples to 8 bits; internal to image*.c. */
#ifndef IMAGES_IMAGE_SAMPLES_H
#define IMAGES_IMAGE_SAMPLES_H

#include <stdint.h>

struct image_source;

/* Widens source->notes to the colours of a row from[pixels->Xsize][pixels->Bands]. */
void image_samples_note(struct image_source *source, const uint16_t *from);

/* Converts such a row to to[pixels->Xsize][pixels->Bands] as source->depth says. With IMAGE_MINMAX
 * the notes are those of the whole image. */
void image_samples_convert(const struct image_source *source, const uint16_t *from, uint8_t *to);

#endif
