/* scan_reference.h - the reference of scan.h: enlarges the logits twice, or once, as the official
 * code does, and holds whole planes. */
#ifndef TESTS_REFERENCE_SCAN_REFERENCE_H
#define TESTS_REFERENCE_SCAN_REFERENCE_H

#include "filters/scan/scan.h"

/* As scan_mask, with the same result bit for bit. */
int scan_reference(const struct scan_size *size, const float *logits,
                   const struct scan_options *options, struct mask *mask, bool *kept,
                   struct error *error);

#endif
