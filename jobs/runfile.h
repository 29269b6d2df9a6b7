/* runfile.h - run.json: what decides the bytes of a run, written once and compared on every start.
 *
 * The content is a flat list of names and values that the caller gives ("model_sha256",
 * "pred_iou_thresh", "version", ...); this module knows none of them. As a file it is one JSON
 * object of strings, in the caller's order, a line each.
 */
#ifndef JOBS_RUNFILE_H
#define JOBS_RUNFILE_H

#include <stddef.h>

struct error;

struct runfile_field {
    const char *name;  /* ASCII identifier, unique */
    const char *value; /* UTF-8 text */
};

enum runfile_answer {
    RUNFILE_CREATED, /* there was none: it is written now */
    RUNFILE_SAME,    /* there is one, with the same fields and values */
    RUNFILE_DIFFERS  /* there is another; *error names the first differences, old and new */
};

/* Writes `path` if it is not there, else compares. Several processes may start at once: exactly one
 * creates the file (complete and fsynced before it is linked to its name), the others compare.
 * Returns an enum runfile_answer, or -1 with ERROR_IO, or ERROR_USAGE where the file that is there
 * is not a run file. With RUNFILE_DIFFERS `error` has code ERROR_USAGE. */
int runfile_agree(const char *path, const struct runfile_field *fields, size_t count,
                  struct error *error);

/* Replaces `path` atomically (--extend, --overwrite). Returns 0, or -1 with ERROR_IO. */
int runfile_replace(const char *path, const struct runfile_field *fields, size_t count,
                    struct error *error);

#endif
