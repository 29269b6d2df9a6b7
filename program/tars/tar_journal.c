#include "program/tars/tar_journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/lines.h"
#include "base/memory.h"
#include "program/tars/tar_line.h"
#include "records/tar_pack.h"

enum { LINE_MOST = 64 << 20 }; /* bytes */

struct reading {
    struct tar_journal *journal;
    uint64_t tar_bytes;
    const struct tar_journal_visitor *visitor;
};

/* Adds a line of `length` bytes if it goes on where the last one ended. Returns 1, 0 or -1. */
static int add(const struct reading *reading, const struct tar_line *line, size_t length,
               struct error *error)
{
    struct tar_journal *journal = reading->journal;
    if (line->place.offset != journal->tar_bytes || line->place.bytes == 0 ||
        line->place.bytes % TAR_BLOCK ||
        line->place.bytes > reading->tar_bytes - journal->tar_bytes)
        return 0;
    if (memory_grow((void **)&journal->images, &journal->capacity, journal->count + 1,
                    sizeof *journal->images, error))
        return -1;
    journal->images[journal->count++] = (struct tar_journal_image){
        .name = hash_bytes(line->file_name, strlen(line->file_name)),
        .offset = line->place.offset,
        .bytes = line->place.bytes,
        .line = journal->bytes,
        .failed = line->failed,
    };
    journal->tar_bytes += line->place.bytes;
    journal->bytes += length + 1;
    journal->failed += line->failed;
    const struct tar_journal_visitor *visitor = reading->visitor;
    return visitor && visitor->visit(visitor->context, line, error) ? -1 : 1;
}

/* As add, from the line's text. */
static int take(const struct reading *reading, const struct line *text, struct error *error)
{
    struct tar_line line;
    struct tar_line_owner *owner;
    int sound = tar_line_parse(text->bytes, text->used, &line, &owner, error);
    if (sound <= 0)
        return sound;
    int taken = add(reading, &line, text->used, error);
    tar_line_free(owner);
    return taken;
}

static int read_lines(const struct reading *reading, FILE *file, struct error *error)
{
    struct line text = {0};
    int taken = 1;
    while (taken > 0) {
        int kind = line_next(file, LINE_MOST, &text, error);
        taken = kind == LINE_WHOLE ? take(reading, &text, error) : kind < 0 ? -1 : 0;
    }
    free(text.bytes);
    return taken;
}

int tar_journal_read(struct tar_journal *journal, const struct folder *folder, const char *name,
                     uint64_t tar_bytes, const struct tar_journal_visitor *visitor,
                     struct error *error)
{
    const struct reading reading = {journal, tar_bytes, visitor};
    FILE *file = folder_stream(folder, name, error);
    if (!file)
        return error->system == ENOENT ? 0 : -1;
    int status = read_lines(&reading, file, error);
    if (status == 0 && ferror(file))
        status =
            error_set_system(error, ERROR_IO, errno, "%s%s: cannot be read", folder->prefix, name);
    fclose(file);
    return status;
}

bool tar_journal_ends(const struct tar_journal *journal, uint64_t tar_size)
{
    return tar_size == journal->tar_bytes + tar_pack_end(journal->tar_bytes);
}

void tar_journal_cut(struct tar_journal *journal, size_t count)
{
    if (count >= journal->count)
        return;
    journal->tar_bytes = journal->images[count].offset;
    journal->bytes = journal->images[count].line;
    for (size_t i = count; i < journal->count; i++)
        journal->failed -= journal->images[i].failed;
    journal->count = count;
}

void tar_journal_free(struct tar_journal *journal)
{
    free(journal->images);
    *journal = (struct tar_journal){0};
}
