/* match.h - tile joining, step 1: pairs of masks from overlapping tiles that show the same object.
 */
#ifndef FILTERS_MATCH_H
#define FILTERS_MATCH_H

#include <stddef.h>

struct error;
struct mask_list;

/* A pair of masks of a list. `iou` is their intersection over union within the overlap of their
 * tiles (struct mask's `crop`). */
struct match {
    size_t from, to;
    double iou;
};

struct matches {
    /* Owned, freed by free(3). Each pair in both directions, sorted by rising `from`, then falling
     * `iou`, then rising `to`. */
    struct match *items;
    size_t count, capacity;
    size_t *tile_of; /* [list->count]: tile number of each mask; owned, freed by memory_free */
    size_t tile_count;
};

/* Finds all pairs whose intersection over union is at least `threshold` (above 0). In the list, the
 * masks of a tile are consecutive, and runs are of the image's size. `matches` starts zeroed.
 * Returns 0 or -1 (ERROR_MEMORY); call matches_free in either case. */
int matches_find(struct matches *matches, const struct mask_list *list, double threshold,
                 struct error *error);
void matches_free(struct matches *matches);

/* Index of the first match with this `from`, the others follow it; `count` if there is none. */
size_t matches_from(const struct matches *matches, size_t from);

#endif
