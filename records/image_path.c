#include "records/image_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/path.h"
#include "images/image_pool.h"
#include "records/image_place.h"
#include "records/record.h"

int image_path_check(const char *file_name, struct error *error)
{
    if (file_name[0] != '/' && !path_has_parent(file_name))
        return 0;
    return error_set(error, ERROR_RECORD, "file_name \"%.200s\" leads out of the image folder",
                     file_name);
}

/* Opens the image. *path is for messages and freed by the caller, also on errors. Returns the descriptor,
 * or -1. */
static int open_image(const struct folder *images, const char *file_name, char **path,
                      struct error *error)
{
    const struct image_place place = {.folder = images, .name = file_name};
    *path = NULL;
    if (image_path_check(file_name, error))
        return -1;
    if (asprintf(path, "%s%s", images->prefix, file_name) >= 0)
        return image_place_open(&place, error);
    *path = NULL;
    return error_set(error, ERROR_MEMORY, "%s: no memory for its path", file_name);
}

int image_path_header(const struct folder *images, const char *file_name, struct image_pool *pool,
                      struct image_header *header, struct error *error)
{
    char *path;
    const int descriptor = open_image(images, file_name, &path, error);
    const struct image_input file = {path, descriptor};
    int status = descriptor < 0 ? -1 : image_pool_header(pool, &file, header, error);
    if (descriptor >= 0)
        close(descriptor);
    free(path);
    return status;
}

int image_path_read(const struct folder *images, const char *file_name, struct image_pool *pool,
                    struct image *image, struct error *error)
{
    char *path;
    const int descriptor = open_image(images, file_name, &path, error);
    const struct image_input file = {path, descriptor};
    int status = descriptor < 0 ? -1 : image_pool_read(pool, &file, image, error);
    if (descriptor >= 0)
        close(descriptor);
    free(path);
    return status;
}

/* NAME.EXTENSION if it is there, else NULL; the extension in lower or upper case. */
static char *find_one(const struct folder *images, const char *name, const char *extension,
                      bool upper, struct error *error)
{
    char *file_name;
    if (asprintf(&file_name, "%s.%s", name, extension) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its image's name", name);
        return NULL;
    }
    for (char *at = strrchr(file_name, '.'); upper && *at; at++)
        *at = (char)toupper((unsigned char)*at);
    if (folder_has(images, file_name))
        return file_name;
    free(file_name);
    return NULL;
}

/* Finds the name of the one image of the record called `name`. */
static char *find(const struct folder *images, const char *name, struct error *error)
{
    const char *prefix = images->prefix;
    char *found = NULL;
    error_set(error, ERROR_RECORD, "it does not name its image, and %s%s.* is no image", prefix,
              name);
    const char *extension;
    for (size_t i = 0; (extension = image_extension(i / 2)); i++) {
        char *other = find_one(images, name, extension, i % 2, error);
        if (other && found) {
            error_set(error, ERROR_RECORD, "it does not name its image, which may be %s%s or %s%s",
                      prefix, found, prefix, other);
            free(found);
            free(other);
            return NULL;
        }
        found = other ? other : found;
    }
    return found;
}

/* Takes the name of the image that is found. */
static int take_name(struct record *record, const struct folder *images, struct error *error)
{
    char *name = find(images, record->file_name, error);
    if (!name)
        return -1;
    free(record->file_name);
    record->file_name = name;
    record->image_id = record_image_id(name);
    record->unnamed = false;
    return 0;
}

int image_path_complete(struct record *record, const struct folder *images, struct image_pool *pool,
                        struct error *error)
{
    struct image_header header;
    if (record->unnamed && take_name(record, images, error))
        return -1;
    if (record->width)
        return 0;
    if (image_path_header(images, record->file_name, pool, &header, error))
        return -1;
    record->width = (uint32_t)header.width;
    record->height = (uint32_t)header.height;
    return 0;
}
