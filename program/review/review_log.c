#include "program/review/review_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/plain_text.h"
#include "jobs/lock.h"
#include "records/record.h"
#include "records/review.h"

#define LOCK_FILE PATH_RUN_FOLDER "/review.lock"

struct review_log {
    pthread_mutex_t writing; /* guards fd, size and torn, and keeps events in order */
    pthread_mutex_t holding; /* guards what `review` holds; taken within `writing` */
    struct review *review;   /* owned */
    struct lock *lock;       /* owned; NULL: for reading */
    int fd;                  /* -1: for reading */
    uint64_t size;           /* bytes of confirmed lines */
    bool torn;               /* the file may have more than that */
    char *by;                /* owned */
};

void review_log_close(struct review_log *log)
{
    if (!log)
        return;
    if (log->fd >= 0)
        close(log->fd);
    lock_release(log->lock);
    review_free(log->review);
    pthread_mutex_destroy(&log->writing);
    pthread_mutex_destroy(&log->holding);
    free(log->by);
    free(log);
}

static struct review_log *log_new(const char *by, struct error *error)
{
    struct review_log *log = calloc(1, sizeof *log);
    char *name = strdup(by);
    if (!log || !name) {
        free(log);
        free(name);
        error_set(error, ERROR_MEMORY, "no memory for the log of a review");
        return NULL;
    }
    pthread_mutex_init(&log->writing, NULL);
    pthread_mutex_init(&log->holding, NULL);
    log->fd = -1;
    log->by = name;
    return log;
}

/* The review in the file, an empty one if there is none. */
static int read_file(struct review_log *log, const struct folder *run, struct error *error)
{
    log->size = 0;
    log->review = review_read(run, &log->size, error);
    if (!log->review && error->code == ERROR_IO && error->system == ENOENT)
        log->review = review_new(error);
    return log->review ? 0 : -1;
}

/* Cuts off what follows the confirmed lines. */
static int cut(struct review_log *log, struct error *error)
{
    int status;
    do
        status = ftruncate(log->fd, (off_t)log->size);
    while (status && errno == EINTR);
    if (status || fdatasync(log->fd))
        return error_set_system(error, ERROR_IO, errno, "cannot write to '%s'", REVIEW_FILE);
    log->torn = false;
    return 0;
}

