/* scratch_folder.h - a folder in memory for fuzz targets that read or write one. */
#ifndef TESTS_FUZZ_SCRATCH_FOLDER_H
#define TESTS_FUZZ_SCRATCH_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_path[64];

static inline int scratch_remove(const char *path, const struct stat *status, int type,
                                 struct FTW *place)
{
    (void)status;
    (void)type;
    return place->level > 0 ? remove(path) : 0;
}

static inline void scratch_empty(void)
{
    nftw(scratch_path, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void scratch_end(void)
{
    scratch_empty();
    rmdir(scratch_path);
}

/* The path of the folder, empty; it is removed at exit. */
static inline const char *scratch_folder(void)
{
    if (!scratch_path[0]) {
        snprintf(scratch_path, sizeof scratch_path, "%s/maskmill-fuzz-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        if (!mkdtemp(scratch_path) || atexit(scratch_end))
            abort();
    } else {
        scratch_empty();
    }
    return scratch_path;
}

/* Writes the file `name` below the folder `below` of the scratch folder, unless there is one. */
static inline void scratch_write(const char *below, const char *name, const void *data, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", scratch_path, below, name);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    if (write(file, data, size) != (ssize_t)size)
        abort();
    close(file);
}

#endif
