/* review_apply.h - a record corrected by what people decided about it (review.h). */
#ifndef RECORDS_REVIEW_APPLY_H
#define RECORDS_REVIEW_APPLY_H

#include <stdbool.h>

struct error;
struct record;
struct review_image;

/* Leaves out the masks that were rejected or removed (with `accepted_only`, all that were not accepted),
 * gives refined ones their new pixels and named ones their class, and adds those that people made, by
 * rising id. `image` is what review_of says of the record's image, NULL: no event is about it. The rest of
 * the record stays as it is. Returns 0, or -1 with ERROR_RECORD (the review is not of this record: it was
 * made anew since, a mask that was reviewed is not in it, or one that was made has another size) or
 * ERROR_MEMORY, and the record can only be freed. */
int review_apply(struct record *record, const struct review_image *image, bool accepted_only,
                 struct error *error);

/* Whether a corrected record is left out as a whole: its image was rejected; or, with `accepted_only`,
 * nothing is left of it and nobody said that it is done. */
bool review_drops(const struct record *record, const struct review_image *image,
                  bool accepted_only);

#endif
