#include "images/tar_name.h"

#include <string.h>
#include <strings.h>

#include "base/path.h"

size_t tar_name_stem(const char *path)
{
    static const char *const endings[] = {".tar",    ".tar.gz", ".tgz",     ".tar.zst", ".tzst",
                                          ".tar.xz", ".txz",    ".tar.bz2", ".tbz2",    ".tbz"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && strcasecmp(path + length - ending, endings[i]) == 0)
            return length - ending;
    }
    return length;
}

bool tar_name_is_tar(const char *path)
{
    return path[tar_name_stem(path)] != '\0';
}

/* Whether a component of this length is neither empty nor ".". */
static bool is_named(const char *component, size_t length)
{
    return length > 1 || (length == 1 && component[0] != '.');
}

static bool names_nothing(const char *name)
{
    for (const char *at = name; *at; at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (is_named(at, length))
            return false;
        at += length;
    }
    return true;
}

int tar_name_tidy(char *name)
{
    char *to = name;
    if (path_has_parent(name) || names_nothing(name))
        return -1;
    for (const char *from = name; *from; from += *from == '/') {
        size_t length = strcspn(from, "/");
        if (is_named(from, length)) {
            if (to > name)
                *to++ = '/';
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *to = 0;
    return 0;
}

int tar_name_follow(char *to, const char *link, size_t folder, const char *target)
{
    size_t length = folder;
    memcpy(to, link, folder);
    for (const char *at = target; *at; at += *at == '/') {
        size_t size = strcspn(at, "/");
        if (size == 2 && at[0] == '.' && at[1] == '.') {
            if (length == 0)
                return -1;
            while (length > 0 && to[--length] != '/')
                ;
        } else if (is_named(at, size)) {
            if (length > 0)
                to[length++] = '/';
            memcpy(to + length, at, size);
            length += size;
        }
        at += size;
    }
    to[length] = '\0';
    return length > 0 ? 0 : -1;
}
