/* merge.h - tile joining: masks of objects that cross the borders of overlapping tiles become one.
 *
 *   match.h: pairs of masks that agree where two tiles overlap
 *   here:    pairs, best first, form groups with at most one mask of each tile
 *   seam.h:  the masks of a group are joined where they differ least
 *
 * A merged mask that still ends in a straight line at an inner border of a tile is dropped, as
 * masks cut by a crop's border are, if the line is longer than half of the mask's height or width.
 * If no tile of the group covers the other side of the border, more than a quarter is enough.
 */
#ifndef FILTERS_MERGE_H
#define FILTERS_MERGE_H

struct error;
struct mask_list;

/* Merges the masks of all tiles of an image. `threshold` is the least intersection over union of a
 * pair (match.h). Runs are of the image's size. Tiles come row by row, from left to right, and the
 * masks of a tile are consecutive. A merged mask takes the scores, point, crop and place of the
 * part with the highest predicted IoU. Two merged masks may share a part, so NMS must follow. 0 or
 * -1 (ERROR_MEMORY). */
int merge_tiles(struct mask_list *list, double threshold, struct error *error);

#endif
