#include "records/image_path.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "images/image_pool.h"
#include "records/record.h"

int image_path_check(const char *file_name, struct error *error)
{
    if (file_name[0] != '/' && !path_has_parent(file_name))
        return 0;
    return error_set(error, ERROR_RECORD, "file_name \"%.200s\" leads out of the image folder",
                     file_name);
}

char *image_path(const char *folder, const char *file_name, struct error *error)
{
    return image_path_check(file_name, error) ? NULL : path_join(folder, file_name, error);
}

/* FOLDER/NAME.EXTENSION if it is there, else NULL; the extension in lower or upper case. */
static char *find_one(const char *folder, const char *name, const char *extension, bool upper,
                      struct error *error)
{
    char *path;
    if (asprintf(&path, "%s/%s.%s", folder, name, extension) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its image's name", name);
        return NULL;
    }
    for (char *at = strrchr(path, '.'); upper && *at; at++)
        *at = (char)toupper((unsigned char)*at);
    if (access(path, F_OK) == 0)
        return path;
    free(path);
    return NULL;
}

/* Finds the one image of the record called `name`: its path in `folder`. */
static char *find(const char *folder, const char *name, struct error *error)
{
    char *found = NULL;
    error_set(error, ERROR_RECORD, "it does not name its image, and %s/%s.* is no image", folder,
              name);
    const char *extension;
    for (size_t i = 0; (extension = image_extension(i / 2)); i++) {
        char *other = find_one(folder, name, extension, i % 2, error);
        if (other && found) {
            error_set(error, ERROR_RECORD, "it does not name its image, which may be %s or %s",
                      found, other);
            free(found);
            free(other);
            return NULL;
        }
        found = other ? other : found;
    }
    return found;
}

/* Takes the name of the image that is found in `folder`. */
static int take_name(struct record *record, const char *folder, struct error *error)
{
    char *path = find(folder, record->file_name, error);
    char *name = path ? strdup(path + strlen(folder) + 1) : NULL;
    if (path && !name)
        error_set(error, ERROR_MEMORY, "%s: no memory for its image's name", record->file_name);
    free(path);
    if (!name)
        return -1;
    free(record->file_name);
    record->file_name = name;
    record->image_id = record_image_id(name);
    record->unnamed = false;
    return 0;
}

static int read_size(struct record *record, const char *folder, struct image_pool *pool,
                     struct error *error)
{
    struct image_header header;
    char *path = image_path(folder, record->file_name, error);
    const struct image_input file = {path, -1};
    int status = path ? image_pool_header(pool, &file, &header, error) : -1;
    free(path);
    if (status)
        return -1;
    record->width = (uint32_t)header.width;
    record->height = (uint32_t)header.height;
    return 0;
}

int image_path_complete(struct record *record, const char *folder, struct image_pool *pool,
                        struct error *error)
{
    if (record->unnamed && take_name(record, folder, error))
        return -1;
    return record->width ? 0 : read_size(record, folder, pool, error);
}
