/* mask_json.h - a mask's "segmentation" in JSON, as the field's tools write it:
 *
 *   {"size": [h, w], "counts": "..."}      COCO's compressed string (coco.h)
 *   {"size": [h, w], "counts": [3, 2, 7]}  run lengths, background first
 *   [[x, y, x, y, ...], ...]               COCO's polygons; the mask is their union
 */
#ifndef RECORDS_MASK_JSON_H
#define RECORDS_MASK_JSON_H

#include <jansson.h>
#include <stdint.h>

struct error;
struct rle;

/* Pixels of polygons' outlines that are walked at most: more than any map has. A mask of so many has
 * some hundred MB of runs. */
enum { OUTLINE_OF_MASK = 1 << 24, OUTLINE_OF_RECORD = 1 << 28 };

/* What may still be walked; `mask` is set for each mask. */
struct outline_left {
    double record, mask;
};

/* Reads `segmentation` (NULL: missing) into `rle`, which must be zeroed or reusable. height and
 * width are the image's; both 0: not known, taken from "size" (polygons need them). `left` begins with
 * record = OUTLINE_OF_RECORD. Input is
 * untrusted. Returns 0, or -1 with ERROR_RECORD ("size is [2, 3], the image's is [5, 7]") or
 * ERROR_MEMORY. */
int mask_json_read(struct rle *rle, const json_t *segmentation, uint32_t height, uint32_t width,
                   struct outline_left *left, struct error *error);

#endif
