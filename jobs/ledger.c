#include "jobs/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_name.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/machine.h"
#include "jobs/items.h"
#include "jobs/ndjson.h"
#include "jobs/shard.h"

struct ledger {
    pthread_mutex_t mutex; /* guards line and torn, and keeps lines in the order of their times */
    int fd;
    bool torn; /* the file does not end in a newline, so the next line begins with one */
    struct ndjson line;
    struct shard shard;
    char *path;
};

/* Sets ledger->torn if the last line of the file has no newline. */
static int find_torn(struct ledger *ledger, struct error *error)
{
    char last;
    struct stat status;
    if (fstat(ledger->fd, &status))
        return error_set_system(error, ERROR_IO, errno, "%s", ledger->path);
    if (status.st_size == 0)
        return 0;
    if (pread(ledger->fd, &last, 1, status.st_size - 1) != 1)
        return error_set_system(error, ERROR_IO, errno, "cannot read '%s'", ledger->path);
    ledger->torn = last != '\n';
    return 0;
}

static int open_file(struct ledger *ledger, const struct folder *run, struct error *error)
{
    if (asprintf(&ledger->path, "%s" LEDGER_FOLDER "/ledger-%u-of-%u.ndjson", run->prefix,
                 ledger->shard.index, ledger->shard.count) < 0) {
        ledger->path = NULL;
        return error_set(error, ERROR_MEMORY, "no memory for the ledger");
    }
    if (folder_make_below(run, LEDGER_FOLDER, error))
        return -1;
    ledger->fd = folder_open_file(run, ledger->path + strlen(run->prefix),
                                  O_RDWR | O_APPEND | O_CREAT, error);
    return ledger->fd < 0 ? -1 : find_torn(ledger, error);
}

struct ledger *ledger_open(const struct folder *run, const struct shard *shard, struct error *error)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (!ledger) {
        error_set(error, ERROR_MEMORY, "no memory for the ledger");
        return NULL;
    }
    pthread_mutex_init(&ledger->mutex, NULL);
    ledger->fd = -1;
    ledger->shard = *shard;
    if (open_file(ledger, run, error)) {
        ledger_close(ledger);
        return NULL;
    }
    return ledger;
}

/* Writes ledger->line with one write(2). */
static int write_line(struct ledger *ledger, struct error *error)
{
    ssize_t written;
    if (ledger->torn && write(ledger->fd, "\n", 1) != 1)
        return error_set_system(error, ERROR_IO, errno, "cannot write to '%s'", ledger->path);
    ledger->torn = false;
    do
        written = write(ledger->fd, ledger->line.text.bytes, ledger->line.text.used);
    while (written < 0 && errno == EINTR);
    if (written == (ssize_t)ledger->line.text.used)
        return 0;
    ledger->torn = written > 0;
    /* A short write leaves errno alone: the disk or the quota is full. */
    return error_set_system(error, ERROR_IO, written < 0 ? errno : ENOSPC, "cannot write to '%s'",
                            ledger->path);
}

const char *ledger_line_name(const struct ledger_line *line)
{
    return line->tar ? line->tar : line->key;
}

uint64_t ledger_line_number(const struct ledger_line *line, const char *name, uint64_t otherwise)
{
    for (int i = 0; i < LEDGER_NUMBERS && line->numbers[i].name; i++)
        if (strcmp(line->numbers[i].name, name) == 0)
            return line->numbers[i].value;
    return otherwise;
}

static void put_numbers(struct ndjson *text, const struct ledger_line *line)
{
    for (int i = 0; i < LEDGER_NUMBERS && line->numbers[i].name; i++)
        ndjson_integer(text, line->numbers[i].name, line->numbers[i].value);
}

static const char *const status_texts[] = {
    [LEDGER_NONE] = "read", [LEDGER_DONE] = "done", [LEDGER_FAILED] = "failed"};

void ledger_format_item(struct ndjson *line, const struct ledger_line *item)
{
    ndjson_name(line, "path", item->key);
    if (item->tar)
        ndjson_name(line, "tar", item->tar);
    ndjson_string(line, "status", status_texts[item->status]);
    if (item->status == LEDGER_DONE || item->bytes > 0)
        ndjson_integer(line, "bytes", item->bytes);
    put_numbers(line, item);
    if (item->error)
        ndjson_string(line, "error", item->error);
    ndjson_real(line, "seconds", item->seconds, 3);
    ndjson_integer(line, "worker", item->worker);
}

static void format_event(struct ndjson *line, const struct ledger *ledger,
                         const struct ledger_line *event)
{
    char text[64] = "";
    struct machine machine;
    ndjson_string(line, "event", event->event);
    if (event->reason) {
        ndjson_string(line, "reason", event->reason);
        return;
    }
    snprintf(text, sizeof text, "%u/%u", ledger->shard.index, ledger->shard.count);
    ndjson_string(line, "shard", text);
    put_numbers(line, event);
    machine_self(&machine);
    ndjson_string(line, "host", machine.name);
    ndjson_integer(line, "pid", (uint64_t)getpid());
    const struct atomic_writer self = atomic_writer_self();
    atomic_writer_text(&self, text);
    ndjson_string(line, "writer", text);
}

int ledger_append(struct ledger *ledger, const struct ledger_line *line, struct error *error)
{
    int status;
    pthread_mutex_lock(&ledger->mutex);
    ndjson_begin(&ledger->line);
    if (line->event)
        format_event(&ledger->line, ledger, line);
    else
        ledger_format_item(&ledger->line, line);
    ndjson_real(&ledger->line, "time", line->time > 0 ? line->time : clock_wall(), 3);
    if (ndjson_end(&ledger->line))
        status = error_set(error, ERROR_MEMORY, "no memory for a ledger line");
    else
        status = write_line(ledger, error);
    pthread_mutex_unlock(&ledger->mutex);
    return status;
}

int ledger_append_start(struct ledger *ledger, const struct item_words *words, uint64_t items,
                        struct error *error)
{
    struct ledger_line line = {.status = LEDGER_EVENT, .event = "start"};
    if (items != ITEMS_UNKNOWN)
        line.numbers[0] = (struct ledger_number){words->items, items};
    return ledger_append(ledger, &line, error);
}

int ledger_append_end(struct ledger *ledger, const char *reason, struct error *error)
{
    struct ledger_line line = {.status = LEDGER_EVENT, .event = "end", .reason = reason};
    return ledger_append(ledger, &line, error);
}

int ledger_sync(struct ledger *ledger, struct error *error)
{
    if (fsync(ledger->fd))
        return error_set_system(error, ERROR_IO, errno, "cannot sync '%s'", ledger->path);
    return 0;
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->fd >= 0)
        close(ledger->fd);
    pthread_mutex_destroy(&ledger->mutex);
    ndjson_free(&ledger->line);
    free(ledger->path);
    free(ledger);
}
