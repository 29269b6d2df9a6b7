/* tar_journal.h - which images an output tar holds, from the lines beside it (tar_line.h), in its order.
 *
 * While a tar is written, its lines are its journal: a line is there only once the sample that it tells of
 * is on the disk (tar_part.h). So whatever was killed, the lines that are whole can be trusted. What comes
 * after the first that is not, in either file, was being written, and does not count. */
#ifndef PROGRAM_TARS_TAR_JOURNAL_H
#define PROGRAM_TARS_TAR_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct folder;
struct tar_line;

struct tar_journal_image {
    uint64_t name; /* hash of its file_name (hash_bytes) */
    uint64_t offset, bytes;
    uint64_t line; /* offset of its line */
    bool failed;
};

/* Zeroed at first. */
struct tar_journal {
    struct tar_journal_image *images; /* owned: [count] */
    size_t count, capacity;
    uint64_t tar_bytes; /* of all samples */
    uint64_t bytes;     /* of all lines */
    size_t failed;
};

/* Is shown each line in order. A return of -1, with an error, ends the reading. */
struct tar_journal_visitor {
    int (*visit)(void *context, const struct tar_line *line, struct error *error);
    void *context;
};

/* Reads the lines of the file `name` below `folder` that tell of the first `tar_bytes` bytes of its tar. A
 * file that is not there has none. `visitor` may be NULL. Returns 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int tar_journal_read(struct tar_journal *journal, const struct folder *folder, const char *name,
                     uint64_t tar_bytes, const struct tar_journal_visitor *visitor,
                     struct error *error);

/* Whether a tar of this size is complete: its samples are those of the journal, and its end follows. */
bool tar_journal_ends(const struct tar_journal *journal, uint64_t tar_size);

/* Leaves only the first `count` images. */
void tar_journal_cut(struct tar_journal *journal, size_t count);

/* Frees what it owns, and leaves it empty. */
void tar_journal_free(struct tar_journal *journal);

#endif
