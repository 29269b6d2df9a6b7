#include "images/image_path.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static bool leaves_folder(const char *name)
{
    if (name[0] == '/')
        return true;
    for (const char *at = name; *at;) {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.')
            return true;
        at += length;
        at += strspn(at, "/");
    }
    return false;
}

char *image_path(const char *folder, const char *file_name, struct error *error)
{
    char *path;
    if (leaves_folder(file_name)) {
        error_set(error, ERROR_RECORD, "file_name \"%.200s\" leads out of the image folder",
                  file_name);
        return NULL;
    }
    if (asprintf(&path, "%s/%s", folder, file_name) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its path", file_name);
        return NULL;
    }
    return path;
}
