/* scan_cells.h - pixels that the first enlargement alone decides; internal to the scan.
 *
 * If the crop is several times as large as the model's input, the bands of scan_bands.h are wide.
 * Most of their pixels lie between four model samples that are all on the same side of each
 * threshold. These pixels need no interpolation either, by the argument of scan_bands.h: fewer
 * operations lie between a model sample and a pixel. What is left to interpolate follows the mask's
 * outline.
 */
#ifndef FILTERS_SCAN_SCAN_CELLS_H
#define FILTERS_SCAN_SCAN_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "filters/scan/scan_kernel.h"

struct error;
struct scan_geometry;
struct scan_scratch;
struct scan_segment;

/* The class of a model sample, and of every pixel between four samples of that class. */
enum scan_class {
    SCAN_ABOVE,  /* above +offset */
    SCAN_INSIDE, /* above 0, not above +offset */
    SCAN_OUTER,  /* above -offset, not above 0 */
    SCAN_BELOW,  /* not above -offset */
    SCAN_CLASSES
};

/* Sets bits[class], one bit a row, for column[rows]. A sample too close to a threshold or too large
 * has no class. Reads up to SCAN_PAD more samples. */
void scan_cells_classify(const struct scan_kernel *kernel, const float *column, int rows,
                         float offset, uint64_t *const bits[SCAN_CLASSES]);

/* Rows of one output column's mixed segments that need no interpolation, and how many of them are
 * above +offset and above -offset. */
struct scan_decided {
    uint64_t rows;
    struct scan_count count;
};

/* Output columns that all lie between the model columns of two slots. */
struct scan_part {
    int left_slot, right_slot;
    const struct scan_segment *begin, *end; /* of their band */
};

/* Cuts the part's mixed segments into scratch->cells[0 .. cell_count): segments as those of bands,
 * other pixels not in the mask. 0 or -1 (ERROR_MEMORY). */
int scan_cells(const struct scan_geometry *geometry, struct scan_scratch *scratch,
               const struct scan_part *part, struct scan_decided *decided, struct error *error);

#endif
