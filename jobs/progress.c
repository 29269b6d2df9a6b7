#include "jobs/progress.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/atomic_clean.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/plain_text.h"
#include "jobs/items.h"
#include "jobs/ndjson.h"
#include "jobs/passed_over.h"
#include "jobs/progress_metrics.h"
#include "jobs/ticker.h"

enum { SAMPLES = 60 }; /* for the rate: one a second, so the rate is that of the last minute */

/* Seconds between updates. */
static const double DRAW_EVERY = 0.2;
static const double JSON_EVERY = 30;
static const double METRICS_EVERY = 10;
static const double TICK_EVERY = 1; /* while no item finishes */

struct sample {
    double time; /* of clock_now */
    uint64_t items;
};

struct progress {
    struct ticker *ticker; /* NULL: nothing to show */
    pthread_mutex_t mutex; /* guards everything below */
    struct progress_options options;
    struct progress_counts counts;
    struct passed_over passed;
    struct sample samples[SAMPLES]; /* ring */
    size_t sample_count;            /* since the start */
    double begun;                   /* this and the next two: of clock_now */
    double drawn;
    double metrics_written;
    bool line_is_drawn;
    bool metrics_failed; /* reported once */
    struct ndjson line;
};

void progress_duration(double seconds, char text[32])
{
    uint64_t whole = seconds < 0 ? 0 : seconds > 1e15 ? (uint64_t)1e15 : (uint64_t)(seconds + 0.5);
    unsigned second = (unsigned)(whole % 60);
    unsigned minute = (unsigned)(whole / 60 % 60);
    uint64_t hour = whole / 3600;
    if (hour >= 48)
        snprintf(text, 32, "%llud%02lluh", (unsigned long long)hour / 24,
                 (unsigned long long)hour % 24);
    else if (hour > 0)
        snprintf(text, 32, "%lluh%02um%02us", (unsigned long long)hour, minute, second);
    else if (minute > 0)
        snprintf(text, 32, "%um%02us", minute, second);
    else
        snprintf(text, 32, "%us", second);
}

/* A count with commas: 1,234,567. Returns `text`. */
static const char *with_commas(uint64_t count, char text[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    char *at = text;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *at++ = ',';
        *at++ = digits[i];
    }
    *at = '\0';
    return text;
}

static uint64_t through(const struct progress *progress)
{
    return progress->counts.done + progress->counts.failed;
}

static bool is_known(const struct progress *progress)
{
    return progress->counts.expected != ITEMS_UNKNOWN;
}

/* 0 if it is unknown. */
static uint64_t left(const struct progress *progress)
{
    uint64_t expected = progress->counts.expected;
    return is_known(progress) && expected > through(progress) ? expected - through(progress) : 0;
}

/* Takes a sample once a second and updates counts.rate. */
static void sample_rate(struct progress *progress, double now)
{
    size_t count = progress->sample_count;
    if (count > 0 && now - progress->samples[(count - 1) % SAMPLES].time >= 1) {
        progress->samples[count % SAMPLES] = (struct sample){now, through(progress)};
        count = ++progress->sample_count;
    }
    const struct sample *oldest = &progress->samples[count > SAMPLES ? count % SAMPLES : 0];
    double seconds = now - oldest->time;
    if (seconds > 0)
        progress->counts.rate = (double)(through(progress) - oldest->items) / seconds;
}

static void erase(struct progress *progress)
{
    if (progress->line_is_drawn)
        fputs("\r\033[K", progress->options.out);
    progress->line_is_drawn = false;
}

/* Columns of the terminal; 80 if it does not say. */
static int columns(FILE *out)
{
    struct winsize window;
    if (ioctl(fileno(out), TIOCGWINSZ, &window) == 0 && window.ws_col > 1)
        return window.ws_col;
    return 80;
}

static void draw(struct progress *progress)
{
    const struct progress_counts *counts = &progress->counts;
    const struct item_words *words = progress->options.words;
    char numbers[5][32];
    char text[400];
    int used = snprintf(text, sizeof text, "%s", with_commas(through(progress), numbers[0]));
    if (is_known(progress))
        used += snprintf(text + used, sizeof text - (size_t)used, " of %s",
                         with_commas(counts->expected, numbers[1]));
    used += snprintf(text + used, sizeof text - (size_t)used, " %s, %s failed, %s %s, %.*f %s/s",
                     words->items, with_commas(counts->failed, numbers[2]),
                     with_commas(counts->results, numbers[3]), words->results,
                     counts->rate < 10 ? 2 : 1, counts->rate, words->items);
    if (counts->rate > 0 && is_known(progress)) {
        progress_duration((double)left(progress) / counts->rate, numbers[4]);
        snprintf(text + used, sizeof text - (size_t)used, ", %s left", numbers[4]);
    }
    fprintf(progress->options.out, "\r%.*s\033[K", columns(progress->options.out) - 1, text);
    fflush(progress->options.out);
    progress->line_is_drawn = true;
}

