/* segments.h - the segments of an image, written by any tool: true segments, or masks to evaluate.
 *
 * The forms are those of records/record_document.h and records/mask_json.h; only these members are
 * required:
 *
 *   {"image": {"width", "height"}, "annotations": [{"segmentation", "annotator", "predicted_iou",
 *    "category_id", "iscrowd", "area"}]}
 *
 * Without an image object the masks say the size. "annotator" says which person or tool drew the
 * segment; default 0. "predicted_iou" orders masks; default 0. The others are COCO's.
 */
#ifndef PROGRAM_EVAL_SEGMENTS_H
#define PROGRAM_EVAL_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"
#include "rle/rle.h"

struct error;
struct folder;

struct segment {
    struct rle rle; /* owned; of the image's size */
    struct box box;
    uint64_t area;    /* pixels */
    double coco_area; /* the annotation's own "area", by which COCO sizes it; else `area` */
    int64_t annotator;
    int32_t category; /* "category_id", or what a data set numbers classes by; 0: none */
    bool crowd;       /* "iscrowd": a region of many objects, in which masks are neither right nor
                         wrong */
    double predicted_iou;
};

/* Zeroed at first, but for max_pixels. */
struct segments {
    uint64_t max_pixels;    /* given by the caller: larger images are refused; 0: no limit */
    uint32_t width, height; /* pixels; width * height < 2^32; 0 x 0: a list without masks */
    struct segment *items;  /* owned */
    size_t count, capacity;
    size_t others; /* of other annotators, behind items[count]; by segments_choose */
    size_t empty;  /* left out by segments_choose */
};

/* Reads a record from untrusted text. `segments` must be zeroed or freed; max_pixels stays. Returns
 * 0, or -1 with ERROR_RECORD ("annotation 3: size is not the image's") or ERROR_MEMORY and nothing
 * in it. */
int segments_parse(struct segments *segments, const char *text, size_t length, struct error *error);

/* As segments_parse, from the file `name` below `folder` (folder.h), or without a folder from a path
 * of the user's own; messages begin with the path. Returns -1 with ERROR_IO as well. */
int segments_read(struct segments *segments, const struct folder *folder, const char *name,
                  struct error *error);

enum { SEGMENTS_FIRST_ANNOTATOR = -1 };

/* Puts the segments of one annotator in front, in their order: `annotator`, or with
 * SEGMENTS_FIRST_ANNOTATOR the one with the smallest number. `count` is their number then; those of
 * others follow. Segments without a pixel, which nothing could find (small polygons may be filled to
 * none), are left out; `empty` counts the annotator's. Returns 0, or -1 with ERROR_RECORD if there are
 * segments, but none by that annotator; then nothing is changed. */
int segments_choose(struct segments *segments, int64_t annotator, struct error *error);

/* Adds a segment and takes over its mask, also on errors. Returns 0 or -1 (ERROR_MEMORY). */
int segments_add(struct segments *segments, struct segment *segment, struct error *error);

void segments_free(struct segments *segments);

#endif
