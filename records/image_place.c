#include "records/image_place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/read_file.h"
#include "images/image.h"
#include "images/image_file.h"

enum { OPENING = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* Where a link leads, into target[PATH_MAX], if its maker may decide that. 0, or -1 with *error. */
static int read_link(const struct image_place *place, int parent, const char *base, char *target,
                     struct error *error)
{
    struct stat status;
    const struct folder *folder = place->folder;
    int link = openat(parent, base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    ssize_t length = -1;
    bool ours =
        link >= 0 && fstat(link, &status) == 0 &&
        (status.st_uid == geteuid() || status.st_uid == 0 || status.st_uid == folder->owner);
    if (ours)
        length = readlinkat(link, "", target, PATH_MAX - 1);
    int reason = errno;
    if (link >= 0)
        close(link);
    if (length > 0) {
        target[length] = 0;
        return 0;
    }
    if (ours || link < 0)
        return error_set_system(error, ERROR_IMAGE, reason, "%s%s: cannot be opened",
                                folder->prefix, place->name);
    return error_set(error, ERROR_IMAGE,
                     "%s%s: is a link of user %ju, who is neither you nor root nor the folder's "
                     "owner; remove it, or give --trust-folder if you trust it",
                     folder->prefix, place->name, (uintmax_t)status.st_uid);
}

/* Opens the file `base` in the folder `parent`. Returns the descriptor, or -1. */
static int open_in(const struct image_place *place, int parent, const char *base,
                   struct error *error)
{
    char target[PATH_MAX];
    int file = openat(parent, base, OPENING | (place->folder->trusted ? 0 : O_NOFOLLOW));
    if (file < 0 && errno == ELOOP && !place->folder->trusted) {
        if (read_link(place, parent, base, target, error))
            return -1;
        file = openat(parent, target, OPENING);
    }
    return file >= 0 ? file
                     : error_set_system(error, ERROR_IMAGE, errno, "%s%s: cannot be opened",
                                        place->folder->prefix, place->name);
}

/* Opens whatever is there. Returns the descriptor, or -1. */
static int open_any(const struct image_place *place, struct error *error)
{
    const char *base;
    if (place->refusal)
        return error_set(error, ERROR_IMAGE, "%s", place->refusal);
    int parent = folder_parent(place->folder, place->name, false, &base, error);
    if (parent < 0) {
        error->code = error->code == ERROR_IO ? ERROR_IMAGE : error->code;
        return -1;
    }
    int file = open_in(place, parent, base, error);
    close(parent);
    return file;
}

/* As image_place_open; the path is for messages. */
static int open_place(const struct image_place *place, const char *path, struct error *error)
{
    int file = open_any(place, error);
    if (file < 0 || image_file_regular(file, path, error) == 0)
        return file;
    close(file);
    return -1;
}

/* The path of the file, for messages; freed with free(3). NULL with ERROR_MEMORY. */
static char *path_of(const struct image_place *place, struct error *error)
{
    char *path;
    if (asprintf(&path, "%s%s", place->folder ? place->folder->prefix : "", place->name) >= 0)
        return path;
    error_set(error, ERROR_MEMORY, "%s: no memory for its path", place->name);
    return NULL;
}

int image_place_open(const struct image_place *place, struct error *error)
{
    char *path = path_of(place, error);
    int file = path ? open_place(place, path, error) : -1;
    free(path);
    return file;
}

int image_place_read(const struct image_place *place, size_t most, char **bytes, size_t *size,
                     struct error *error)
{
    char *path = path_of(place, error);
    int file = path ? open_place(place, path, error) : -1;
    int result = file < 0 ? -1 : read_descriptor(file, path, most, bytes, size, error);
    if (file >= 0)
        close(file);
    if (result == 0 && !image_is_known(*bytes, *size)) {
        free(*bytes);
        result = error_set(error, ERROR_IMAGE, "%s: is no image, so it is not packed", path);
    }
    if (result && error->code == ERROR_IO)
        error->code = ERROR_IMAGE;
    free(path);
    return result;
}
