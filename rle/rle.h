/* rle.h - binary masks as column-major runs, the form of COCO and SA-1B.
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
    uint32_t end;           /* while runs are added: where the last of them ends */
    size_t length;          /* number of runs */
    size_t capacity;        /* allocated runs; 0 with counts NULL is a valid empty start */
    uint32_t *counts;       /* owned; freed by rle_free */
};

/* Frees the runs and leaves an empty struct. */
void rle_free(struct rle *rle);

/* Starts a new mask of this size in `rle`, keeping its memory: no runs yet. A struct of zeros may
 * be started; height * width must be below 2^32. */
void rle_begin(struct rle *rle, uint32_t height, uint32_t width);

/* Appends the foreground range of column-major indices [start, end), which must not lie before the
 * end of the last one; ranges that touch are joined. Returns 0 or -1 (ERROR_MEMORY). */
int rle_add(struct rle *rle, uint32_t start, uint32_t end, struct error *error);

/* Closes the mask: the last run reaches h * w. Returns 0 or -1 (ERROR_MEMORY). */
int rle_end(struct rle *rle, struct error *error);

/* The mask whose foreground is the `count` column-major ranges [ranges[2 * i], ranges[2 * i + 1]),
 * none empty, rising, none touching the next. Returns 0 or -1 (ERROR_MEMORY). */
int rle_from_ranges(struct rle *rle, uint32_t height, uint32_t width, const uint32_t *ranges,
                    size_t count, struct error *error);

/* Copies `from` into `to` (its own memory, exactly as large as needed). 0 or -1 (ERROR_MEMORY). */
int rle_copy(struct rle *to, const struct rle *from, struct error *error);

/* Turns foreground into background and the other way round, in place. 0 or -1 (ERROR_MEMORY). */
int rle_invert(struct rle *rle, struct error *error);

/* Number of foreground pixels. */
uint64_t rle_area(const struct rle *rle);

/* Smallest box around the foreground; zeros for an empty mask. */
struct box rle_box(const struct rle *rle);

/* Number of pixels in both masks; sizes must be equal. */
uint64_t rle_intersection(const struct rle *a, const struct rle *b);

/* Intersection over union; 0 when both are empty. Sizes must be equal. */
double rle_iou(const struct rle *a, const struct rle *b);

/* Runs of a bitmap bits[y * stride + x] (row-major, nonzero = foreground). 0 or -1 (ERROR_MEMORY).
 */
int rle_from_bitmap(struct rle *rle, const uint8_t *bits, uint32_t height, uint32_t width,
                    size_t stride, struct error *error);

/* Writes 0 or 1 to bits[y * stride + x] for every pixel of the mask. */
void rle_to_bitmap(const struct rle *rle, uint8_t *bits, size_t stride);

/* Checks the invariants stated above, for runs that come from outside: lengths sum to h * w, none
 * but the first is 0. Returns 0, or -1 with ERROR_RECORD and the reason. */
int rle_check(const struct rle *rle, struct error *error);

#endif
