/* progress_metrics.h - the counts of progress.c, and their file for Prometheus. */
#ifndef JOBS_PROGRESS_METRICS_H
#define JOBS_PROGRESS_METRICS_H

#include <stdint.h>

struct error;

struct progress_counts {
    uint64_t expected; /* images to do in this start, or IMAGES_UNKNOWN (unknown.h) */
    uint64_t done_before, failed_before;
    uint64_t done, failed; /* in this start */
    uint64_t masks;
    uint64_t bytes;
    double seconds;    /* of work, summed over all workers */
    double start_time; /* seconds since 1970 */
    double last_time;  /* of the last image; start_time before the first */
    double rate;       /* images/s, recently */
    int status;        /* exit status; -1 while running */
};

/* Replaces `path` atomically by the counts in Prometheus' text format. Returns 0, or -1 with
 * ERROR_IO or ERROR_MEMORY. */
int progress_write_metrics(const char *path, const char *labels,
                           const struct progress_counts *counts, struct error *error);

#endif
