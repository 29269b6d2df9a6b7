/* review_reply.h - what the server answers to a request. */
#ifndef PROGRAM_REVIEW_REVIEW_REPLY_H
#define PROGRAM_REVIEW_REVIEW_REPLY_H

#include <stddef.h>

struct error;
struct json_text;

/* Statuses of HTTP that are answered. */
enum {
    REPLY_OK = 200,
    REPLY_SEE_OTHER = 303,
    REPLY_BAD_REQUEST = 400,
    REPLY_FORBIDDEN = 403,
    REPLY_NOT_FOUND = 404,
    REPLY_NOT_ALLOWED = 405, /* the method */
    REPLY_CONFLICT = 409,
    REPLY_TOO_LARGE = 413,
    REPLY_BROKEN = 500,
    REPLY_UNAVAILABLE = 503
};

enum reply_type { REPLY_JSON, REPLY_SCRIPT, REPLY_PAGE };

struct review_reply {
    int status;
    enum reply_type type;
    char *text; /* [length] owned, freed with free(3); NULL: memory is short */
    size_t length;
};

/* {"error": TEXT}. */
struct review_reply review_reply_error(int status, const char *text);

/* The status that fits the error's code: 400 for ERROR_USAGE, 404 for an image or a record that cannot be
 * read, 503 for a lack of memory, else 500. */
struct review_reply review_reply_failed(const struct error *error);

/* The value that was written, which is taken. */
struct review_reply review_reply_json(struct json_text *text);

/* Frees the text. */
void review_reply_free(struct review_reply *reply);

#endif
