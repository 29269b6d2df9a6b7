#include "jobs/list.h"

#include <string.h>

#include "base/path.h"

size_t list_stem(const char *key)
{
    return path_stem_length(key);
}

int list_key(const char *path, char *key)
{
    size_t used = 0;
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && path[0] == '.' && path[1] == '.') {
            while (used > 0 && key[--used] != '/')
                ;
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            if (used > 0)
                key[used++] = '/';
            memcpy(key + used, path, length);
            used += length;
        }
        path += length;
        path += strspn(path, "/");
    }
    key[used] = '\0';
    return used > 0 ? 0 : -1;
}
