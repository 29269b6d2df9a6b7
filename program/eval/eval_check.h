/* eval_check.h - options of `maskmill eval` that exclude each other. */
#ifndef PROGRAM_EVAL_EVAL_CHECK_H
#define PROGRAM_EVAL_EVAL_CHECK_H

#include <stddef.h>

struct error;
struct settings;

/* Returns 0, or -1 with ERROR_USAGE, or if --csv cannot be written (eval_table.h). */
int eval_check(const struct settings *settings, size_t operands, struct error *error);

#endif
