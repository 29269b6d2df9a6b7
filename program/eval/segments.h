/* segments.h - the segments of an image, written by any tool: true segments, or masks to evaluate.
 *
 * The forms are those of records/record_document.h and records/mask_json.h; only these members are
 * required:
 *
 *   {"image": {"width", "height"}, "annotations": [{"segmentation", "annotator", "predicted_iou"}]}
 *
 * Without an image object the masks say the size. "annotator" says which person or tool drew the
 * segment; default 0. "predicted_iou" orders masks; default 0.
 */
#ifndef PROGRAM_EVAL_SEGMENTS_H
#define PROGRAM_EVAL_SEGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"
#include "rle/rle.h"

struct error;
struct folder;

struct segment {
    struct rle rle; /* owned; of the image's size */
    struct box box;
    uint64_t area; /* pixels */
    int64_t annotator;
    double predicted_iou;
};

/* Zeroed at first, but for max_pixels. */
struct segments {
    uint64_t max_pixels;    /* given by the caller: larger images are refused; 0: no limit */
    uint32_t width, height; /* pixels; width * height < 2^32; 0 x 0: a list without masks */
    struct segment *items;  /* owned */
    size_t count, capacity;
    size_t empty; /* left out by segments_choose */
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

/* Keeps only the segments of one annotator: `annotator`, or with SEGMENTS_FIRST_ANNOTATOR the one
 * with the smallest number. Of them, those without a pixel are left out, which nothing could find
 * (small polygons may be filled to none), and counted in `empty`. Returns 0, or -1 with
 * ERROR_RECORD if there are segments, but none by that annotator; then all are kept. */
int segments_choose(struct segments *segments, int64_t annotator, struct error *error);

void segments_free(struct segments *segments);

#endif
