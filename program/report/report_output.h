/* report_output.h - where a report goes: a folder with a page and its documents, or one file.
 *
 * A folder is made under a temporary name beside its place, .NAME.maskmill-tmp, and renamed when it is
 * whole; a lock on it keeps other reports of that name out, and the next one removes what a killed
 * one left. A file is written by atomic.h. What is there already is replaced only if that was asked
 * for and if it is a report; of a folder, only a report's own files are removed. */
#ifndef PROGRAM_REPORT_REPORT_OUTPUT_H
#define PROGRAM_REPORT_REPORT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct error;
struct folder;
struct json_text;
struct report_output;

/* All borrowed. */
struct report_place {
    const struct folder *parent; /* the folder that it lies in; must outlive the output */
    const char *name;            /* in it */
    bool single_file;
    bool overwrite; /* replace a report that is there */
};

/* Whether a report may be put there. 0, or -1 with ERROR_USAGE. report_output_open asks, too. */
int report_output_check(const struct report_place *place, struct error *error);

/* NULL with ERROR_USAGE (something is there), ERROR_IO or ERROR_MEMORY. */
struct report_output *report_output_open(const struct report_place *place, struct error *error);

/* The document `name` as the file data/NAME.js has it, terminated; empties `json`. *length is its strlen.
 * Freed with free(3). NULL with ERROR_MEMORY, or ERROR_RECORD if a number is not finite. */
char *report_output_script(const char *name, struct json_text *json, size_t *length,
                           struct error *error);

/* Writes the document `name` (report/README.md), one JSON value, and empties `json`, which may be
 * used again. 0 or -1 (ERROR_IO, ERROR_MEMORY). */
int report_output_add(struct report_output *output, const char *name, struct json_text *json,
                      struct error *error);

/* Puts the report in its place and frees the output, also on -1: then nothing is left. */
int report_output_close(struct report_output *output, struct error *error);

/* Removes what was written. NULL is allowed. */
void report_output_abandon(struct report_output *output);

#endif
