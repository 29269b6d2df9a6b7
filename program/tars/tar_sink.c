#include "program/tars/tar_sink.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json_text.h"
#include "jobs/ledger.h"
#include "jobs/list.h"
#include "program/run/collection.h"
#include "program/run/item.h"
#include "program/run/item_end.h"
#include "program/run/run.h"
#include "program/tars/tar_line.h"
#include "program/tars/tar_shard.h"

enum { SYNC_IMAGES = 256 }; /* most images that are synced together */
#define SYNC_SECONDS 1.0    /* longest time that the first of them waits */

static void keep(struct tar_sink *tars, struct tar_shard *shard)
{
    pthread_mutex_lock(&tars->mutex);
    shard->next = tars->shards;
    tars->shards = shard;
    pthread_mutex_unlock(&tars->mutex);
}

static void drop(struct tar_sink *tars, struct tar_shard *shard)
{
    struct tar_shard **link = &tars->shards;
    pthread_mutex_lock(&tars->mutex);
    while (*link != shard)
        link = &(*link)->next;
    *link = shard->next;
    pthread_mutex_unlock(&tars->mutex);
    tar_shard_free(shard);
}

/* Ends the run because of the output, and this tar with it: nothing may follow in it. */
static void fail(struct tar_sink *tars, struct tar_shard *shard, const struct error *error)
{
    shard->closed = true;
    run_fail(tars->run, error);
}

/* Makes durable what the shard has, and says so in the ledger. */
static void flush(struct tar_sink *tars, struct tar_shard *shard)
{
    struct error error;
    if (shard->part && !shard->unsure &&
        (done_lines_check(tars->run, &error) || tar_part_flush(shard->part, &error) ||
         done_lines_write(&tars->waiting, tars->run, &error))) {
        shard->unsure = true; /* a second sync would not say what the first one has lost */
        fail(tars, shard, &error);
    }
    done_lines_drop(&tars->waiting);
    tars->flushed = clock_now();
}

static void settle(void *context)
{
    struct tar_sink *tars = context;
    if (tars->current)
        flush(tars, tars->current);
}

/* Opens the shard's temporary files with its first image. */
static int open_part(struct tar_sink *tars, struct tar_shard *shard, struct error *error)
{
    if (shard->part)
        return 0;
    shard->part = tar_part_open(&shard->files, tars->run->config.output, &shard->kept, error);
    tars->flushed = clock_now();
    return shard->part ? 0 : -1;
}

/* Writes the sample of an item behind the last one, with retries. */
static int write_sample(struct tar_sink *tars, struct tar_shard *shard, struct item *item,
                        struct error *error)
{
    const struct tar_pack *members = &item->sample->members;
    const struct error reason = item->error;
    int status = -1;
    for (int attempt = 0; status; attempt++) {
        status = tar_part_write(shard->part, 0, members->bytes, members->used, error);
        item->error = *error;
        if (status && !item_try_again(tars->run, item, RETRY_WRITING, attempt))
            break;
    }
    item->error = reason;
    return status;
}

static int append_sample(struct tar_sink *tars, struct tar_shard *shard, struct item *item,
                         struct error *error)
{
    struct tar_sample *sample = item->sample;
    if (open_part(tars, shard, error) || write_sample(tars, shard, item, error))
        return -1;
    const struct tar_place place = {
        .offset = tar_part_size(shard->part),
        .bytes = sample->members.used,
        .record_offset = tar_part_size(shard->part) + sample->record_offset,
        .record_bytes = sample->record_bytes,
    };
    tar_line_end(&sample->line, &place);
    return tar_part_add(shard->part, place.bytes, &sample->line, error);
}

