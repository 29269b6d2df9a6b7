/* predict_record.h - predicted masks as a record. */
#ifndef PROGRAM_PREDICT_PREDICT_RECORD_H
#define PROGRAM_PREDICT_PREDICT_RECORD_H

struct error;
struct mm_masks;
struct record;

/* Begins the record of the image called `file_name`, of the size that `masks` say, without masks. The caller frees by
 * record_free. Returns 0, or -1 with ERROR_MEMORY. */
int predict_record_begin(struct record *record, const char *file_name, const struct mm_masks *masks,
                         struct error *error);

/* Makes the record of the image called `file_name`; it takes over the masks of prompt_predict, which
 * are empty afterwards. The caller frees by record_free. Returns 0, or -1 with ERROR_MEMORY. */
int predict_record_make(struct record *record, const char *file_name, struct mm_masks *masks,
                        struct error *error);

#endif
