/* cover.h - the pixels that lie in at least one of several masks of one size. */
#ifndef RLE_COVER_H
#define RLE_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct rle;

struct cover {
    uint64_t *bits; /* [words] owned: a bit for each pixel, column by column */
    size_t words;
};

/* Begins without pixels; height * width is below 2^32. 0 or -1 (ERROR_MEMORY). */
int cover_begin(struct cover *cover, uint32_t height, uint32_t width, struct error *error);

/* Adds a mask of that size. */
void cover_add(struct cover *cover, const struct rle *rle);

/* Makes the mask of the pixels of `rle` that are not covered, in `left`, which is zeroed or reused. Takes
 * time by the mask's runs and pixels, whatever lies in the cover. 0 or -1 (ERROR_MEMORY). */
int cover_left(const struct cover *cover, const struct rle *rle, struct rle *left,
               struct error *error);

/* Whether the pixel of this column-major index is covered. */
bool cover_has(const struct cover *cover, uint32_t pixel);

/* Number of pixels covered. */
uint64_t cover_area(const struct cover *cover);

void cover_free(struct cover *cover);

#endif
