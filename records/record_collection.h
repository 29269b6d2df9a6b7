/* record_collection.h - files that hold the masks of many images, cut into one record for each:
 * COCO's documents of instances (record_coco.h), NDJSON with a record in each line, and tars with a
 * record in each NAME.json (record_tar.h).
 *
 * Such files may be of any size: no more than one record of them is in memory, which has at most
 * RECORD_FILE_MAX bytes (record.h). */
#ifndef RECORDS_RECORD_COLLECTION_H
#define RECORDS_RECORD_COLLECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* One of the records. */
struct record_part {
    char *text;         /* owned by the receiver, freed with free(3): the record as JSON */
    size_t length;      /* of text */
    char *label;        /* owned by the receiver: "FILE: IMAGE", or "FILE, line N", for messages */
    char *name;         /* owned by the receiver: the image's name without its extension */
    struct error error; /* with a code: why the record cannot be used; text is empty */
};

struct image_pool;

/* A file of records. All borrowed. */
struct record_file {
    const struct folder *folder;
    const char *name;        /* below `folder` */
    const char *path;        /* with the folder's, for messages */
    struct image_pool *pool; /* whose server reads tars */
    /* Also cuts a COCO document of one image, and a list of COCO's results, which are the annotations of
     * images of which nothing but the id is known. */
    bool detections;
};

/* Called for each record in the order of the file. Takes over what the part owns. Returns 0 to go
 * on; anything else stops. */
typedef int record_part_visit(void *context, struct record_part *part, struct error *error);

/* Whether the file's name is that of NDJSON: .ndjson or .jsonl. */
bool record_collection_is_ndjson(const char *path);

/* Whether it is that of a tar. */
bool record_collection_is_tar(const char *path);

/* Cuts the file into records. In a list of results, images come in the order of their ids. Annotations of images that a COCO document does not list come last,
 * as a record without an image for each such image id. Returns 1 if that was done; 0 if the file is
 * neither NDJSON, nor a tar, nor a COCO document of another number of images than one; -1 (ERROR_IO,
 * ERROR_RECORD: no JSON, ERROR_MEMORY); or what `visit` returned. */
int record_collection_read(const struct record_file *file, record_part_visit *visit, void *context,
                           struct error *error);

#endif
