/* coco_text.h - images, annotations and results of COCO documents as JSON.
 *
 * A box's width is max - min + 1, as COCO has it. Category 1 is "object" (category.h).
 * Source of the members: cocodataset.org, "Data format" and "Results format".
 */
#ifndef RECORDS_COCO_TEXT_H
#define RECORDS_COCO_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct json_text;
struct mask;
struct name_index;
struct record;

/* Appends the document up to its first annotation, with the categories ("object" if that is NULL). */
void coco_text_head(struct json_text *text, const struct name_index *categories);

/* Appends {"id", "width", "height", "file_name"}. */
void coco_text_image(struct json_text *text, const struct record *record, int64_t id);

/* One annotation to write. */
struct coco_annotation {
    const struct mask *mask; /* borrowed */
    unsigned absent;         /* its RECORD_NO_... bits; these members are left out */
    int64_t image, id, category;
};

/* Appends one member of "annotations", as a COCO string or as polygons, with holes joined to their
 * outer ring (an empty mask, which has no polygon, as a string). Returns 0 or -1 (ERROR_MEMORY). */
int coco_text_instance(struct json_text *text, const struct coco_annotation *annotation,
                       bool polygons, struct error *error);

/* Appends one result; its score is the predicted IoU, or 1 if it has none but a person made it. Returns 0, or
 * -1 with ERROR_RECORD if it has no score, or ERROR_MEMORY. */
int coco_text_result(struct json_text *text, const struct coco_annotation *annotation,
                     struct error *error);

#endif