/* Opens the file for appending, and makes its name last. */
static int open_file(struct review_log *log, const struct folder *run, struct error *error)
{
    log->fd = folder_open_file(run, REVIEW_FILE, O_RDWR | O_APPEND | O_CREAT, error);
    if (log->fd < 0)
        return -1;
    int folder = openat(run->fd, PATH_RUN_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = folder < 0 ? -1 : fsync(folder);
    int reason = errno;
    if (folder >= 0)
        close(folder);
    return status ? error_set_system(error, ERROR_IO, reason, "%s%s", run->prefix, PATH_RUN_FOLDER)
                  : cut(log, error);
}

struct review_log *review_log_open(const struct folder *run, const char *by, struct error *error)
{
    if (!*by || strlen(by) > REVIEW_TEXT_MAX || !plain_is(by)) {
        error_set(error, ERROR_USAGE,
                  "--by: a name has 1 to %d bytes of UTF-8 without control characters",
                  REVIEW_TEXT_MAX);
        return NULL;
    }
    struct review_log *log = log_new(by, error);
    if (!log)
        return NULL;
    if (folder_make_below(run, PATH_RUN_FOLDER, error) ||
        lock_take(run, LOCK_FILE, LOCK_WATCH, &log->lock, error) != LOCK_TAKEN ||
        read_file(log, run, error) || open_file(log, run, error)) {
        review_log_close(log);
        return NULL;
    }
    return log;
}

struct review_log *review_log_look(const struct folder *run, struct error *error)
{
    struct review_log *log = log_new("", error);
    if (log && read_file(log, run, error)) {
        review_log_close(log);
        return NULL;
    }
    return log;
}

/* ---- appending ---- */

static bool has_mask(const struct record *record, int64_t id)
{
    for (size_t i = 0; i < record->masks.count; i++)
        if (record_id(record, i) == id)
            return true;
    return false;
}

/* The highest id of the record and of the log; -1: there is none. */
static int64_t last_id(const struct record *record, const struct review_image *image)
{
    int64_t last = image && image->mask_count ? image->masks[image->mask_count - 1].id : -1;
    for (size_t i = 0; i < record->masks.count; i++) {
        int64_t id = record_id(record, i);
        last = id > last ? id : last;
    }
    return last;
}

/* Gives a new mask an id, or checks the one that it has. */
static int check_new(const struct record *record, const struct review_image *image,
                     struct review_event *event, struct error *error)
{
    int64_t last = last_id(record, image);
    if (last >= REVIEW_ID_MAX)
        return error_set(error, ERROR_USAGE, "there is no id above %lld", (long long)last);
    if (event->mask >= 0 && event->mask <= last)
        return error_set(error, ERROR_USAGE, "mask %lld is not new: ids go up to %lld",
                         (long long)event->mask, (long long)last);
    return event->mask < 0 ? review_event_name_mask(event, last + 1, error) : 0;
}

static int check_old(const struct record *record, const struct review_image *image,
                     const struct review_event *event, struct error *error)
{
    const struct review_mask *mask = review_mask_of(image, event->mask);
    if (mask && mask->removed)
        return error_set(error, ERROR_USAGE, "mask %lld was removed", (long long)event->mask);
    return (mask && mask->added) || has_mask(record, event->mask)
               ? 0
               : error_set(error, ERROR_USAGE, "there is no mask %lld", (long long)event->mask);
}

static int check_undo(const struct review_image *image, const struct review_event *event,
                      struct error *error)
{
    for (size_t i = 0; image && i < image->event_count; i++)
        if (image->events[i].event.number == event->undoes)
            return image->events[i].counts
                       ? 0
                       : error_set(error, ERROR_USAGE, "event %llu is undone already",
                                   (unsigned long long)event->undoes);
    return error_set(error, ERROR_USAGE, "event %llu is none of this image's",
                     (unsigned long long)event->undoes);
}

/* Whether the event makes sense now. */
static int check(const struct review_log *log, const struct record *record,
                 struct review_event *event, struct error *error)
{
    const struct review_image *image = review_of(log->review, record->file_name);
    if (event->op == REVIEW_UNDO)
        return check_undo(image, event, error);
    if (review_of_other_record(image, event->record))
        return error_set(
            error, ERROR_USAGE,
            "the record was made anew since it was reviewed: undo what was decided, or "
            "remove %s",
            REVIEW_FILE);
    if (event->op == REVIEW_IMAGE)
        return 0;
    if (event->annotation && (event->width != record->width || event->height != record->height))
        return error_set(error, ERROR_USAGE, "the mask has %u x %u pixels, the image %u x %u",
                         event->width, event->height, record->width, record->height);
    return event->op == REVIEW_ADD ? check_new(record, image, event, error)
                                   : check_old(record, image, event, error);
}

/* Fills in what the log adds to an event. */
static int complete(const struct review_log *log, const struct record *record,
                    struct review_event *event, struct error *error)
{
    event->number = review_last(log->review) + 1;
    event->time = clock_wall();
    event->by = strdup(log->by);
    event->image = strdup(record->file_name);
    event->of_record = true;
    if (!event->by || !event->image)
        return error_set(error, ERROR_MEMORY, "no memory for an event");
    return review_record_hash(record, &event->record, error);
}

/* Writes a line and waits for the disk. After -1 nothing of it counts. */
static int write_line(struct review_log *log, const char *line, size_t length, struct error *error)
{
    ssize_t written;
    if (log->size + length > REVIEW_FILE_MAX)
        return error_set(error, ERROR_IO, "%s is full: it has %d MiB", REVIEW_FILE,
                         REVIEW_FILE_MAX >> 20);
    if (log->torn && cut(log, error))
        return -1;
    log->torn = true;
    do
        written = write(log->fd, line, length);
    while (written < 0 && errno == EINTR);
    /* A short write leaves errno alone: the disk or the quota is full. */
    int reason = written < 0 ? errno : ENOSPC;
    bool whole = written == (ssize_t)length;
    if (whole && fdatasync(log->fd) == 0) {
        log->torn = false;
        log->size += length;
        return 0;
    }
    reason = whole ? errno : reason;
    struct error ignored;
    (void)cut(log, &ignored); /* if that fails, it is done before the next line */
    return error_set_system(error, ERROR_IO, reason, "cannot write to '%s'", REVIEW_FILE);
}

/* Moves a written event into the review. If memory is short, its line does not stay either. */
static int take_in(struct review_log *log, struct review_event *event, size_t length,
                   struct error *error)
{
    struct error ignored;
    pthread_mutex_lock(&log->holding);
    int status = review_add(log->review, event, error);
    pthread_mutex_unlock(&log->holding);
    if (status == 0)
        return 0;
    log->size -= length;
    log->torn = true;
    (void)cut(log, &ignored);
    return -1;
}

/* Whether a reader takes the line: what it refuses must never be in the log. */
static int check_line(const char *line, size_t length, struct error *error)
{
    struct review_event again;
    struct error own;
    if (length - 1 > REVIEW_LINE_MAX)
        return error_set(error, ERROR_USAGE, "the event has more than %d bytes", REVIEW_LINE_MAX);
    if (review_event_line(&again, line, length - 1, &own) == 0) {
        review_event_free(&again);
        return 0;
    }
    *error = own;
    return own.code == ERROR_RECORD ? error_set(error, ERROR_USAGE, "%s", own.text) : -1;
}

static int append(struct review_log *log, const struct record *record, struct review_event *event,
                  struct review_confirmed *confirmed, struct error *error)
{
    size_t length;
    if (complete(log, record, event, error) || check(log, record, event, error))
        return -1;
    *confirmed = (struct review_confirmed){event->number, event->mask};
    char *line = review_event_text(event, &length, error);
    int status = line ? check_line(line, length, error) : -1;
    if (status == 0)
        status = write_line(log, line, length, error);
    free(line);
    return status ? -1 : take_in(log, event, length, error);
}

int review_log_append(struct review_log *log, const struct record *record,
                      struct review_event *event, struct review_confirmed *confirmed,
                      struct error *error)
{
    if (log->fd < 0) {
        review_event_free(event);
        return error_set(error, ERROR_USAGE, "this review is open for reading only");
    }
    pthread_mutex_lock(&log->writing);
    int status = append(log, record, event, confirmed, error);
    pthread_mutex_unlock(&log->writing);
    if (status)
        review_event_free(event);
    return status;
}

const struct review *review_log_hold(struct review_log *log)
{
    pthread_mutex_lock(&log->holding);
    return log->review;
}

void review_log_release(struct review_log *log)
{
    pthread_mutex_unlock(&log->holding);
}
