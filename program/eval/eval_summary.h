/* eval_summary.h - what `maskmill eval` prints: the figures of all lines of results. */
#ifndef PROGRAM_EVAL_EVAL_SUMMARY_H
#define PROGRAM_EVAL_EVAL_SUMMARY_H

#include <stdint.h>

struct error;
struct eval_lines;
struct settings;

/* Prints the figures of one data set, or a table of several, as text or JSON, and writes --csv. *failed gets
 * the number of images that could not be evaluated. Returns 0, or -1 with ERROR_RECORD (a line is
 * damaged), ERROR_IO, ERROR_USAGE or ERROR_MEMORY. */
int eval_summary(const struct eval_lines *lines, const struct settings *settings, uint64_t *failed,
                 struct error *error);

#endif
