/* rle.h - binary masks as column-major run lengths, as in COCO and SA-1B.
 *
 * A mask of height h and width w is read column by column, top to bottom, left to right: pixel
 * (x, y) has index x * h + y. `counts` alternates background and foreground run lengths and begins
 * with background; only counts[0] may be 0. The lengths sum to h * w, which is below 2^32.
 */
#ifndef RLE_RLE_H
#define RLE_RLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"

struct error;

struct rle {
    uint32_t height, width; /* pixels */
    uint32_t end;           /* while runs are added: end of the last one */
    size_t length;          /* number of runs */
    size_t capacity;        /* allocated runs; may start as 0 with counts NULL */
    uint32_t *counts;       /* owned; freed by rle_free */
};

/* Frees the runs and leaves an empty struct. */
void rle_free(struct rle *rle);

/* Starts a new mask of this size without runs. `rle` is zeroed or reused; its memory is kept.
 * height * width must be below 2^32. */
void rle_begin(struct rle *rle, uint32_t height, uint32_t width);

/* Appends the foreground range [start, end) of column-major indices, which must not begin before
 * the end of the last one. Ranges that touch are joined. Returns 0 or -1 (ERROR_MEMORY). */
int rle_add(struct rle *rle, uint32_t start, uint32_t end, struct error *error);

/* Finishes the mask: extends the last run to h * w. Returns 0 or -1 (ERROR_MEMORY). */
int rle_end(struct rle *rle, struct error *error);

/* Makes the mask whose foreground is the `count` column-major ranges [ranges[2 * i], ranges[2 * i +
 * 1]): rising, not empty, not touching. Returns 0 or -1 (ERROR_MEMORY). */
int rle_from_ranges(struct rle *rle, uint32_t height, uint32_t width, const uint32_t *ranges,
                    size_t count, struct error *error);

/* Copies `from` to `to`, into memory of exactly the needed size. 0 or -1 (ERROR_MEMORY). */
int rle_copy(struct rle *to, const struct rle *from, struct error *error);

/* Swaps foreground and background in place. 0 or -1 (ERROR_MEMORY). */
int rle_invert(struct rle *rle, struct error *error);

/* Number of foreground pixels. */
uint64_t rle_area(const struct rle *rle);

/* Smallest box around the foreground; zeros for an empty mask. */
struct box rle_box(const struct rle *rle);

/* Number of pixels in both masks; sizes must be equal. */
uint64_t rle_intersection(const struct rle *a, const struct rle *b);

/* Intersection over union; 0 when both are empty. Sizes must be equal. */
double rle_iou(const struct rle *a, const struct rle *b);

/* Makes the mask of a row-major bitmap: bits[y * stride + x], nonzero is foreground. 0 or -1
 * (ERROR_MEMORY). */
int rle_from_bitmap(struct rle *rle, const uint8_t *bits, uint32_t height, uint32_t width,
                    size_t stride, struct error *error);

/* Writes 0 or 1 to bits[y * stride + x] for every pixel of the mask. */
void rle_to_bitmap(const struct rle *rle, uint8_t *bits, size_t stride);

/* Checks untrusted run lengths: they sum to h * w, and only the first may be 0. Returns 0, or -1
 * with ERROR_RECORD and the reason. */
int rle_check(const struct rle *rle, struct error *error);

#endif
