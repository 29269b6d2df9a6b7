/* instances.h - the masks of a detector's boxes in COCO's form, written as they are made.
 *
 *   DIR/@coco/instances.json        of a document or NDJSON: images, annotations and categories
 *   DIR/@coco-results/results.json  of a list of results: such a list
 *
 * An annotation has all members that its box came with, ids, category and score among them, but for
 * these: segmentation, area, bbox and iscrowd are the mask's (bbox [x, y, w, h] with w = max - min + 1,
 * as COCO has it; a result has only the segmentation of them); predicted_iou and stability_score are the
 * model's; prompt_box is the box [x, y, w, h]. Images, categories and ids of a COCO document stay as they
 * are. NDJSON gets ids: an image's is its record's, annotations count from 1, names of categories from 1
 * in the order in which they come. */
#ifndef PROGRAM_PREDICT_INSTANCES_H
#define PROGRAM_PREDICT_INSTANCES_H

#include <jansson.h>
#include <stdbool.h>

#include "program/predict/detections_file.h"

struct error;
struct folder;
struct instances;
struct record;

/* Opens the file below `folder`. `categories`: a COCO document's list, or NULL; borrowed. NULL with
 * ERROR_IO or ERROR_MEMORY, or ERROR_USAGE: it is there, and not to be overwritten. */
struct instances *instances_open(const struct folder *folder, enum detections_form form,
                                 json_t *categories, bool overwrite, struct error *error);

/* The name of a box's category; NULL if it has none. Lives until the file is closed. */
const char *instances_category(const struct instances *instances,
                               const struct detection *detection);

/* Adds an image and its masks: record->masks is one mask for each of the boxes. Numbers the categories of
 * NDJSON. Returns 0, or -1 with ERROR_IO, ERROR_MEMORY, or ERROR_RECORD (a score is not finite; nothing of the
 * image is written). */
int instances_add(struct instances *instances, const struct detections *detections,
                  const struct record *record, struct error *error);

/* Finishes the file, which becomes visible now, and frees. 0 or -1. */
int instances_close(struct instances *instances, struct error *error);

/* Drops the file and frees. NULL is allowed. */
void instances_abandon(struct instances *instances);

#endif
