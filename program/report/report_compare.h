/* report_compare.h - two runs in a report: pairs of images, and twins among their masks. */
#ifndef PROGRAM_REPORT_REPORT_COMPARE_H
#define PROGRAM_REPORT_REPORT_COMPARE_H

#include <stddef.h>

struct error;
struct report_output;
struct report_run;

#define REPORT_TWIN_IOU                                                                            \
    0.75 /* a predicted mask counts as found from this IoU on (BSDS, COCO AP75) */

struct report_comparison {
    const struct report_run *runs; /* [2] borrowed, written already */
    double twin_iou;               /* of two masks that count as the same, above 0 */
    size_t rows, chunks, twins;    /* rows, documents compare-K, documents twins-C */
    size_t failed;                 /* images whose two records could not be compared */
};

/* Reads the second run's records again, with the first run's beside them, and writes compare-K and
 * twins-C. One of the runs must have a file for each record. Records that came after the runs were
 * written are not looked at. Those that cannot be compared are said by the source's `refused`. 0 or -1 with ERROR_USAGE, ERROR_IO or
 * ERROR_MEMORY. */
int report_compare(struct report_comparison *comparison, struct report_output *output,
                   struct error *error);

#endif
