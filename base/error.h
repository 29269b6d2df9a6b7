/* error.h - what went wrong, where, and what to do, in a struct that the caller owns.
 *
 * Library code never prints and never exits. A function that can fail takes a `struct error *` as
 * its last argument (never NULL) and returns 0 on success or -1 after filling it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_code {
    ERROR_NONE = 0,
    ERROR_USAGE,      /* the command line or a configuration is wrong */
    ERROR_MODEL,      /* a checkpoint is unusable */
    ERROR_IMAGE,      /* one input image is unusable; others may be fine */
    ERROR_RECORD,     /* one record read back is unusable; others may be fine */
    ERROR_IO,         /* the file system refused: missing, full, read-only, permission */
    ERROR_MEMORY,     /* an allocation failed or the memory budget is too small */
    ERROR_STOPPED,    /* a signal or a time limit asked for an end */
    ERROR_UNSUPPORTED /* this machine or build cannot do what was asked */
};

enum { ERROR_TEXT_SIZE = 1024 };

struct error {
    enum error_code code;
    int system;                 /* errno at the time of the failure, 0 where none applies */
    char text[ERROR_TEXT_SIZE]; /* one line, no newline, always terminated */
};

/* Fills `error` from a printf format; longer texts are cut. Keeps `error->system` at 0.
 * Always returns -1, so that `return error_set(...)` reads well. */
int error_set(struct error *error, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As error_set, and appends ": <strerror(system)>"; `system` is an errno value. Returns -1. */
int error_set_system(struct error *error, enum error_code code, int system, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts a printf text behind one that is already there; what does not fit is cut. Returns -1. */
int error_append(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "<context>: " before a text that is already there (used to name the file on the way up).
 * Returns -1. */
int error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
