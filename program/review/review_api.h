/* review_api.h - what the page asks beside documents. Answers are JSON. */
#ifndef PROGRAM_REVIEW_REVIEW_API_H
#define PROGRAM_REVIEW_REVIEW_API_H

#include <stddef.h>

#include "program/review/review_reply.h"

struct review_desk;
struct review_request;

/* {"read_only", "by", "classes": [...], "program", "model", "photos"}; photos: whether there are any. */
struct review_reply review_api_session(const struct review_desk *desk);

/* {"done": [ROW, ...], "rejected": [ROW, ...], "begun": [ROW, ...]}: the images of which something was decided, those
 * without a status in `begun`. */
struct review_reply review_api_images(const struct review_desk *desk);

/* Answers a request about a row. */
typedef struct review_reply review_api(const struct review_desk *desk, size_t row,
                                       const struct review_request *request);

/* {"status": null, "done" or "rejected",
 *  "stale": whether this was decided about another record than the image has now,
 *  "masks": [{"id", "state": "accepted", "rejected", "removed" or "open", "class": null or a name,
 *             "annotation": null, or that of an added or replaced mask}, ...],
 *  "last": 18,                   number of the image's last event; 0: none
 *  "history": [[18, 0], ...]}    its last events: number, and that of the event which it undoes; 0: none
 * with the masks that events are about. */
review_api review_api_image;

/* Appends the event in the body; answers once it is on the disk: {"event": 19, "masks": [those that it changed],
 * "status"}. 400 if it is no event, 403 with --read-only, 409 if it makes no sense: no such mask, an event that is
 * not of this image, a record that is not the one that was reviewed. */
review_api review_api_event;

/* Encodes the image soon, and after it those of the body's {"next": [ROW, ...]}, or without a body the rows
 * that follow. Answers {} at once. */
review_api review_api_open;

/* As review_engine_predict. */
review_api review_api_predict;

#endif
