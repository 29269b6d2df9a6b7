/* review_desk.h - what the requests of a review work on. Any thread may use it. */
#ifndef PROGRAM_REVIEW_REVIEW_DESK_H
#define PROGRAM_REVIEW_REVIEW_DESK_H

#include <stdbool.h>
#include <stddef.h>

struct review_engine;
struct review_log;
struct review_photos;
struct review_session;

/* All borrowed; they outlive the server, and the folder of images the engine, too. */
struct review_desk {
    const struct review_session *session;
    struct review_photos *photos;
    struct review_engine *engine;
    struct review_log *log;
    bool read_only;
    const char *by;             /* who reviews */
    const char *model;          /* its name */
    const char *const *classes; /* [class_count] */
    size_t class_count;
};

#endif
