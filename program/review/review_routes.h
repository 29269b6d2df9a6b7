/* review_routes.h - which request asks for what:
 *
 *   GET /data/NAME.js             a document (review_documents.h)
 *   GET /api/session              who reviews, with which model, which classes there are
 *   GET /api/images               on which images something was decided
 *   GET /api/image/ROW            what was decided about the masks of an image
 *   POST /api/image/ROW/event     a decision (records/review_event.h)
 *   POST /api/image/ROW/open      somebody looks at it: it is encoded, and others ahead
 *   POST /api/image/ROW/predict   the masks of a prompt (review_engine.h)
 *
 * A row is a number; no part of an address is ever the name of a file. */
#ifndef PROGRAM_REVIEW_REVIEW_ROUTES_H
#define PROGRAM_REVIEW_REVIEW_ROUTES_H

#include <stdbool.h>
#include <stddef.h>

#include "program/review/review_reply.h"

struct review_desk;

/* A request that the guard has let pass. All borrowed. */
struct review_request {
    const char *path; /* without "?..." */
    bool post;        /* POST; else GET */
    const char *body; /* [length] of a POST */
    size_t length;
};

struct review_reply review_route(const struct review_desk *desk,
                                 const struct review_request *request);

#endif
