/* review_photos.h - thumbnails and copies of the photographs that were looked at last, and of those that will be
 * next: decoding a large one takes long enough to be noticed.
 *
 * Concurrency contract
 * - Any thread may call any function but review_photos_free.
 * - What several threads ask for at the same time is made once; the others wait.
 * - One thread of its own works ahead, one photograph at a time. */
#ifndef PROGRAM_REVIEW_REVIEW_PHOTOS_H
#define PROGRAM_REVIEW_REVIEW_PHOTOS_H

#include <stddef.h>

struct error;
struct report_jpeg;
struct review_photos;
struct review_session;

/* The session must outlive it. NULL with ERROR_MEMORY. */
struct review_photos *review_photos_new(const struct review_session *session, struct error *error);

/* Ends the thread; no call is under way. NULL is allowed. */
void review_photos_free(struct review_photos *photos);

enum photo_kind { PHOTO_THUMB, PHOTO_COPY, PHOTO_KINDS };

/* A row's thumbnail or copy; its bytes are the caller's, who frees them with memory_free, and NULL if there is
 * no such photograph. 0, or -1 with ERROR_MEMORY. */
int review_photos_get(struct review_photos *photos, size_t row, enum photo_kind kind,
                      struct report_jpeg *jpeg, struct error *error);

enum { REVIEW_PHOTOS_AHEAD = 8 };

/* Makes both of these rows soon, in this order, and forgets those of earlier calls. Returns at once. */
void review_photos_ahead(struct review_photos *photos, const size_t *rows, size_t count);

#endif
