/* error.h - what went wrong, where, and what to do about it, in a struct of the caller's.
 *
 * Library code never prints and never exits. A function that can fail takes a `struct error *` as
 * its last argument (never NULL) and returns 0 on success or -1 after filling it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_code {
    ERROR_NONE = 0,
    ERROR_USAGE,      /* the command line or a configuration is wrong */
    ERROR_MODEL,      /* a checkpoint cannot be used */
    ERROR_IMAGE,      /* one input image cannot be used; others may be fine */
    ERROR_RECORD,     /* one record cannot be read back; others may be fine */
    ERROR_IO,         /* the file system refused: missing, full, read-only, permission */
    ERROR_MEMORY,     /* an allocation failed or the memory budget is too small */
    ERROR_STOPPED,    /* a signal or a time limit stopped the work */
    ERROR_UNSUPPORTED /* this machine or this build cannot do it */
};

enum { ERROR_TEXT_SIZE = 1024 };

struct error {
    enum error_code code;
    int system;                 /* errno of the failed call, 0 if there is none */
    char text[ERROR_TEXT_SIZE]; /* one line, no newline, always terminated */
};

/* Fills `error` from a printf format; error->system is 0. A text that is too long loses its middle.
 * Always returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *error, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set, and appends ": <strerror(system)>", for some errors with what to do; `system` is an
 * errno value. Returns -1. */
int error_set_system(struct error *error, enum error_code code, int system, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Appends a printf text. Returns -1. */
int error_append(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "<context>: " before the text: callers name the file or the option that they know.
 * Returns -1. */
int error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
