/* review_answers.h - the logits of the masks that were answered last, by number: what further clicks refine.
 * The caller sees that one thread is here at a time. */
#ifndef PROGRAM_REVIEW_REVIEW_ANSWERS_H
#define PROGRAM_REVIEW_REVIEW_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct mm_masks;
struct review_answers;

enum { REVIEW_ANSWERS_KEPT = 64 }; /* of three masks, some 50 MB in all */

/* `floats`: of a mask's logits. NULL with ERROR_MEMORY. */
struct review_answers *review_answers_new(size_t floats, struct error *error);
void review_answers_free(struct review_answers *answers);

/* Keeps an answer about a row in place of the one that was used longest ago. *number is its own. Masks without
 * logits are not kept. 0 or -1 (ERROR_MEMORY). */
int review_answers_keep(struct review_answers *answers, size_t row, const struct mm_masks *masks,
                        uint64_t *number, struct error *error);

/* The logits [floats] of a mask of an answer about a row; valid until the next call of review_answers_keep.
 * NULL: they are not there (any more). */
const float *review_answers_find(struct review_answers *answers, size_t row, uint64_t number,
                                 size_t mask);

#endif
