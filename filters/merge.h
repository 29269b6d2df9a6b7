/* merge.h - masks of objects that cross the borders of overlapping tiles, put together again.
 *
 * Two masks of different tiles show the same object if they agree where both tiles look: the
 * intersection over union within the overlap of their tiles (struct mask's `crop`) is at least a
 * threshold. What is connected by such pairs, those that agree most first and one mask a tile,
 * becomes one mask, its pieces joined where they differ least (seam.h). A mask that still ends in a
 * straight line at an inner border of a tile, for more than half of its height or width, is
 * dropped, as masks are that the border of a crop has cut; more than a quarter is enough where no
 * tile that has a piece of the mask looked beyond the border.
 */
#ifndef FILTERS_MERGE_H
#define FILTERS_MERGE_H

struct error;
struct mask_list;

/* Merges the masks of all tiles of an image. Runs are of the image's size; the masks of one tile
 * stand together, and tiles come row by row, from left to right. A merged mask has the scores,
 * point and crop of the part with the highest predicted IoU, and stands where that stood. Parts of
 * two objects may agree with the same mask of a neighbouring tile: NMS is due afterwards. 0 or -1
 * (ERROR_MEMORY). */
int merge_tiles(struct mask_list *list, double threshold, struct error *error);

#endif