static void begin_json(struct progress *progress, const char *kind, const char *value)
{
    ndjson_begin(&progress->line);
    ndjson_real(&progress->line, "time", clock_wall(), 3);
    ndjson_string(&progress->line, kind, value);
}

static void end_json(struct progress *progress)
{
    if (ndjson_end(&progress->line) == 0) {
        fwrite(progress->line.text.bytes, 1, progress->line.text.used, progress->options.out);
        fflush(progress->options.out);
    }
}

static void json_counts(struct progress *progress, double rate)
{
    const struct progress_counts *counts = &progress->counts;
    const struct item_words *words = progress->options.words;
    struct ndjson *line = &progress->line;
    char name[64];
    ndjson_integer(line, "done", counts->done);
    ndjson_integer(line, "failed", counts->failed);
    ndjson_integer(line, "done_before", counts->done_before);
    if (is_known(progress))
        ndjson_integer(line, "left", left(progress));
    else
        ndjson_real(line, "left", NAN, 0);
    ndjson_integer(line, words->results, counts->results);
    ndjson_integer(line, "bytes", counts->bytes);
    snprintf(name, sizeof name, "%s_per_second", words->items);
    ndjson_real(line, name, rate, 3);
}

static void say(struct progress *progress, enum progress_level level, const char *text)
{
    static const char *const names[] = {"info", "warning", "error"};
    FILE *out = progress->options.out;
    if (progress->options.quiet && level == PROGRESS_INFO)
        return;
    if (progress->options.json) {
        begin_json(progress, "level", names[level]);
        ndjson_string(&progress->line, "message", text);
        end_json(progress);
        return;
    }
    erase(progress);
    fprintf(out, "maskmill: %s", level == PROGRESS_WARNING ? "warning: " : "");
    plain_print(out, text);
    fputc('\n', out);
    fflush(out);
}

static void write_metrics(struct progress *progress, double now)
{
    struct error error;
    progress->metrics_written = now;
    if (!progress->options.metrics ||
        progress_write_metrics(&progress->options, &progress->counts, &error) == 0 ||
        progress->metrics_failed)
        return;
    progress->metrics_failed = true;
    error_prefix(&error, "metrics");
    say(progress, PROGRESS_WARNING, error.text);
}

static void show(struct progress *progress)
{
    const struct progress_options *options = &progress->options;
    double now = clock_now();
    sample_rate(progress, now);
    if (now - progress->metrics_written >= METRICS_EVERY)
        write_metrics(progress, now);
    if (options->quiet || now - progress->drawn < (options->json ? JSON_EVERY : DRAW_EVERY))
        return;
    if (options->json) {
        begin_json(progress, "event", "progress");
        json_counts(progress, progress->counts.rate);
        end_json(progress);
    } else if (options->terminal) {
        draw(progress);
    }
    progress->drawn = now;
}

static int start_metrics(struct progress *progress, const struct progress_options *options,
                         struct error *error)
{
    progress->options.metrics = strdup(options->metrics);
    progress->options.labels = strdup(options->labels);
    if (!progress->options.metrics || !progress->options.labels)
        return error_set(error, ERROR_MEMORY, "no memory for metrics");
    atomic_clean_beside(options->metrics);
    return progress_write_metrics(options, &progress->counts, error);
}

struct progress *progress_new(const struct progress_options *options, struct error *error)
{
    struct progress *progress = memory_new(1, sizeof *progress, "progress", error);
    if (!progress)
        return NULL;
    pthread_mutex_init(&progress->mutex, NULL);
    progress->options = *options;
    progress->options.metrics = NULL;
    progress->options.labels = NULL;
    progress->begun = clock_now();
    progress->drawn = progress->begun;
    progress->metrics_written = progress->begun;
    progress->samples[progress->sample_count++] = (struct sample){progress->begun, 0};
    progress->counts.start_time = clock_wall();
    progress->counts.last_time = progress->counts.start_time;
    progress->counts.status = -1;
    if (options->metrics && start_metrics(progress, options, error)) {
        progress_free(progress);
        return NULL;
    }
    return progress;
}

static void tick(void *context)
{
    struct progress *progress = context;
    pthread_mutex_lock(&progress->mutex);
    show(progress);
    pthread_mutex_unlock(&progress->mutex);
}

