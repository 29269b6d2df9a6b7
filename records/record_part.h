/* record_part.h - how the parts of a file of many images reach its reader; shared by
 * record_collection.c, record_coco.c and record_tar.c. */
#ifndef RECORDS_RECORD_PART_H
#define RECORDS_RECORD_PART_H

#include "records/record_collection.h"

/* Where the parts of a file go. */
struct record_cutter {
    const char *path;
    bool detections; /* record_file */
    record_part_visit *visit;
    void *context;
    struct error *error;
};

/* Gives a part to the receiver. `text` and `label` are set, or NULL if memory was short; `file_name`
 * is the image's. Takes over what the part owns. Returns what the receiver does, or -1 with
 * ERROR_MEMORY. */
int record_part_give(const struct record_cutter *cutter, struct record_part *part,
                     const char *file_name);

/* The same for text[length] that is in the part already, or may be NULL: the image's name is that in the
 * text, or `otherwise`. Damaged text has no name: whoever reads it again finds out why. */
int record_part_give_text(const struct record_cutter *cutter, struct record_part *part,
                          const char *otherwise);

#endif
