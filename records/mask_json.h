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

/* Reads `segmentation` (NULL: missing) into `rle`, which must be zeroed or reusable. height and
 * width are the image's; both 0: not known, taken from "size" (polygons need them). Input is
 * untrusted. Returns 0, or -1 with ERROR_RECORD ("size is [2, 3], the image's is [5, 7]") or
 * ERROR_MEMORY. */
int mask_json_read(struct rle *rle, const json_t *segmentation, uint32_t height, uint32_t width,
                   struct error *error);

#endif
