/* file.h - files in memory for fuzz targets that open a path. */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FUZZ_FILES = 2 };

/* The path of a file in memory with exactly these bytes. Valid until the next call with the same
 * `file`, which is below FUZZ_FILES. */
static inline const char *fuzz_file(int file, const void *data, size_t size)
{
    static char paths[FUZZ_FILES][64];
    static int descriptors[FUZZ_FILES];
    int *descriptor = &descriptors[file];
    if (*descriptor == 0) {
        *descriptor = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(paths[file], sizeof paths[file], "/proc/self/fd/%d", *descriptor);
    }
    if (ftruncate(*descriptor, 0) || pwrite(*descriptor, data, size, 0) != (ssize_t)size)
        abort();
    return paths[file];
}

#endif
