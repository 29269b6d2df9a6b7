/* partition.h - makes masks disjoint: each pixel goes to one of the masks that contain it. */
#ifndef FILTERS_PARTITION_H
#define FILTERS_PARTITION_H

struct error;
struct mask_list;

enum partition_winner {
    PARTITION_SMALLER, /* smaller area, then higher predicted IoU, then the earlier */
    PARTITION_BETTER   /* higher predicted IoU, then the earlier */
};

/* Removes from each mask the pixels of masks that win over it, updates boxes and areas, and drops
 * empty masks. The order stays. All runs are of one size. 0 or -1 (ERROR_MEMORY). */
int partition_masks(struct mask_list *list, enum partition_winner winner, struct error *error);

#endif
