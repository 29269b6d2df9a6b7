/* pipe_answers.h - the sink of `maskmill pipe`: a line of JSON on a descriptor for each request. */
#ifndef PROGRAM_PIPE_PIPE_ANSWERS_H
#define PROGRAM_PIPE_PIPE_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "program/run/sink.h"

struct error;
struct run;

/* How an image of the collection is answered: its tag. From malloc; the sink frees it. */
struct pipe_answer {
    char *id;   /* owned: pipe_request.id */
    char *text; /* owned: the line, made by the writing thread; NULL: there is none yet */
    size_t length;
};

struct pipe_answers {
    struct run *run;
    int output;      /* descriptor; not closed */
    unsigned fields; /* of the records: enum record_field */
    bool in_order;
    bool broken; /* no more may be written: the reader is gone, or a request has no answer */
};

/* The sink. Answers of a run that is failing are left out; in order, no answer follows one that is left
 * out. `answers` must outlive it. */
struct sink pipe_answers_sink(struct pipe_answers *answers);

/* A tag that takes the id over. NULL with ERROR_MEMORY: then the id stays the caller's. */
struct pipe_answer *pipe_answer_new(char *id, struct error *error);
void pipe_answer_free(struct pipe_answer *answer);

#endif
