/* scan_bands.h - where the low-resolution logits alone decide, and where not; of the scan only.
 *
 * A band is the output columns of one anchor. It depends on three low columns, and the output rows
 * of one anchor on three low rows. Where all nine logits lie above every threshold the pixels
 * belong to the mask, where all lie below none does, and elsewhere they must be interpolated
 * ("mixed").
 *
 * This is exact, not only up to rounding. Weights are in 0..1 and two that belong together sum to 1
 * but for one rounding, 2^-25. If all samples are positive so are all products and sums, so every
 * operation changes the result by a factor within 1 -+ 2^-24, and at most 16 operations lie between
 * a logit and a pixel (four in a chain and the rounding of weights, twice). A pixel is therefore
 * above the smallest logit times (1 - 2^-19), which SCAN_MARGIN covers. The largest weight of four
 * is at least 1/4, so nothing underflows above SCAN_SMALLEST; SCAN_LARGEST keeps sums finite.
 * Negative samples: the same with signs turned.
 */
#ifndef FILTERS_SCAN_SCAN_BANDS_H
#define FILTERS_SCAN_SCAN_BANDS_H

#include <stdint.h>

struct error;
struct scan_geometry;
struct scan_scratch;

#define SCAN_MARGIN (1 + 0x1p-18f)
#define SCAN_SMALLEST 1e-30f

/* Pixels of the crop that are decided to be in the mask, and those that need interpolation. */
struct scan_outlook {
    uint64_t full, mixed;
};

/* Transposes logits[L][L] into scratch->low and fills the scratch's segments. Pixels outside all
 * segments are not in the mask. 0 or -1 (ERROR_MEMORY). */
int scan_bands(const struct scan_geometry *geometry, struct scan_scratch *scratch,
               const float *logits, float offset, struct scan_outlook *outlook,
               struct error *error);

#endif
