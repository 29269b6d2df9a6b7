/* progress_metrics.h - the counts of progress.c, and their file for Prometheus. */
#ifndef JOBS_PROGRESS_METRICS_H
#define JOBS_PROGRESS_METRICS_H

#include <stdint.h>

struct error;
struct progress_options;

struct progress_counts {
    uint64_t expected; /* items to do in this start, or ITEMS_UNKNOWN (items.h) */
    uint64_t done_before, failed_before;
    uint64_t done, failed; /* in this start */
    uint64_t results;      /* words->results of progress_options */
    uint64_t bytes;
    double seconds;    /* of work, summed over all workers */
    double start_time; /* seconds since 1970 */
    double last_time;  /* of the last item; start_time before the first */
    double rate;       /* items/s, recently */
    int status;        /* exit status; -1 while running */
};

/* Replaces options->metrics atomically by the counts in Prometheus' text format. Returns 0, or -1 with
 * ERROR_IO or ERROR_MEMORY. */
int progress_write_metrics(const struct progress_options *options,
                           const struct progress_counts *counts, struct error *error);

#endif
