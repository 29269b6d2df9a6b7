/* report_ledger.h - what a run's ledgers say about its images: seconds, times, failures, machines. */
#ifndef PROGRAM_REPORT_REPORT_LEDGER_H
#define PROGRAM_REPORT_REPORT_LEDGER_H

#include <stddef.h>

struct error;
struct folder;
struct json_text;
struct report_rows;

struct report_ledger;

/* Reads all ledgers of a run; without any it is empty. Freed with report_ledger_free. NULL with
 * ERROR_IO or ERROR_MEMORY. */
struct report_ledger *report_ledger_read(const struct folder *run, struct error *error);
void report_ledger_free(struct report_ledger *ledger);

/* Fills in seconds and times of the rows, by name, and adds a row for each image that failed and has
 * no row. 0 or -1 (ERROR_MEMORY). */
int report_ledger_complete(struct report_ledger *ledger, struct report_rows *rows,
                           struct error *error);

/* Appends the machines, by name: [{"host": "n1", "images": 5000}, ...]. */
void report_ledger_machines(const struct report_ledger *ledger, struct json_text *text);

#endif
