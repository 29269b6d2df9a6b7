#include "program/tars/tar_stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"

enum { ASK_MILLISECONDS = 250 }; /* between two questions whether to go on */

void tar_stream_free(struct tar_stream *stream)
{
    tar_pack_free(&stream->next);
}

/* Waits until something can be written. False if nobody wants it any more. */
static bool wait_for_reader(const struct tar_stream *stream)
{
    struct pollfd out = {.fd = stream->fd, .events = POLLOUT};
    while (poll(&out, 1, ASK_MILLISECONDS) <= 0)
        if (stream->stopping && stream->stopping(stream->context))
            return false;
    return true;
}

/* A disk that is full takes a part of a write. If that ends behind a member, or within a header, readers would
 * not see it: takes it back. */
static void take_back(const struct tar_stream *stream, size_t bytes)
{
    struct stat status;
    off_t end = lseek(stream->fd, 0, SEEK_CUR);
    bool file = fstat(stream->fd, &status) == 0 && S_ISREG(status.st_mode);
    if (file && end >= (off_t)bytes && ftruncate(stream->fd, end - (off_t)bytes))
        return; /* nothing more can be done */
}

/* Writes at most TAR_STREAM_WRITE bytes at once. */
static int write_once(const struct tar_stream *stream, const char *bytes, size_t size,
                      struct error *error)
{
    size_t done = 0;
    while (done < size) {
        if (!wait_for_reader(stream))
            return error_set(error, ERROR_STOPPED, "%s: not written to its end", stream->name);
        ssize_t written = write(stream->fd, bytes + done, size - done);
        if (written < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (written <= 0) {
            int reason = written < 0 ? errno : ENOSPC;
            take_back(stream, done);
            return error_set_system(error, ERROR_IO, reason, "%s: cannot be written", stream->name);
        }
        done += (size_t)written;
    }
    return 0;
}

static int write_all(const struct tar_stream *stream, const char *bytes, size_t size,
                     struct error *error)
{
    while (size > 0) {
        size_t part = size < TAR_STREAM_WRITE ? size : TAR_STREAM_WRITE;
        if (write_once(stream, bytes, part, error))
            return -1;
        bytes += part;
        size -= part;
    }
    return 0;
}

/* Adds bytes to what goes out in one write. */
static int add(struct tar_stream *stream, const char *bytes, size_t size, struct error *error)
{
    struct tar_pack *next = &stream->next;
    if (memory_grow((void **)&next->bytes, &next->capacity, next->used + size, 1, error))
        return -1;
    memcpy(next->bytes + next->used, bytes, size);
    next->used += size;
    return 0;
}

/* Writes a member: what was held back goes out with its header and, as far as there is room, its first bytes;
 * its own last block is held back. */
static int append_member(struct tar_stream *stream, const char *member,
                         const struct tar_pack_size *size, struct error *error)
{
    size_t rest = size->all - TAR_BLOCK;
    size_t together = stream->next.used + size->header;
    size_t room = together < TAR_STREAM_WRITE ? TAR_STREAM_WRITE - together : 0;
    size_t first = size->header + room < rest ? size->header + room : rest;
    if (add(stream, member, first, error) ||
        write_all(stream, stream->next.bytes, stream->next.used, error) ||
        write_all(stream, member + first, rest - first, error))
        return -1;
    stream->next.used = 0;
    return add(stream, member + rest, TAR_BLOCK, error);
}

int tar_stream_append(struct tar_stream *stream, const struct tar_pack *members,
                      struct error *error)
{
    struct tar_pack_size size;
    for (size_t at = 0; at < members->used; at += size.all) {
        size = tar_pack_size_at(members, at);
        if (append_member(stream, members->bytes + at, &size, error))
            return -1;
    }
    stream->size += members->used;
    return 0;
}

/* The mark goes out with the block before it; the zeros behind it fill the last record. */
int tar_stream_end(struct tar_stream *stream, struct error *error)
{
    static const char zeros[TAR_END_MOST];
    const size_t mark = 2 * TAR_BLOCK;
    size_t end = tar_pack_end(stream->size);
    return add(stream, zeros, mark, error) ||
                   write_all(stream, stream->next.bytes, stream->next.used, error) ||
                   write_all(stream, zeros, end - mark, error)
               ? -1
               : 0;
}
