/* A window of rows that moves down an image. Rows that two windows share are kept, the rest is
 * decoded. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "images/image_source.h"
#include "images/image_strips.h"

struct image_strips {
    struct image_source source;
    char *name;       /* owned; source.name */
    size_t row_bytes; /* of the upright image */
    uint8_t *rows;    /* [capacity bytes] rows first .. end - 1; unused if `unpacked` is set */
    size_t capacity;
    int32_t first, end;
    uint8_t *unpacked; /* a mapped temporary file with the whole upright image, or NULL */
};

static size_t unpacked_bytes(const struct image_strips *strips)
{
    return (size_t)strips->source.header.height * strips->row_bytes;
}

/* A file without a name and with `bytes` allocated bytes: without the allocation, writing to the
 * mapped file on a full disk would end the process. Returns a descriptor, or -1 with errno set. */
static int temporary_file(size_t bytes)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/maskmill.XXXXXX", folder ? folder : "/tmp");
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int descriptor = mkostemp(path, O_CLOEXEC);
    if (descriptor < 0)
        return -1;
    unlink(path);
    errno = posix_fallocate(descriptor, 0, (off_t)bytes);
    if (errno == 0)
        return descriptor;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return -1;
}

int image_strips_file(const struct image_header *header, const char *name, struct error *error)
{
    size_t bytes = (size_t)header->width * (size_t)header->height * 3;
    int descriptor = temporary_file(bytes);
    if (descriptor >= 0)
        return descriptor;
    return error_set_system(error, ERROR_IO, errno,
                            "%s: no temporary file of %zu MB to turn it upright (TMPDIR)", name,
                            bytes >> 20);
}

int image_strips_unpack(struct image_strips *strips, int descriptor, struct error *error)
{
    void *map =
        mmap(NULL, unpacked_bytes(strips), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (map == MAP_FAILED)
        return error_set_system(error, ERROR_MEMORY, errno, "%s: cannot be turned upright",
                                strips->name);
    strips->unpacked = map;
    return image_source_all(&strips->source, strips->unpacked, error);
}

static int open_strips(struct image_strips *strips, int descriptor, const char *name,
                       const struct image_options *options, struct error *error)
{
    strips->name = strdup(name);
    if (!strips->name) {
        close(descriptor);
        return error_set(error, ERROR_MEMORY, "%s: no memory to open it", name);
    }
    if (image_source_open(&strips->source, descriptor, strips->name, true, options, error))
        return -1;
    strips->row_bytes = (size_t)strips->source.header.width * 3;
    return 0;
}

int image_strips_new(struct image_strips **strips, int descriptor, const char *name,
                     const struct image_options *options, bool *turned, struct error *error)
{
    *strips = memory_new(1, sizeof **strips, name, error);
    if (!*strips) {
        close(descriptor);
        return -1;
    }
    if (open_strips(*strips, descriptor, name, options, error)) {
        image_strips_free(*strips);
        *strips = NULL;
        return -1;
    }
    *turned = (*strips)->source.orientation > 1;
    return 0;
}

/* Unpacks an image that must be turned. */
static int turn(struct image_strips *strips, struct error *error)
{
    int descriptor = image_strips_file(&strips->source.header, strips->name, error);
    if (descriptor < 0)
        return -1;
    int status = image_strips_unpack(strips, descriptor, error);
    close(descriptor);
    return status;
}

int image_strips_open(struct image_strips **strips, const char *path,
                      const struct image_options *options, struct image_header *header,
                      struct error *error)
{
    bool turned;
    int descriptor = image_file_descriptor(path, error);
    *strips = NULL;
    if (descriptor < 0 || image_strips_new(strips, descriptor, path, options, &turned, error))
        return -1;
    *header = image_strips_header(*strips);
    if (!turned || turn(*strips, error) == 0)
        return 0;
    image_strips_free(*strips);
    *strips = NULL;
    return -1;
}

/* Makes room for `height` rows and moves those that stay to the front. Afterwards the window holds
 * rows y .. strips->end - 1. */
static int move_window(struct image_strips *strips, int32_t y, int32_t height, struct error *error)
{
    size_t bytes = (size_t)height * strips->row_bytes;
    int32_t kept = strips->end > y ? strips->end - y : 0;
    const uint8_t *from =
        kept > 0 ? strips->rows + (size_t)(y - strips->first) * strips->row_bytes : NULL;
    if (bytes > strips->capacity) {
        uint8_t *rows = memory_new(bytes, 1, strips->name, error);
        if (!rows)
            return -1;
        if (kept > 0)
            memcpy(rows, from, (size_t)kept * strips->row_bytes);
        memory_free(strips->rows);
        strips->rows = rows;
        strips->capacity = bytes;
    } else if (kept > 0) {
        memmove(strips->rows, from, (size_t)kept * strips->row_bytes);
    }
    strips->first = y;
    strips->end = y + kept;
    return 0;
}

int image_strips_rows(struct image_strips *strips, int32_t y, int32_t height, struct image *window,
                      struct error *error)
{
    assert(y >= strips->first && height > 0 && y <= strips->source.header.height - height);
    *window = (struct image){strips->source.header.width, height, NULL, 0};
    if (strips->unpacked) {
        window->rgb = strips->unpacked + (size_t)y * strips->row_bytes;
        return 0;
    }
    if (move_window(strips, y, height, error))
        return -1;
    int32_t missing = y + height - strips->end;
    uint8_t *to = strips->rows + (size_t)(strips->end - y) * strips->row_bytes;
    if (missing > 0) {
        if (image_source_rows(&strips->source, strips->end, missing, to, error))
            return -1;
        strips->end += missing;
    }
    window->rgb = strips->rows;
    return 0;
}

struct image_header image_strips_header(const struct image_strips *strips)
{
    return strips->source.header;
}

struct image_notes image_strips_notes(const struct image_strips *strips)
{
    return strips->source.notes;
}

void image_strips_free(struct image_strips *strips)
{
    if (!strips)
        return;
    if (strips->unpacked)
        munmap(strips->unpacked, unpacked_bytes(strips));
    image_source_close(&strips->source);
    memory_free(strips->rows);
    free(strips->name);
    memory_free(strips);
}
