/* review_replay.h - the state of one image from its events; a part of review.c. */
#ifndef RECORDS_REVIEW_REPLAY_H
#define RECORDS_REVIEW_REPLAY_H

#include <stdint.h>

struct error;
struct review_image;

/* Finds which events count, and makes the image's status and masks from them. Returns 0, or -1, the masks
 * being as before, with ERROR_RECORD (*faulty is the number of the event: it adds a mask that was there
 * already) or ERROR_MEMORY. */
int review_replay(struct review_image *image, uint64_t *faulty, struct error *error);

#endif
