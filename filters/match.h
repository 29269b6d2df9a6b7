/* match.h - which masks of overlapping tiles agree about what both tiles see. */
#ifndef FILTERS_MATCH_H
#define FILTERS_MATCH_H

#include <stddef.h>

struct error;
struct mask_list;

/* Mask `from` and mask `to` of a list agree: within the overlap of their tiles (struct mask's
 * `crop`) their intersection over union is `iou`. */
struct match {
    size_t from, to;
    double iou;
};

struct matches {
    struct match *items; /* owned, free(3): both directions of each pair, by rising `from`, then
                            falling `iou`, then rising `to` */
    size_t count, capacity;
    size_t *tile_of; /* owned, memory_free: [list->count] numbers of the masks' tiles */
    size_t tile_count;
};

/* Finds all pairs with an intersection over union of at least `threshold` (above 0). The masks of
 * one tile stand together in the list; runs are of the image's size. Start zeroed. Returns 0, or -1
 * (ERROR_MEMORY); matches_free in either case. */
int matches_find(struct matches *matches, const struct mask_list *list, double threshold,
                 struct error *error);
void matches_free(struct matches *matches);

/* The first match from this mask; the others follow it. `count` where there is none. */
size_t matches_from(const struct matches *matches, size_t from);

#endif
