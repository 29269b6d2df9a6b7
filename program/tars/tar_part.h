/* tar_part.h - an output tar while it is written, with the lines about its images beside it:
 *
 *   OUT/a/.NAME.tar.maskmill-part   ->   OUT/a/NAME.tar
 *   OUT/a/.NAME.ndjson.maskmill-part     OUT/a/NAME.ndjson
 *
 * A line is written once its sample is on the disk, so it is the journal by which a later start goes on
 * (tar_journal.h). The temporary names are always the same: that start finds them. Both files become visible
 * when they are complete and on the disk, the tar last. Nobody else writes them at the same time, as far as
 * the file system has locks. By one thread at a time; errors are ERROR_IO and ERROR_MEMORY. */
#ifndef PROGRAM_TARS_TAR_PART_H
#define PROGRAM_TARS_TAR_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct folder;
struct json_text;
struct tar_journal;
struct tar_place;

/* The names of the files of one output tar, below the output folder. All owned. */
struct tar_files {
    char *tar, *lines;           /* where they will be */
    char *part_tar, *part_lines; /* where they are written */
};

/* `name`: of the tar, without ".tar". 0, or -1 with ERROR_MEMORY and nothing left behind. */
int tar_files_name(struct tar_files *files, const char *name, struct error *error);
void tar_files_free(struct tar_files *files);

/* If a start was killed between the two renames: does the second one. 0 or -1. */
int tar_files_settle(const struct tar_files *files, const struct folder *out, struct error *error);

/* Removes what an earlier start has left. 0 or -1. */
int tar_files_remove_parts(const struct tar_files *files, const struct folder *out,
                           struct error *error);

/* Removes the output itself, too, durably. 0 or -1. */
int tar_files_remove(const struct tar_files *files, const struct folder *out, struct error *error);

struct tar_part;

/* Opens the temporary files behind what `keep` says of them, and cuts off the rest; or makes them. `files`
 * and `out` must outlive the part. NULL with an error, also if another process writes them. */
struct tar_part *tar_part_open(const struct tar_files *files, const struct folder *out,
                               const struct tar_journal *keep, struct error *error);

/* Bytes of samples that are written. */
uint64_t tar_part_size(const struct tar_part *part);

/* Writes bytes at `offset` behind that size; may be repeated after an error. */
int tar_part_write(struct tar_part *part, uint64_t offset, const void *bytes, size_t size,
                   struct error *error);

/* Counts what was written as a sample of `bytes` bytes, whose line (with its newline) is kept until the next
 * flush. */
int tar_part_add(struct tar_part *part, uint64_t bytes, const struct json_text *line,
                 struct error *error);

/* How many samples wait for a flush. */
size_t tar_part_waiting(const struct tar_part *part);

/* Makes the samples durable, then their lines. */
int tar_part_flush(struct tar_part *part, struct error *error);

/* Ends the tar, makes both files durable, and renames them: the tar once the name of its lines is durable,
 * for they tell whose it is. *size becomes the tar's. */
int tar_part_publish(struct tar_part *part, uint64_t *size, struct error *error);

/* Closes the files, which stay, and forgets lines that were not flushed. NULL is allowed. */
void tar_part_close(struct tar_part *part);

#endif
