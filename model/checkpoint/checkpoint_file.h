/* checkpoint_file.h - a file of a checkpoint, mapped read-only. Internal to model/checkpoint. */
#ifndef MODEL_CHECKPOINT_CHECKPOINT_FILE_H
#define MODEL_CHECKPOINT_CHECKPOINT_FILE_H

#include <stddef.h>
#include <sys/stat.h>

struct error;

struct checkpoint_file {
    char *path; /* owned: for messages */
    const unsigned char *bytes;
    size_t size;
    int fd;             /* that the bytes are mapped from; -1: they are the caller's */
    struct stat status; /* when it was mapped */
};

/* Opens and maps a whole file. Returns 0, or -1 with ERROR_IO (it cannot be read, is no regular file),
 * ERROR_MODEL (it is empty) or ERROR_MEMORY; messages begin with the path. checkpoint_file_close is due
 * in any case. */
int checkpoint_file_map(struct checkpoint_file *file, const char *path, struct error *error);

/* Takes bytes of the caller's. As checkpoint_file_map. */
int checkpoint_file_borrow(struct checkpoint_file *file, const void *bytes, size_t size,
                           const char *name, struct error *error);

void checkpoint_file_close(struct checkpoint_file *file);

/* Whether the file still has the size and the time of its opening; the caller's bytes always have.
 * Returns 0, or -1 with ERROR_IO. */
int checkpoint_file_check_unchanged(const struct checkpoint_file *file, struct error *error);

#endif
