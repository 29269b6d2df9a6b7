#include "images/image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

/* pread(2), repeated if a signal interrupts it. */
static ssize_t read_some(int descriptor, void *bytes, size_t size, off_t position)
{
    ssize_t got;
    do
        got = pread(descriptor, bytes, size, position);
    while (got < 0 && errno == EINTR);
    return got;
}

int image_file_regular(int descriptor, const char *path, struct error *error)
{
    struct stat status;
    if (fstat(descriptor, &status))
        return error_set_system(error, ERROR_IMAGE, errno, "%s: cannot be read", path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_IMAGE, "%s: %s, not an image file", path,
                         S_ISDIR(status.st_mode) ? "a folder" : "a pipe or a device");
    if (status.st_size == 0)
        return error_set(error, ERROR_IMAGE, "%s: the file is empty; copy it again", path);
    return 0;
}

int image_file_descriptor(const char *path, struct error *error)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return error_set_system(error, ERROR_IMAGE, errno, "%s: cannot be opened", path);
    if (image_file_regular(descriptor, path, error) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

/* Reads up to `size` bytes, or fewer if the file has become shorter. */
static int read_whole(struct image_file *file, const char *path, size_t size, struct error *error)
{
    file->bytes = malloc(size);
    if (!file->bytes)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its %zu bytes", path, size);
    while (file->size < size) {
        ssize_t got = read_some(file->descriptor, file->bytes + file->size, size - file->size,
                                (off_t)file->size);
        if (got < 0)
            return error_set_system(error, ERROR_IMAGE, errno, "%s: cannot be read", path);
        if (got == 0)
            break;
        file->size += (size_t)got;
    }
    if (file->size == 0)
        return error_set(error, ERROR_IMAGE, "%s: the file is empty; copy it again", path);
    return 0;
}

int image_file_open(struct image_file *file, int descriptor, const char *name, bool pieces,
                    struct error *error)
{
    off_t size = lseek(descriptor, 0, SEEK_END);
    *file = (struct image_file){descriptor, NULL, 0};
    if (size < 0 || lseek(descriptor, 0, SEEK_SET) < 0)
        error_set_system(error, ERROR_IMAGE, errno, "%s: cannot be read", name);
    else if (size == 0) /* since it was opened */
        error_set(error, ERROR_IMAGE, "%s: the file is empty; copy it again", name);
    else if (pieces || size > IMAGE_FILE_WHOLE || read_whole(file, name, (size_t)size, error) == 0)
        return 0;
    image_file_close(file);
    return -1;
}

int image_file_check(const struct image_file *file, const char *path, struct error *error)
{
    enum { PIECE = 1 << 16 };
    uint8_t piece[PIECE];
    ssize_t got = file->bytes ? 0 : 1; /* a file in memory was read without an error */
    for (off_t position = 0; got > 0; position += got)
        got = read_some(file->descriptor, piece, PIECE, position);
    return got < 0 ? error_set_system(error, ERROR_IMAGE, errno, "%s: cannot be read", path) : 0;
}

void image_file_close(struct image_file *file)
{
    close(file->descriptor);
    free(file->bytes);
    *file = (struct image_file){-1, NULL, 0};
}
