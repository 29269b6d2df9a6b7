/* progress.h - how a run is doing: a line on a terminal, messages, one summary, a metrics file.
 *
 * On a terminal one line is redrawn, at most five times a second:
 *   1,204 of 10,000 images, 3 failed, 48,213 masks, 12.4 images/s, 11m49s left
 * Elsewhere (cron, a log file) nothing is drawn; the summary at the end is one line. With JSON
 * every message, and a progress line every 30 s, is one object a line. The metrics file is replaced
 * every 10 s. A thread looks at the clock, so that all this happens while no image finishes, too.
 *
 * progress_image and progress_log are safe from several threads; the other functions are for the
 * thread that made it.
 */
#ifndef JOBS_PROGRESS_H
#define JOBS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;
struct progress;

enum progress_level { PROGRESS_INFO, PROGRESS_WARNING, PROGRESS_ERROR };

struct progress_options {
    FILE *out;           /* stderr; not closed */
    bool json;           /* --log-format json */
    bool quiet;          /* warnings and errors only, no summary */
    bool terminal;       /* whether to draw: isatty(fileno(out)), or a test's wish */
    const char *metrics; /* --metrics FILE, NULL for none */
    const char *labels;  /* of each metric, as Prometheus writes them: shard="0/4",run="x"; "" */
};

/* The strings of `options` are copied. NULL with ERROR_MEMORY. The first metrics file is written at
 * once, so that a bad path is an error (ERROR_IO) before any work. */
struct progress *progress_new(const struct progress_options *options, struct error *error);

/* How many images there are to do in this start (or IMAGES_UNKNOWN, unknown.h), and how many were
 * found done before. From now on figures are shown; so the signals that stop.h watches must be
 * blocked already. */
void progress_expect(struct progress *progress, uint64_t total, uint64_t done_before,
                     uint64_t failed_before);

/* One image is through. `seconds` of work, `bytes` written. Shows the figures if it is time. */
void progress_image(struct progress *progress, bool failed, uint32_t masks, double seconds,
                    uint64_t bytes);

/* A message of its own, above the drawn line; a newline is added. */
void progress_log(struct progress *progress, enum progress_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The summary line and the last metrics: `reason` is "done", "stopped by SIGTERM", ... `status` is
 * the exit status that will follow. */
void progress_finish(struct progress *progress, const char *reason, int status);

/* NULL is allowed. */
void progress_free(struct progress *progress);

/* Writes 3725 s as "1h02m05s"; text has room for 32 bytes. */
void progress_duration(double seconds, char text[32]);

#endif
