/* scan_bands.h - pixels that the low-resolution logits alone decide; internal to the scan.
 *
 * A band is the output columns of one anchor; it depends on three low columns. The output rows of
 * one anchor depend on three low rows. If all nine logits lie above every threshold, the pixels
 * belong to the mask; if all lie below, none does; otherwise they are "mixed" and must be
 * interpolated.
 *
 * This is exact, rounding included. Weights are in 0..1, and the two weights of an output sum to 1
 * except for one rounding, 2^-25. If all samples are positive, so are all products and sums, and
 * each operation changes the result by a factor within 1 -+ 2^-24. At most 16 operations lie
 * between a logit and a pixel (four in a chain and the rounding of weights, twice). So a pixel is
 * above the smallest logit times (1 - 2^-19), which SCAN_MARGIN covers. The largest of four weights
 * is at least 1/4, so nothing underflows above SCAN_SMALLEST; SCAN_LARGEST keeps sums finite. For
 * negative samples the same holds with the signs reversed.
 */
#ifndef FILTERS_SCAN_SCAN_BANDS_H
#define FILTERS_SCAN_SCAN_BANDS_H

#include <stdint.h>

struct error;
struct scan_geometry;
struct scan_scratch;

#define SCAN_MARGIN (1 + 0x1p-18f)
#define SCAN_SMALLEST 1e-30f

/* Pixels of the crop known to be in the mask, and those that need interpolation. */
struct scan_outlook {
    uint64_t full, mixed;
};

/* Transposes logits[L][L] into scratch->low and fills the scratch's segments. Pixels outside all
 * segments are not in the mask. 0 or -1 (ERROR_MEMORY). */
int scan_bands(const struct scan_geometry *geometry, struct scan_scratch *scratch,
               const float *logits, float offset, struct scan_outlook *outlook,
               struct error *error);

#endif
