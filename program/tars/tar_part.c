#include "program/tars/tar_part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/path.h"
#include "program/tars/tar_journal.h"
#include "records/tar_pack.h"

#define PART_SUFFIX ".maskmill-part"

enum {
    NAME_KEPT = 200
}; /* bytes of a long name: with a hash and the endings, it stays within NAME_MAX */

/* One of the two temporary files. */
struct part_file {
    int fd;             /* -1: not open */
    const char *prefix; /* of the output folder, for messages */
    const char *name;
    uint64_t size; /* bytes that count */
};

struct tar_part {
    const struct tar_files *files;
    const struct folder *out;
    int parent; /* the folder that the files lie in */
    struct part_file tar, lines;
    struct json_text pending; /* lines of samples that may not be on the disk */
    size_t waiting;           /* number of those lines */
};

/* The temporary name beside `path`. */
static char *part_name(const char *path)
{
    char *name = NULL;
    const char *base = path_base(path);
    int folder = (int)(base - path);
    size_t length = strlen(base);
    int made = length <= NAME_KEPT
                   ? asprintf(&name, "%.*s.%s" PART_SUFFIX, folder, path, base)
                   : asprintf(&name, "%.*s.%.*s.%016llx" PART_SUFFIX, folder, path, NAME_KEPT, base,
                              (unsigned long long)hash_bytes(base, length));
    return made < 0 ? NULL : name;
}

int tar_files_name(struct tar_files *files, const char *name, struct error *error)
{
    *files = (struct tar_files){0};
    if (asprintf(&files->tar, "%s.tar", name) < 0)
        files->tar = NULL;
    if (asprintf(&files->lines, "%s.ndjson", name) < 0)
        files->lines = NULL;
    files->part_tar = files->tar ? part_name(files->tar) : NULL;
    files->part_lines = files->lines ? part_name(files->lines) : NULL;
    if (files->part_tar && files->part_lines)
        return 0;
    tar_files_free(files);
    return error_set(error, ERROR_MEMORY, "%s: no memory for the names of its output", name);
}

void tar_files_free(struct tar_files *files)
{
    free(files->tar);
    free(files->lines);
    free(files->part_tar);
    free(files->part_lines);
    *files = (struct tar_files){0};
}

int tar_files_remove_parts(const struct tar_files *files, const struct folder *out,
                           struct error *error)
{
    return folder_remove(out, files->part_lines, error) ||
                   folder_remove(out, files->part_tar, error)
               ? -1
               : 0;
}

int tar_files_remove(const struct tar_files *files, const struct folder *out, struct error *error)
{
    const char *base;
    int parent = folder_parent(out, files->tar, false, &base, error);
    if (parent < 0)
        return error->system == ENOENT ? 0 : -1;
    int status = folder_remove(out, files->tar, error) || folder_remove(out, files->lines, error) ||
                         tar_files_remove_parts(files, out, error) ||
                         atomic_sync_parent(parent, files->tar, error)
                     ? -1
                     : 0;
    close(parent);
    return status;
}

/* Renames a file within its folder. */
static int rename_in(int parent, const char *from, const char *to, const struct folder *out,
                     struct error *error)
{
    if (renameat(parent, path_base(from), parent, path_base(to)) == 0)
        return 0;
    return error_set_system(error, ERROR_IO, errno, "%s%s: cannot be renamed from %s", out->prefix,
                            to, path_base(from));
}

/* The tar is complete by the lines that were renamed already, or else it is no case for this. */
int tar_files_settle(const struct tar_files *files, const struct folder *out, struct error *error)
{
    struct stat tar;
    struct tar_journal journal = {0};
    const char *base;
    if (folder_stat(out, files->part_tar, &tar) || folder_has(out, files->part_lines))
        return 0;
    int status = tar_journal_read(&journal, out, files->lines, (uint64_t)tar.st_size, NULL, error);
    bool ends = tar_journal_ends(&journal, (uint64_t)tar.st_size);
    tar_journal_free(&journal);
    if (status || !ends || !folder_has(out, files->lines))
        return status;
    int parent = folder_parent(out, files->tar, false, &base, error);
    if (parent < 0)
        return -1;
    status = rename_in(parent, files->part_tar, files->tar, out, error) ||
                     atomic_sync_parent(parent, files->tar, error)
                 ? -1
                 : 0;
    close(parent);
    return status;
}

static int lock(const struct tar_part *part, struct error *error)
{
    struct stat ours, there;
    const char *name = part->files->part_tar;
    int status;
    do
        status = flock(part->tar.fd, LOCK_EX | LOCK_NB);
    while (status && errno == EINTR);
    bool held = status && errno == EWOULDBLOCK; /* else there are no locks here */
    if (!held && (fstat(part->tar.fd, &ours) || folder_stat(part->out, name, &there) ||
                  ours.st_ino != there.st_ino || ours.st_dev != there.st_dev))
        held = true; /* whoever held it has renamed it */
    if (!held)
        return 0;
    return error_set(error, ERROR_IO,
                     "%s%s: another process writes it; the shards of one run must have the same "
                     "number (--shard I/N)",
                     part->out->prefix, part->files->tar);
}

