/* partition.h - masks that do not overlap: each pixel goes to one of those that contain it. */
#ifndef FILTERS_PARTITION_H
#define FILTERS_PARTITION_H

struct error;
struct mask_list;

enum partition_winner {
    PARTITION_SMALLER, /* smaller area, then higher predicted IoU, then the earlier */
    PARTITION_BETTER   /* higher predicted IoU, then the earlier */
};

/* Takes from each mask what a winning one holds; masks that lose everything are dropped. Boxes and
 * areas follow; the order stays. All runs are of one size. 0 or -1 (ERROR_MEMORY). */
int partition_masks(struct mask_list *list, enum partition_winner winner, struct error *error);

#endif
