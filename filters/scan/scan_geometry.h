/* scan_geometry.h - one crop's tables and one thread's working memory; internal to the scan.
 *
 * Names used throughout the scan: *low* rows and columns are those of the logits (L), *model* rows
 * and columns those of the first enlargement (S), *output* rows and columns those of the crop.
 * Output row y depends at most on the low rows r, r + 1 and r + 2, where r = anchor(y). Output rows
 * with the same anchor are consecutive. Columns likewise.
 */
#ifndef FILTERS_SCAN_SCAN_GEOMETRY_H
#define FILTERS_SCAN_SCAN_GEOMETRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "filters/scan/scan.h"
#include "filters/scan/scan_axis.h"
#include "filters/scan/scan_cells.h"
#include "filters/scan/scan_kernel.h"

/* The low samples of one direction that the crop depends on. */
struct scan_anchors {
    int count;      /* low rows (or columns) */
    int32_t *start; /* [count + 1]: outputs start[r] .. start[r + 1] - 1 have anchor r */
};

struct scan_geometry {
    struct scan_size size;
    const struct scan_kernel *kernel;
    struct scan_axis model;         /* low to model samples, both directions */
    struct scan_axis rows, columns; /* model to output samples */
    struct scan_anchors row_anchors, column_anchors;
    bool by_cells; /* the crop is so much larger than the input that cells are worth it */
    /* [input_height + 1]: outputs row_cells[i] .. row_cells[i + 1] - 1 lie between model rows i and
     * i + 1. */
    int32_t *row_cells;
    size_t words;   /* 64-bit words of a set of low rows */
    size_t low_row; /* floats from one column of transposed logits to the next */
};

/* Output rows begin .. end - 1 in every column of a band or of a part of it: all in the mask, or
 * mixed. */
struct scan_segment {
    int32_t begin, end;
    bool mixed;
};

enum { SCAN_LOW_SLOTS = 4, SCAN_MODEL_SLOTS = 2 };

struct scan_scratch {
    struct arena arena;             /* owns what follows, up to `model_slots` */
    float *low;                     /* [low columns][low_row]: transposed logits */
    uint64_t *high_bits;            /* [low columns][words]: certainly above all thresholds */
    uint64_t *low_bits;             /* [low columns][words]: certainly below all thresholds */
    uint64_t *full, *empty, *mixed; /* [words]: the anchor rows of one band, by kind */
    size_t *band_start;             /* [low columns + 1]: first segment of each band */
    float *model_column;            /* [input_height + SCAN_PAD] */
    uint64_t *output_bits;          /* one bit an output row */
    struct scan_spread low_slots[SCAN_LOW_SLOTS];     /* spread to model rows */
    struct scan_spread model_slots[SCAN_MODEL_SLOTS]; /* spread to output rows */
    int low_tags[SCAN_LOW_SLOTS]; /* which low column is in a slot, -1 for none */
    uint64_t *classes[SCAN_MODEL_SLOTS][SCAN_CLASSES]; /* one bit a model row */
    uint64_t *whole[SCAN_CLASSES + 1];                 /* the same for cells; the last: no class */
    int model_tags[SCAN_MODEL_SLOTS];                  /* which model column */
    struct scan_segment *segments; /* of all bands, left to right, top to bottom */
    size_t segment_count, segment_capacity;
    struct scan_segment *cells; /* of the columns between two model columns */
    size_t cell_count, cell_capacity;
    uint32_t *ranges;                   /* foreground so far: pairs of column-major start and end */
    size_t range_count, range_capacity; /* of numbers, two a range */
};

/* Makes all arrays of `scratch` large enough for this geometry. 0 or -1 (ERROR_MEMORY). */
int scan_scratch_fit(struct scan_scratch *scratch, const struct scan_geometry *geometry,
                     struct error *error);

#endif