/* Reads `size` bytes at `offset` of a published file. */
static int read_old(int fd, uint64_t offset, char *bytes, size_t size, const char *name,
                    struct error *error)
{
    while (size) {
        ssize_t got = pread(fd, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_system(error, ERROR_IO, errno, "%s: cannot be read", name);
        if (got == 0)
            return error_set(error, ERROR_IO, "%s: somebody else has changed it", name);
        bytes += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

static int copy_members(const struct tar_shard *shard, const struct tar_journal_image *image,
                        struct error *error)
{
    char bytes[1 << 16];
    for (uint64_t at = 0; at < image->bytes;) {
        size_t size = image->bytes - at < sizeof bytes ? (size_t)(image->bytes - at) : sizeof bytes;
        if (read_old(shard->old_tar, image->offset + at, bytes, size, shard->files.tar, error) ||
            tar_part_write(shard->part, at, bytes, size, error))
            return -1;
        at += size;
    }
    return 0;
}

/* The line of an image of the published tar, for its new place. */
static int copy_line(const struct tar_shard *shard, uint64_t place, struct json_text *line,
                     struct error *error)
{
    const struct tar_journal *old = &shard->old;
    const struct tar_journal_image *image = &old->images[place];
    uint64_t end = place + 1 < old->count ? old->images[place + 1].line : old->bytes;
    struct tar_line known;
    struct tar_line_owner *owner = NULL;
    struct json_text text = {.bytes = malloc(end - image->line), .used = end - image->line};
    int status = text.bytes
                     ? read_old(shard->old_lines, image->line, text.bytes, text.used,
                                shard->files.lines, error)
                     : error_set(error, ERROR_MEMORY, "%s: no memory for a line", shard->key);
    if (status == 0 && tar_line_parse(text.bytes, text.used - 1, &known, &owner, error) != 1)
        status = error_set(error, ERROR_IO, "%s: somebody else has changed it", shard->files.lines);
    if (status == 0) {
        struct tar_place moved = known.place;
        moved.offset = tar_part_size(shard->part);
        moved.record_offset += moved.offset - known.place.offset;
        json_text_bytes(line, text.bytes, tar_line_without_place(text.bytes, text.used));
        tar_line_end(line, &moved);
    }
    tar_line_free(owner);
    json_text_free(&text);
    return status;
}

/* Takes over a sample of the published tar. */
static int copy_sample(struct tar_sink *tars, struct tar_shard *shard, uint64_t place,
                       struct error *error)
{
    struct json_text line = {0};
    int status = open_part(tars, shard, error);
    if (status == 0)
        status = copy_members(shard, &shard->old.images[place], error);
    if (status == 0)
        status = copy_line(shard, place, &line, error);
    if (status == 0)
        status = tar_part_add(shard->part, shard->old.images[place].bytes, &line, error);
    json_text_free(&line);
    return status;
}

static void flush_if_due(struct tar_sink *tars, struct tar_shard *shard)
{
    if (tar_part_waiting(shard->part) >= SYNC_IMAGES || clock_now() - tars->flushed >= SYNC_SECONDS)
        flush(tars, shard);
}

/* The image is done, or has failed: appends what it has become. */
static void finish_image(struct tar_sink *tars, struct tar_shard *shard, struct item *item)
{
    struct error error;
    bool failed = item->error.code != ERROR_NONE;
    if (shard->closed)
        return;
    if ((failed && tar_sample_make(item, &shard->samples, &error)) ||
        append_sample(tars, shard, item, &error) ||
        (!failed && done_lines_add(&tars->waiting, tars->run, item, &error))) {
        fail(tars, shard, &error);
        return;
    }
    if (failed)
        item_note_failed(tars->run, item);
    flush_if_due(tars, shard);
}

static void copy_image(struct tar_sink *tars, struct tar_shard *shard, uint64_t place)
{
    struct error error;
    if (shard->closed)
        return;
    if (copy_sample(tars, shard, place, &error))
        fail(tars, shard, &error);
    else
        flush_if_due(tars, shard);
}

/* All images of the tar are in the output: it becomes visible. */
static int publish(struct tar_sink *tars, struct tar_shard *shard, struct error *error)
{
    struct ledger_line read = {.status = LEDGER_NONE, .key = shard->key};
    if (!shard->part)
        tar_journal_cut(&shard->kept, shard->seen); /* the input has become shorter */
    if (open_part(tars, shard, error))
        return -1;
    flush(tars, shard);
    if (shard->closed)
        return 0; /* the run ends already */
    if (tar_part_publish(shard->part, &read.bytes, error) ||
        ledger_append(tars->run->resources.ledger, &read, error))
        return -1;
    if (tars->published)
        tars->published(tars->context, shard->files.tar);
    return 0;
}

static void end_shard(struct tar_sink *tars, struct tar_shard *shard, bool complete)
{
    struct error error;
    if (!complete || shard->closed)
        flush(tars, shard);
    else if (publish(tars, shard, &error))
        fail(tars, shard, &error);
    tars->current = NULL;
    drop(tars, shard);
}

static void finish_mark(struct tar_sink *tars, struct tar_shard *shard, const struct item *item)
{
    if (item->mark == SINK_COPY)
        copy_image(tars, shard, item->place);
    else
        end_shard(tars, shard, item->mark == SINK_TAR_END);
}

/* The tar itself cannot be read any further: its output is left as it is. */
static void finish_tar(struct tar_sink *tars, const struct tar_shard *shard, struct item *item)
{
    error_append(&item->error, "; %s is made once it can be read to its end", shard->files.tar);
    item_note_failed(tars->run, item);
}

static void finish(void *context, struct item *item, enum item_outcome outcome)
{
    struct tar_sink *tars = context;
    struct tar_shard *shard = item->tag;
    if (!shard) { /* what is in no tar: a folder that cannot be read */
        if (outcome == ITEM_FAILED)
            item_note_failed(tars->run, item);
        return;
    }
    tars->current = shard;
    if (outcome == ITEM_MARK)
        finish_mark(tars, shard, item);
    else if (outcome == ITEM_DROPPED)
        shard->closed = true;
    else if (!item->tar)
        finish_tar(tars, shard, item);
    else
        finish_image(tars, shard, item);
}

static int write_item(void *context, struct item *item)
{
    const struct tar_sink *tars = context;
    const struct tar_shard *shard = item->tag;
    return tar_sample_write(item, tars->run, &shard->samples);
}

static int begin(void *context, const struct list_item *tar, void **tag, struct error *error)
{
    struct tar_sink *tars = context;
    struct tar_shard *shard;
    int wanted = tar_shard_begin(tars->run, tar, &shard, error);
    if (wanted > 0)
        keep(tars, shard);
    *tag = shard;
    return wanted;
}

static int admit(void *context, struct submission *image, struct error *error)
{
    const struct tar_sink *tars = context;
    (void)error;
    return tar_shard_admit(image->tag, tars->run, image);
}

struct sink tar_sink(struct tar_sink *tars, struct run *run)
{
    tars->run = run;
    pthread_mutex_init(&tars->mutex, NULL);
    return (struct sink){.in_order = true,
                         .write = write_item,
                         .finish = finish,
                         .settle = settle,
                         .begin = begin,
                         .admit = admit,
                         .context = tars};
}

void tar_sink_free(struct tar_sink *tars)
{
    while (tars->shards)
        drop(tars, tars->shards);
    done_lines_free(&tars->waiting);
    pthread_mutex_destroy(&tars->mutex);
}
