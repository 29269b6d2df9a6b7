/* merge.h - masks of objects that cross the borders of overlapping tiles, put together again.
 *
 * Two masks of different tiles show the same object if they agree where both tiles look: the
 * intersection over union within the overlap of their tiles (struct mask's `crop`) is at least a
 * threshold. What is connected by such pairs becomes one mask.
 */
#ifndef FILTERS_MERGE_H
#define FILTERS_MERGE_H

struct error;
struct mask_list;

/* Merges the masks of all tiles of an image; runs are of the image's size, and the masks of one
 * tile stand together. A merged mask is the union of its parts, has the scores, point and crop of
 * the part with the highest predicted IoU, and stands where that stood. 0 or -1 (ERROR_MEMORY). */
int merge_tiles(struct mask_list *list, double threshold, struct error *error);

#endif
