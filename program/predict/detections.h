/* detections.h - boxes that a detector found in one image, from JSON of strangers (detections_file.h has
 * the forms). */
#ifndef PROGRAM_PREDICT_DETECTIONS_H
#define PROGRAM_PREDICT_DETECTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/* One box. */
struct detection {
    size_t number; /* its place in the file's list for the image, from 0 */
    /* Owned: why it cannot be used, in one line. NULL: it can, if it lies in the image. */
    char *fault;
    double box[4]; /* x0, y0, x1, y1; if there is no fault, x0 < x1 and y0 < y1 */
    /* Owned: what the file says of it, an object: COCO's annotation or result; of NDJSON "category_id"
     * (a number) or "category" (a name), and "score". */
    json_t *members;
};

/* The boxes of one image. */
struct detections {
    const char *label;       /* "FILE: a.jpg", for messages */
    json_t *image;           /* owned: an object, {"id": N} of results, {"file_name"} of NDJSON */
    struct detection *items; /* owned: [count] */
    size_t count, capacity;
};

/* Tells where a fault of a box is: puts "LABEL: box 3 (id 17): " before the text. Returns -1. */
int detection_prefix(struct error *error, const struct detections *detections,
                     const struct detection *detection);

/* Takes a box out of the list and frees it. */
void detection_drop(struct detections *detections, size_t index);

/* Frees what it owns, but for the label. */
void detections_free(struct detections *detections);

/* The image's name in its folder, as the file says it; NULL: it does not. */
const char *detections_name(const struct detections *detections);

/* Who gets what is read. */
struct detections_visitor {
    /* Called for each image in the order of the file. Returns 0 to go on; anything else stops. */
    int (*visit)(void *context, struct detections *detections, struct error *error);
    /* Told of each image that is left out, in one line that names it. */
    void (*fault)(void *context, const char *text);
    void *context;
};

/* Reads a line of NDJSON as one image: `visitor` gets it, or its fault. `label` names the line, and must
 * live as long as the call. Returns 0, what `visit` returned, or -1 with ERROR_MEMORY. */
int detections_read_line(const char *text, size_t length, const char *label,
                         const struct detections_visitor *visitor, struct error *error);

/* The same of a COCO document of one image, as record_collection.h cuts it; also of results. */
int detections_read_document(const char *text, size_t length, const char *label,
                             const struct detections_visitor *visitor, struct error *error);

#endif
