/* run_notices.h - what a run says of images that are done but not quite as expected: a warning for
 * each, and the numbers at the end. */
#ifndef PROGRAM_RUN_RUN_NOTICES_H
#define PROGRAM_RUN_RUN_NOTICES_H

struct error;
struct image_notes;
struct run;

/* Warns of a picture that is nearly black because its 16-bit values are low, and of a JPEG without
 * its end marker; after the first few of a kind they are only counted, as are images with further
 * pages or frames. Any thread. */
void run_notice_image(struct run *run, const char *path, const struct image_notes *notes);

/* Warns that a part beside the record, the overlay or a further format, is left out, of which
 * `error` says why. Any thread. */
void run_notice_part(struct run *run, const char *path, const char *part,
                     const struct error *error);

/* The numbers, once all images are finished. */
void run_notices_finish(const struct run *run);

#endif
