/* runfile.h - run.json: the options that decide the output of a run, written by its first start and
 * compared by every later start.
 *
 * The caller gives a list of names and values ("model_sha256", "pred_iou_thresh", "version", ...),
 * which have no meaning here. The file is one JSON object of strings in the caller's order, one a
 * line.
 */
#ifndef JOBS_RUNFILE_H
#define JOBS_RUNFILE_H

#include <stddef.h>

struct error;
struct folder;

struct runfile_field {
    const char *name;  /* ASCII identifier, unique */
    const char *value; /* UTF-8 text */
};

enum runfile_answer {
    RUNFILE_CREATED, /* the file was missing and is now written */
    RUNFILE_SAME,    /* the file has the same fields and values */
    RUNFILE_DIFFERS  /* it has others; *error names the first differences, old and new */
};

/* Writes the file `name` below the run's folder if it is missing, else compares. Of several
 * processes that start at once, exactly one creates the file (complete and synced before it gets
 * its name), and the others compare. On a file system without hard links and without
 * RENAME_NOREPLACE it is written under its own name. Returns an enum runfile_answer; with
 * RUNFILE_DIFFERS, error->code is ERROR_USAGE. Or returns -1 with ERROR_IO, ERROR_MEMORY, or
 * ERROR_USAGE if the existing file is not a run file. */
int runfile_agree(const struct folder *run, const char *name, const struct runfile_field *fields,
                  size_t count, struct error *error);

/* The fields of a file that is there. */
struct runfile_list {
    struct runfile_field *fields; /* [count], owned, as their texts */
    size_t count, capacity;
};

/* Reads the file `name` below the run's folder; `list` is zeroed. Returns 0, or -1 with nothing to free:
 * ERROR_IO, ERROR_MEMORY, or ERROR_USAGE if it is not a run file. */
int runfile_read(const struct folder *run, const char *name, struct runfile_list *list,
                 struct error *error);

/* The value of a field, or NULL. */
const char *runfile_value(const struct runfile_list *list, const char *name);

/* Sets the value of a field, or adds the field. 0 or -1 (ERROR_MEMORY). */
int runfile_set(struct runfile_list *list, const char *name, const char *value,
                struct error *error);

/* Frees the fields and leaves an empty list. */
void runfile_free(struct runfile_list *list);

/* Replaces the file atomically (--extend, --overwrite). Returns 0, or -1 with ERROR_IO or
 * ERROR_MEMORY. */
int runfile_replace(const struct folder *run, const char *name, const struct runfile_field *fields,
                    size_t count, struct error *error);

#endif
