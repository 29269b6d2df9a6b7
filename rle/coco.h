/* coco.h - COCO's compressed strings of run lengths, byte for byte as pycocotools.
 *
 * Each count (from the fourth on, its difference to the count two places before) is cut into groups
 * of five bits, least significant first, with the sign extended. A sixth bit says that more groups
 * follow. Adding 48 gives a printable character, 48..111; the backslash (92) is one of them.
 * Source: cocoapi, common/maskApi.c, rleToString and rleFrString.
 */
#ifndef RLE_COCO_H
#define RLE_COCO_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct rle;

/* The string of a mask, terminated; *length (may be NULL) is its strlen. The caller frees it with
 * free(3). Returns NULL with ERROR_MEMORY. */
char *coco_string(const struct rle *rle, size_t *length, struct error *error);

/* Reads `length` characters into `rle`, which must be zeroed or reusable. Input is untrusted:
 * refuses characters out of range, a string that ends inside a number, counts that are negative or
 * too large, and counts that do not sum to height * width. Returns 0, or -1 with ERROR_RECORD or
 * ERROR_MEMORY. */
int coco_parse(struct rle *rle, const char *text, size_t length, uint32_t height, uint32_t width,
               struct error *error);

#endif
