#include "jobs/progress_metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/error.h"
#include "jobs/unknown.h"

/* Writes one metric with its help text. */
static void metric(FILE *out, const char *name, const char *type, const char *help,
                   const char *labels, double value)
{
    fprintf(out, "# HELP maskmill_%s %s\n# TYPE maskmill_%s %s\n", name, help, name, type);
    fprintf(out, "maskmill_%s{%s} %.17g\n", name, labels, value);
}

static void images(FILE *out, const char *labels, const char *status, uint64_t value)
{
    fprintf(out, "maskmill_images_total{%s%sstatus=\"%s\"} %llu\n", labels, labels[0] ? "," : "",
            status, (unsigned long long)value);
}

static void write_counts(FILE *out, const char *labels, const struct progress_counts *counts)
{
    uint64_t through = counts->done + counts->failed;
    uint64_t left = counts->expected > through ? counts->expected - through : 0;
    fprintf(out, "# HELP maskmill_images_total Images tried since the start, by outcome.\n"
                 "# TYPE maskmill_images_total counter\n");
    images(out, labels, "done", counts->done);
    images(out, labels, "failed", counts->failed);
    metric(out, "masks_total", "counter", "Masks written since the start.", labels,
           (double)counts->masks);
    metric(out, "output_bytes_total", "counter", "Bytes of output written since the start.", labels,
           (double)counts->bytes);
    metric(out, "work_seconds_total", "counter", "Time spent on images, over all workers.", labels,
           counts->seconds);
    metric(out, "images_done_before", "gauge", "Images found done at the start.", labels,
           (double)counts->done_before);
    if (counts->expected != IMAGES_UNKNOWN)
        metric(out, "images_left", "gauge", "Images of this start that are left.", labels,
               (double)left);
    metric(out, "images_per_second", "gauge", "Images a second, over the last minute.", labels,
           counts->rate);
    metric(out, "start_time_seconds", "gauge", "Start, in seconds since 1970.", labels,
           counts->start_time);
    metric(out, "last_image_time_seconds", "gauge", "Last image, in seconds since 1970.", labels,
           counts->last_time);
    metric(out, "running", "gauge", "1 while the run goes on.", labels, counts->status < 0);
    if (counts->status >= 0)
        metric(out, "exit_status", "gauge", "Exit status of the run that has ended.", labels,
               counts->status);
}

int progress_write_metrics(const char *path, const char *labels,
                           const struct progress_counts *counts, struct error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return error_set(error, ERROR_MEMORY, "no memory for metrics");
    write_counts(out, labels, counts);
    int failed = ferror(out);
    failed |= fclose(out);
    int status = failed ? error_set(error, ERROR_MEMORY, "no memory for metrics")
                        : atomic_write(path, text, size, NULL, error);
    free(text);
    return status;
}
