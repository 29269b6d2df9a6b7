/* record_known.h - what is known of an image before its masks are searched (run --known): masks, which are
 * kept, and boxes, which become prompts. Both are annotations of a record, in any of its forms
 * (record_document.h); a box has a "bbox" and no "segmentation", as detectors write it. */
#ifndef RECORDS_RECORD_KNOWN_H
#define RECORDS_RECORD_KNOWN_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geometry.h"
#include "records/record.h"

struct error;
struct record_document;
struct record_reader;

struct known_box {
    double corners[4]; /* x0, y0, x1, y1 in pixels, within the image */
    int64_t id;
    /* Owned: the annotation's other members, and its "bbox" as "box", as in record_extra. */
    char *more;
    char *category; /* owned: the name of its class; NULL: none */
};

struct record_known {
    /* Owned: the masks, with ids, and in extras each annotation's own text. It has "source": "known" added
     * if it had no source, and "id" if it had none. No file_name, no image_id. */
    struct record record;
    struct known_box *boxes; /* owned; [box_count] */
    size_t box_count, box_capacity;
    int64_t next_id; /* above all ids of both */
};

/* Reads untrusted text of one image of this size into `known`, which must be zeroed or freed. Of a mask
 * only what is needed is checked: its segmentation; that its size is the image's; points and crop boxes,
 * where there are any, inside the image; ids, which are unique. Annotations without an id get one above
 * all others. Boxes are cut to the image. Returns 0, or -1 with ERROR_RECORD or ERROR_MEMORY, and
 * nothing to free. */
int record_known_parse(struct record_known *known, const struct record_source *text,
                       struct size image, struct error *error);

/* Completes the record of the image: its masks are the found ones, those of all boxes first, in their order.
 * The known masks with their texts come before them; each box's mask has the box's id and members; the ids
 * of the others are above. What is moved is gone from `known`. 0 or -1 (ERROR_MEMORY). */
int record_known_join(struct record_known *known, struct record *record, struct error *error);

/* A zeroed one is allowed. */
void record_known_free(struct record_known *known);

/* For record_parse.c: takes one annotation, which the document has built last, and, after all of them,
 * completes them. 0 or -1 after reporting a fault. */
int record_known_take(struct record_reader *reader, const struct record_document *document,
                      const json_t *annotation);
int record_known_end(struct record_reader *reader);

#endif
