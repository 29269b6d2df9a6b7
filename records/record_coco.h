/* record_coco.h - a COCO document of many images, cut into one for each.
 *
 * The file is read twice: once to note where each image and each annotation lies, in 24 bytes each;
 * then piece by piece for each image. */
#ifndef RECORDS_RECORD_COCO_H
#define RECORDS_RECORD_COCO_H

struct record_cutter;

/* Cuts the open file `fd`, which is at its beginning. Returns as record_collection_read. */
int record_coco_cut(const struct record_cutter *cutter, int fd);

#endif
