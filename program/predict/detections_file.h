/* detections_file.h - boxes that a detector found, from a file of one image or many:
 *
 *   COCO's document   {"images": [{"id", "file_name", "width", "height"}, ...],
 *                      "annotations": [{"image_id", "bbox": [x, y, w, h], ...}, ...], "categories"}
 *   COCO's results    [{"image_id", "category_id", "bbox": [x, y, w, h], "score"}, ...]
 *   NDJSON            {"image": "a.jpg", "boxes": [[x0, y0, x1, y1], ...], "categories": [...],
 *                      "scores": [...]}, one image a line, in a file called .ndjson or .jsonl
 *
 * x, y are a box's upper left corner, w, h its sides: it reaches to x + w, y + h. Coordinates are pixels
 * and may be fractions. The file is untrusted and may be of any size: the boxes of one image are in
 * memory (of COCO's, 24 bytes of each other box), 64 MB of text at most. */
#ifndef PROGRAM_PREDICT_DETECTIONS_FILE_H
#define PROGRAM_PREDICT_DETECTIONS_FILE_H

#include "program/predict/detections.h"

enum detections_form { DETECTIONS_COCO, DETECTIONS_RESULTS, DETECTIONS_NDJSON };

/* Reads the file. *form says which it is, before the first visit. Returns 0, what `visit` returned, or
 * -1 with ERROR_USAGE (none of these forms), ERROR_IO or ERROR_MEMORY. */
int detections_read(const char *path, const struct detections_visitor *visitor,
                    enum detections_form *form, struct error *error);

/* The member "categories" of a COCO document, a list of objects that the caller frees with json_decref;
 * *categories is NULL if there is none. Returns 0, or -1 as detections_read. */
int detections_categories(const char *path, json_t **categories, struct error *error);

#endif
