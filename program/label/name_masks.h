/* name_masks.h - the masks of a record get their classes. */
#ifndef PROGRAM_LABEL_NAME_MASKS_H
#define PROGRAM_LABEL_NAME_MASKS_H

struct classifier;
struct error;
struct image;
struct labels;
struct record;

/* Gives the masks of the image's record their categories and scores, but for those that have a category already, are
 * written as they came (record_extra.own), are empty, or whose score is below --class-min. `embeddings` are those of all
 * masks of the record, as classifier_embed makes them, or NULL: then they are made here. Returns 0, or -1 as
 * classifier_embed. */
int labels_name(const struct labels *labels, struct classifier *classifier,
                const struct image *image, const float *embeddings, struct record *record,
                struct error *error);

#endif
