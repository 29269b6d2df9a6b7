#include "jobs/list.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/path.h"

size_t list_stem(const char *key)
{
    return path_stem_length(key);
}

const char *list_behind_scheme(const char *name)
{
    static const char others[] = "+-.0123456789";
    size_t length = 0;
    while (isalpha((unsigned char)name[length]) ||
           (length > 0 && name[length] && strchr(others, name[length])))
        length++;
    bool has_scheme = length > 0 && strncmp(name + length, "://", 3) == 0;
    return has_scheme ? name + length + 3 : name;
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
