#include "records/image_path.h"

#include <stddef.h>

#include "base/error.h"
#include "base/path.h"

char *image_path(const char *folder, const char *file_name, struct error *error)
{
    if (file_name[0] != '/' && !path_has_parent(file_name))
        return path_join(folder, file_name, error);
    error_set(error, ERROR_RECORD, "file_name \"%.200s\" leads out of the image folder", file_name);
    return NULL;
}