/* Cuts a file off behind what counts, which it must have. */
static int cut(const struct part_file *file, struct error *error)
{
    struct stat status;
    if (fstat(file->fd, &status) == 0 && (uint64_t)status.st_size < file->size)
        return error_set(error, ERROR_IO, "%s%s: somebody else has changed it", file->prefix,
                         file->name);
    if (ftruncate(file->fd, (off_t)file->size) == 0)
        return 0;
    return error_set_system(error, ERROR_IO, errno, "%s%s: cannot be cut", file->prefix,
                            file->name);
}

static int open_file(struct part_file *file, const struct folder *out, const char *name,
                     uint64_t size, struct error *error)
{
    file->prefix = out->prefix;
    file->name = name;
    file->size = size;
    file->fd = folder_open_file(out, name, O_RDWR | O_CREAT, error);
    return file->fd < 0 ? -1 : 0;
}

static int open_files(struct tar_part *part, const struct tar_journal *keep, struct error *error)
{
    const struct tar_files *files = part->files;
    const char *base;
    part->parent = folder_parent(part->out, files->tar, true, &base, error);
    if (part->parent < 0)
        return -1;
    if (open_file(&part->tar, part->out, files->part_tar, keep->tar_bytes, error) ||
        lock(part, error) ||
        open_file(&part->lines, part->out, files->part_lines, keep->bytes, error))
        return -1;
    /* The lines first: none may tell of a sample that is gone. */
    return cut(&part->lines, error) || cut(&part->tar, error) ||
                   atomic_sync_parent(part->parent, files->part_tar, error)
               ? -1
               : 0;
}

struct tar_part *tar_part_open(const struct tar_files *files, const struct folder *out,
                               const struct tar_journal *keep, struct error *error)
{
    struct tar_part *part = memory_new(1, sizeof *part, "an output tar", error);
    if (!part)
        return NULL;
    part->files = files;
    part->out = out;
    part->parent = part->tar.fd = part->lines.fd = -1;
    if (open_files(part, keep, error) == 0)
        return part;
    tar_part_close(part);
    return NULL;
}

void tar_part_close(struct tar_part *part)
{
    if (!part)
        return;
    if (part->lines.fd >= 0)
        close(part->lines.fd);
    if (part->tar.fd >= 0)
        close(part->tar.fd);
    if (part->parent >= 0)
        close(part->parent);
    json_text_free(&part->pending);
    memory_free(part);
}

uint64_t tar_part_size(const struct tar_part *part)
{
    return part->tar.size;
}

/* Writes behind what counts of a file, from `offset` there. */
static int write_behind(const struct part_file *file, uint64_t offset, const char *bytes,
                        size_t size, struct error *error)
{
    while (size) {
        ssize_t written = pwrite(file->fd, bytes, size, (off_t)(file->size + offset));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return error_set_system(error, ERROR_IO, written < 0 ? errno : ENOSPC,
                                    "%s%s: cannot be written", file->prefix, file->name);
        bytes += written;
        offset += (uint64_t)written;
        size -= (size_t)written;
    }
    return 0;
}

int tar_part_write(struct tar_part *part, uint64_t offset, const void *bytes, size_t size,
                   struct error *error)
{
    return write_behind(&part->tar, offset, bytes, size, error);
}

int tar_part_add(struct tar_part *part, uint64_t bytes, const struct json_text *line,
                 struct error *error)
{
    json_text_bytes(&part->pending, line->bytes, line->used);
    if (line->no_memory || part->pending.no_memory)
        return error_set(error, ERROR_MEMORY, "%s%s: no memory for its lines", part->out->prefix,
                         part->files->lines);
    part->tar.size += bytes;
    part->waiting++;
    return 0;
}

size_t tar_part_waiting(const struct tar_part *part)
{
    return part->waiting;
}

static int sync_file(const struct part_file *file, struct error *error)
{
    if (atomic_sync_file(file->fd) == 0)
        return 0;
    return error_set_system(error, ERROR_IO, errno, "%s%s: cannot be synced to disk", file->prefix,
                            file->name);
}

int tar_part_flush(struct tar_part *part, struct error *error)
{
    const struct json_text *pending = &part->pending;
    if (pending->used == 0)
        return 0;
    if (sync_file(&part->tar, error) ||
        write_behind(&part->lines, 0, pending->bytes, pending->used, error) ||
        sync_file(&part->lines, error))
        return -1;
    part->lines.size += pending->used;
    part->pending.used = 0;
    part->waiting = 0;
    return 0;
}

int tar_part_publish(struct tar_part *part, uint64_t *size, struct error *error)
{
    static const char zeros[TAR_END_MOST];
    const struct tar_files *files = part->files;
    size_t end = tar_pack_end(part->tar.size);
    *size = part->tar.size + end;
    return tar_part_flush(part, error) || tar_part_write(part, 0, zeros, end, error) ||
                   sync_file(&part->tar, error) || sync_file(&part->lines, error) ||
                   rename_in(part->parent, files->part_lines, files->lines, part->out, error) ||
                   atomic_sync_parent(part->parent, files->lines, error) ||
                   rename_in(part->parent, files->part_tar, files->tar, part->out, error) ||
                   atomic_sync_parent(part->parent, files->tar, error)
               ? -1
               : 0;
}
