/* twins.h - pairs of masks of two records that show the same object. */
#ifndef PROGRAM_REPORT_TWINS_H
#define PROGRAM_REPORT_TWINS_H

#include <stddef.h>

struct error;
struct mask_list;

struct twin {
    size_t a, b; /* places in the two lists */
    double iou;
};

struct twins {
    struct twin *items; /* owned, freed by free(3): by falling IoU, then rising a, then rising b */
    size_t count, capacity;
};

/* Pairs of masks with an intersection over union of at least `threshold` (above 0), the best first; a
 * mask is in one pair at most. Runs of all masks are of one size. `twins` is zeroed. 0 or -1
 * (ERROR_MEMORY; ERROR_RECORD: so many masks lie over each other that the work has no end). */
int twins_find(struct twins *twins, const struct mask_list *a, const struct mask_list *b,
               double threshold, struct error *error);

#endif
