#include "base/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_name.h"
#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/path.h"

static void release(struct atomic_file *file)
{
    free(file->path);
    free(file->temporary);
    free(file->buffer);
    if (file->parent >= 0)
        close(file->parent);
    *file = (struct atomic_file){.fd = -1, .parent = -1};
}

static int name_refused(const struct atomic_file *file, struct error *error)
{
    return error_set_system(error, ERROR_IO, errno,
                            "%s: its file system cannot hold this name; shorten or change it",
                            file->path);
}

/* Opens the first temporary name that is free beside `name`. */
static int open_temporary(struct atomic_file *file, const char *name, struct error *error)
{
    const struct atomic_writer self = atomic_writer_self();
    for (unsigned counter = 0; counter < 10000; counter++) {
        free(file->temporary);
        file->temporary = atomic_temporary_name(name, &self, counter);
        if (!file->temporary)
            return error_set(error, ERROR_MEMORY, "%s: no memory for its name", file->path);
        do
            file->fd = openat(file->parent, file->temporary,
                              O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        while (file->fd < 0 && errno == EINTR);
        if (file->fd >= 0)
            return 0;
        if (errno != EEXIST)
            break;
    }
    if (folder_refuses_name(errno))
        return name_refused(file, error);
    return error_set_system(error, ERROR_IO, errno, "%s: a temporary file cannot be made beside it",
                            file->path);
}

int atomic_open(struct atomic_file *file, const struct folder *folder, const char *name,
                struct error *error)
{
    const char *base;
    *file = (struct atomic_file){.fd = -1, .parent = -1};
    if (asprintf(&file->path, "%s%s", folder->prefix, name) < 0)
        file->path = NULL;
    file->buffer = malloc(ATOMIC_BUFFER);
    if (!file->path || !file->buffer) {
        release(file);
        return error_set(error, ERROR_MEMORY, "%s: no memory to write it", name);
    }
    file->parent = folder_parent(folder, name, true, &base, error);
    if (file->parent >= 0 && open_temporary(file, base, error) == 0)
        return 0;
    release(file);
    return -1;
}

static int write_out(struct atomic_file *file, const unsigned char *bytes, size_t size,
                     struct error *error)
{
    while (size) {
        ssize_t written = write(file->fd, bytes, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_system(error, ERROR_IO, written < 0 ? errno : ENOSPC,
                                    "%s: cannot be written", file->path);
        bytes += written;
        size -= (size_t)written;
    }
    return 0;
}

static int write_buffer(struct atomic_file *file, struct error *error)
{
    size_t used = file->used;
    file->used = 0;
    return write_out(file, file->buffer, used, error);
}

int atomic_append(struct atomic_file *file, const void *bytes, size_t size, struct error *error)
{
    if (size > ATOMIC_BUFFER - file->used && write_buffer(file, error))
        return -1;
    if (size > ATOMIC_BUFFER)
        return write_out(file, bytes, size, error);
    if (size)
        memcpy(file->buffer + file->used, bytes, size);
    file->used += size;
    return 0;
}

int atomic_copy(struct atomic_file *to, struct atomic_file *from, size_t offset,
                struct error *error)
{
    if (write_buffer(from, error))
        return -1;
    for (;;) {
        char block[8192];
        ssize_t got = pread(from->fd, block, sizeof block, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_system(error, ERROR_IO, errno, "%s: cannot be read again", from->path);
        if (got == 0)
            return 0;
        if (atomic_append(to, block, (size_t)got, error))
            return -1;
        offset += (size_t)got;
    }
}

/* Writes the buffer, syncs, closes and renames. */
static int finish(struct atomic_file *file, struct error *error)
{
    if (write_buffer(file, error))
        return -1;
    if (atomic_sync_file(file->fd))
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be synced to disk", file->path);
    /* Linux frees the descriptor even if close fails. After fsync, EINTR loses nothing. */
    int closed = close(file->fd);
    file->fd = -1;
    if (closed && errno != EINTR)
        return error_set_system(error, ERROR_IO, errno, "%s: cannot be closed", file->path);
    if (renameat(file->parent, file->temporary, file->parent, path_base(file->path)) == 0)
        return 0;
    if (folder_refuses_name(errno))
        return name_refused(file, error);
    return error_set_system(error, ERROR_IO, errno, "%s: cannot be renamed from %s", file->path,
                            file->temporary);
}

int atomic_commit(struct atomic_file *file, struct atomic_batch *batch, struct error *error)
{
    if (finish(file, error)) {
        atomic_abandon(file);
        return -1;
    }
    int result = batch ? atomic_batch_add(batch, file->parent, file->path, error)
                       : atomic_sync_parent(file->parent, file->path, error);
    release(file);
    return result;
}

void atomic_abandon(struct atomic_file *file)
{
    if (!file->temporary)
        return;
    if (file->fd >= 0)
        close(file->fd);
    unlinkat(file->parent, file->temporary, 0);
    release(file);
}

int atomic_write(const struct folder *folder, const char *name, const void *bytes, size_t size,
                 struct atomic_batch *batch, struct error *error)
{
    struct atomic_file file;
    if (atomic_open(&file, folder, name, error))
        return -1;
    if (atomic_append(&file, bytes, size, error)) {
        atomic_abandon(&file);
        return -1;
    }
    return atomic_commit(&file, batch, error);
}
