/* run_report.h - --report: a page about the run at its end, in DIR/@report. */
#ifndef PROGRAM_RUN_RUN_REPORT_H
#define PROGRAM_RUN_RUN_REPORT_H

#include "program/command.h"

struct error;
struct run;
struct run_config;

/* Refuses --report where one start cannot see the whole run. 0 or -1 (ERROR_USAGE). */
int run_report_check(const struct run_config *config, struct error *error);

/* Refuses --report where something else than a report lies in the page's place, in the open output folder. 0 or -1
 * (ERROR_USAGE). */
int run_report_check_place(const struct run_config *config, struct error *error);

/* Writes the page if it was asked for and the run has come to its end with `status`. Returns the
 * exit status: a report that fails costs no record, but is said, and the status is that of the
 * failure. */
enum exit_status run_report(struct run *run, enum exit_status status);

#endif
