/* image_values.h - the numbers that a PNG stores, in place of colours (IMAGE_VALUES): label maps;
 * internal to image*.c. */
#ifndef IMAGES_IMAGE_VALUES_H
#define IMAGES_IMAGE_VALUES_H

#include <stdint.h>

struct error;
struct image_source;

/* Called before libvips sees the file. A PNG with a palette is shown to it as a gray one, whose samples
 * are the indices: the header says gray, and the chunks that go with a palette get names that decoders
 * pass over. Refuses other formats: -1 with ERROR_IMAGE; else 0. */
int image_values_prepare(struct image_source *source, struct error *error);

/* Refuses colours of 16 bits, which have more numbers than three bytes hold. 0 or -1 (ERROR_IMAGE). */
int image_values_check(const struct image_source *source, struct error *error);

/* Converts row y of source->region to pixels of three bytes, the number with its low byte first. */
void image_values_row(const struct image_source *source, int32_t y, uint8_t *rgb);

#endif
