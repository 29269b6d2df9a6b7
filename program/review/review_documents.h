/* review_documents.h - the documents of report/README.md, made when they are asked for: `report`,
 * `index-0-K`, `images-0-ROW` (one row each) and `photo-0-ROW`. */
#ifndef PROGRAM_REVIEW_REVIEW_DOCUMENTS_H
#define PROGRAM_REVIEW_REVIEW_DOCUMENTS_H

#include "program/review/review_reply.h"

struct review_desk;

/* The document `name` as a script; 404 if there is none of that name. */
struct review_reply review_document(const struct review_desk *desk, const char *name);

#endif
