/* progress.h - reports a run: a line on a terminal, messages, a summary and a metrics file.
 *
 * On a terminal, one line is redrawn at most five times a second:
 *   1,204 of 10,000 pages, 3 failed, 48,213 lines, 12.4 pages/s, 11m49s left
 * Elsewhere (cron, a log file) nothing is drawn, and the run ends with a summary of one line. With
 * JSON, every message is one object on one line, and so are the figures every 30 s. The metrics
 * file is replaced every 10 s. A thread of its own updates the figures while no item finishes.
 *
 * Any thread may call progress_item, progress_pass and progress_log. All other functions are for the thread that
 * made it.
 */
#ifndef JOBS_PROGRESS_H
#define JOBS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;
struct item_words;
struct passed_over;
struct progress;

enum progress_level { PROGRESS_INFO, PROGRESS_WARNING, PROGRESS_ERROR };

struct progress_options {
    const struct item_words *words; /* must outlive the progress */
    FILE *out;                      /* standard error; not closed */
    bool json;                      /* --log-format json */
    bool quiet;                     /* only warnings and errors, no summary */
    bool terminal;                  /* whether to draw: isatty(fileno(out)), except in tests */
    const char *metrics;            /* --metrics FILE; NULL: none */
    const char *labels; /* of each metric in Prometheus' form: shard="0/4",run="x"; may be "" */
};

/* Copies the strings of `options`, and writes the first metrics file, so that a bad path fails
 * before any work. NULL with ERROR_IO or ERROR_MEMORY. */
struct progress *progress_new(const struct progress_options *options, struct error *error);

/* Sets how many items this start has to do (or ITEMS_UNKNOWN, items.h) and how many were done
 * or failed before, and starts to show figures. Starts a thread, so the signals of stop.h must be
 * blocked before. */
void progress_expect(struct progress *progress, uint64_t total, uint64_t done_before,
                     uint64_t failed_before);

/* Counts one item that is done or failed, with what it yielded (words->results), `seconds` of work
 * and `bytes` written. */
void progress_item(struct progress *progress, bool failed, uint64_t results, double seconds,
                   uint64_t bytes);

/* Counts what is passed over: the run ends with a line of it. Any thread. */
void progress_pass(struct progress *progress, const struct passed_over *passed);

/* Prints a message, above the drawn line; adds a newline. */
void progress_log(struct progress *progress, enum progress_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints the summary and writes the last metrics. `reason` is "done", "stopped by SIGTERM", ...;
 * `status` is the exit status that the program is about to return. */
void progress_finish(struct progress *progress, const char *reason, int status);

/* Frees it. NULL is allowed. */
void progress_free(struct progress *progress);

/* Writes a duration: 3725 s as "1h02m05s". */
void progress_duration(double seconds, char text[32]);

#endif