/* If the thread cannot start, figures are updated only when an item finishes. */
static void start_ticker(struct progress *progress)
{
    struct error error;
    const struct progress_options *options = &progress->options;
    bool shows = !options->quiet && (options->json || options->terminal);
    if (progress->ticker || !(shows || options->metrics))
        return;
    progress->ticker = ticker_new(TICK_EVERY, tick, progress, &error);
    if (!progress->ticker)
        progress_log(progress, PROGRESS_WARNING, "progress: %s", error.text);
}

/* Call this before the summary is printed: nothing may be drawn after it. */
static void stop_ticker(struct progress *progress)
{
    ticker_free(progress->ticker);
    progress->ticker = NULL;
}

void progress_expect(struct progress *progress, uint64_t total, uint64_t done_before,
                     uint64_t failed_before)
{
    pthread_mutex_lock(&progress->mutex);
    progress->counts.expected = total;
    progress->counts.done_before = done_before;
    progress->counts.failed_before = failed_before;
    pthread_mutex_unlock(&progress->mutex);
    start_ticker(progress);
}

void progress_item(struct progress *progress, bool failed, uint64_t results, double seconds,
                   uint64_t bytes)
{
    pthread_mutex_lock(&progress->mutex);
    progress->counts.done += !failed;
    progress->counts.failed += failed;
    progress->counts.results += results;
    progress->counts.bytes += bytes;
    progress->counts.seconds += seconds;
    progress->counts.last_time = clock_wall();
    show(progress);
    pthread_mutex_unlock(&progress->mutex);
}

void progress_pass(struct progress *progress, const struct passed_over *passed)
{
    pthread_mutex_lock(&progress->mutex);
    passed_over_sum(&progress->passed, passed);
    pthread_mutex_unlock(&progress->mutex);
}

void progress_log(struct progress *progress, enum progress_level level, const char *format, ...)
{
    char text[2 * ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    pthread_mutex_lock(&progress->mutex);
    say(progress, level, text);
    pthread_mutex_unlock(&progress->mutex);
}

static void say_summary(struct progress *progress, const char *reason, double seconds)
{
    const struct progress_counts *counts = &progress->counts;
    const struct item_words *words = progress->options.words;
    char numbers[5][32];
    char text[512];
    char duration[32];
    progress_duration(seconds, duration);
    int used = snprintf(text, sizeof text, "%s: %s %s done, %s failed, %s %s in %s", reason,
                        with_commas(counts->done, numbers[0]), words->items,
                        with_commas(counts->failed, numbers[1]),
                        with_commas(counts->results, numbers[2]), words->results, duration);
    if (seconds > 0)
        used += snprintf(text + used, sizeof text - (size_t)used, " (%.2f %s/s)",
                         (double)through(progress) / seconds, words->items);
    if (counts->done_before + counts->failed_before > 0)
        used += snprintf(text + used, sizeof text - (size_t)used, ", %s done before",
                         with_commas(counts->done_before, numbers[3]));
    if (left(progress) > 0)
        snprintf(text + used, sizeof text - (size_t)used, ", %s left",
                 with_commas(left(progress), numbers[4]));
    say(progress, PROGRESS_INFO, text);
}

static void say_passed(struct progress *progress)
{
    char text[PASSED_TEXT_SIZE];
    passed_over_text(&progress->passed, text);
    if (text[0])
        say(progress, PROGRESS_INFO, text);
}

void progress_finish(struct progress *progress, const char *reason, int status)
{
    stop_ticker(progress);
    pthread_mutex_lock(&progress->mutex);
    double now = clock_now();
    double seconds = now - progress->begun;
    progress->counts.status = status;
    sample_rate(progress, now);
    write_metrics(progress, now);
    if (progress->options.json && !progress->options.quiet) {
        begin_json(progress, "event", "summary");
        ndjson_string(&progress->line, "reason", reason);
        ndjson_integer(&progress->line, "exit_status", (uint64_t)status);
        json_counts(progress, seconds > 0 ? (double)through(progress) / seconds : NAN);
        ndjson_real(&progress->line, "seconds", seconds, 3);
        passed_over_members(&progress->passed, &progress->line);
        end_json(progress);
    } else {
        say_summary(progress, reason, seconds);
        say_passed(progress);
    }
    pthread_mutex_unlock(&progress->mutex);
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    stop_ticker(progress);
    erase(progress);
    ndjson_free(&progress->line);
    free((char *)progress->options.metrics);
    free((char *)progress->options.labels);
    pthread_mutex_destroy(&progress->mutex);
    memory_free(progress);
}
