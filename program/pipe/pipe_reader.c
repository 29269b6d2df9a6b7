#include "program/pipe/pipe_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is taken for an image whose bytes have not come yet, at most. */
enum { FIRST_BYTES = 1 << 20 };

void pipe_taken_free(struct pipe_taken *taken)
{
    pipe_request_free(&taken->request);
    free(taken->bytes);
    *taken = (struct pipe_taken){0};
}

/* Gives the request away, and begins a line. Returns 1. */
static int give(struct pipe_reader *reader, struct pipe_taken *taken)
{
    *taken = (struct pipe_taken){reader->request, reader->image, reader->held};
    reader->request = (struct pipe_request){0};
    reader->image = NULL;
    reader->held = reader->capacity = reader->used = 0;
    reader->state = PIPE_LINE;
    return 1;
}

/* The request's line has been read; its image may follow. */
static int begin_image(struct pipe_reader *reader, struct pipe_taken *taken)
{
    struct pipe_request *request = &reader->request;
    reader->wanted = request->follows;
    reader->state = PIPE_IMAGE;
    if (request->follows > reader->most && !request->fault.code)
        error_set(&request->fault, ERROR_IMAGE, "%s: %llu bytes, more than the %zu that are taken",
                  request->name, (unsigned long long)request->follows, reader->most);
    if (request->fault.code)
        reader->state = PIPE_PASSED;
    return reader->wanted ? 0 : give(reader, taken);
}

/* Lines of blanks alone, such as a newline behind an image, are no requests. */
static bool is_empty(const struct pipe_reader *reader)
{
    return reader->used == 0 || (reader->used == 1 && reader->line[0] == '\r');
}

static int end_line(struct pipe_reader *reader, struct pipe_taken *taken, struct error *error)
{
    size_t length = reader->used;
    bool empty = is_empty(reader);
    reader->used = 0;
    if (empty)
        return 0;
    if (pipe_request_read(&reader->request, reader->line, length, error))
        return -1;
    return begin_image(reader, taken);
}

static int end_long_line(struct pipe_reader *reader, struct pipe_taken *taken, struct error *error)
{
    char reason[64];
    snprintf(reason, sizeof reason, "the line has more than %d bytes", PIPE_LINE_MAX);
    if (pipe_request_refuse(&reader->request, reason, error))
        return -1;
    return give(reader, taken);
}

/* Reads up to the end of the line. */
static int take_line(struct pipe_reader *reader, const char *bytes, size_t size, size_t *used,
                     struct pipe_taken *taken, struct error *error)
{
    const char *newline = memchr(bytes, '\n', size);
    size_t length = newline ? (size_t)(newline - bytes) : size;
    *used = length + (newline != NULL);
    if (length > PIPE_LINE_MAX - reader->used)
        reader->state = PIPE_LONG_LINE;
    if (reader->state == PIPE_LONG_LINE)
        return newline ? end_long_line(reader, taken, error) : 0;
    memcpy(reader->line + reader->used, bytes, length);
    reader->used += length;
    return newline ? end_line(reader, taken, error) : 0;
}

/* Makes room for so many more bytes of the image, never for more than its size. */
static int grow(struct pipe_reader *reader, size_t more, struct error *error)
{
    size_t needed = reader->held + more;
    size_t all = (size_t)reader->request.follows;
    if (needed <= reader->capacity)
        return 0;
    size_t capacity = reader->capacity < all / 2 ? 2 * reader->capacity : all;
    if (capacity < FIRST_BYTES)
        capacity = FIRST_BYTES;
    if (capacity < needed)
        capacity = needed;
    if (capacity > all)
        capacity = all;
    void *image = realloc(reader->image, capacity);
    if (!image)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its %zu bytes",
                         reader->request.name, all);
    reader->image = image;
    reader->capacity = capacity;
    return 0;
}

/* Reads bytes of the image, or passes over them. */
static int take_image(struct pipe_reader *reader, const char *bytes, size_t size, size_t *used,
                      struct pipe_taken *taken, struct error *error)
{
    size_t length = size < reader->wanted ? size : (size_t)reader->wanted;
    *used = length;
    if (reader->state == PIPE_IMAGE) {
        if (grow(reader, length, error))
            return -1;
        memcpy(reader->image + reader->held, bytes, length);
        reader->held += length;
    }
    reader->wanted -= length;
    return reader->wanted ? 0 : give(reader, taken);
}

int pipe_reader_take(struct pipe_reader *reader, const void *bytes, size_t size, size_t *used,
                     struct pipe_taken *taken, struct error *error)
{
    const char *at = bytes, *end = at + size;
    int status = 0;
    while (status == 0 && at < end) {
        size_t step;
        size_t left = (size_t)(end - at);
        bool line = reader->state == PIPE_LINE || reader->state == PIPE_LONG_LINE;
        status = line ? take_line(reader, at, left, &step, taken, error)
                      : take_image(reader, at, left, &step, taken, error);
        at += step;
        if (status == 0 && pipe_reader_expects(reader))
            break; /* the caller may make room first */
    }
    *used = (size_t)(at - (const char *)bytes);
    return status;
}

/* The input ended within an image. */
static int give_cut(struct pipe_reader *reader, struct pipe_taken *taken)
{
    struct pipe_request *request = &reader->request;
    unsigned long long all = request->follows, come = all - reader->wanted;
    error_set(&request->fault, ERROR_IMAGE, "%s: the input ended after %llu of its %llu bytes",
              request->name, come, all);
    free(reader->image);
    reader->image = NULL;
    reader->held = 0;
    return give(reader, taken);
}

int pipe_reader_end(struct pipe_reader *reader, struct pipe_taken *taken, bool *cut,
                    struct error *error)
{
    int status = 0;
    *cut = false;
    if (reader->state == PIPE_LONG_LINE)
        return end_long_line(reader, taken, error);
    if (reader->state == PIPE_LINE)
        status = end_line(reader, taken, error);
    if (status || reader->state == PIPE_LINE)
        return status;
    *cut = true;
    return give_cut(reader, taken);
}

size_t pipe_reader_expects(const struct pipe_reader *reader)
{
    bool begins = reader->state == PIPE_IMAGE && reader->held == 0;
    return begins ? (size_t)reader->wanted : 0;
}

void pipe_reader_free(struct pipe_reader *reader)
{
    pipe_request_free(&reader->request);
    free(reader->image);
    reader->image = NULL;
}
