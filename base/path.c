#include "base/path.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

char *path_join(const char *folder, const char *name, struct error *error)
{
    char *path;
    if (asprintf(&path, "%s/%s", folder, name) >= 0)
        return path;
    error_set(error, ERROR_MEMORY, "%s: no memory for its path", name);
    return NULL;
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

size_t path_stem_length(const char *path)
{
    const char *name = path_base(path);
    const char *dot = strrchr(name, '.');
    return dot && dot > name ? (size_t)(dot - path) : strlen(path);
}

bool path_has_parent(const char *path)
{
    for (const char *at = path; *at; at += *at == '/') {
        size_t length = strcspn(at, "/");
        if (length == 2 && at[0] == '.' && at[1] == '.')
            return true;
        at += length;
    }
    return false;
}

bool path_is_hidden(const char *path)
{
    for (const char *at = path; *at; at += *at == '/') {
        size_t length = strcspn(at, "/");
        bool special = length <= 2 && strncmp(at, "..", length) == 0;
        if (at[0] == '.' && !special)
            return true;
        at += length;
    }
    return false;
}

/* Moves *path to its next component that is not ".", and returns its length; 0 at the end. */
static size_t component(const char **path)
{
    size_t length;
    do {
        *path += strspn(*path, "/");
        length = strcspn(*path, "/");
        *path += length;
    } while (length == 1 && (*path)[-1] == '.');
    *path -= length;
    return length;
}

bool path_same(const char *one, const char *other)
{
    size_t length = 1;
    bool same = (one[0] == '/') == (other[0] == '/');
    while (same && length > 0) {
        length = component(&one);
        same = component(&other) == length && memcmp(one, other, length) == 0;
        one += length;
        other += length;
    }
    return same;
}

void path_tidy(char *path)
{
    const char *from = path;
    char *start = path + (*path == '/'), *to = start;
    size_t length;
    while ((length = component(&from)) > 0) {
        if (to > start)
            *to++ = '/';
        memmove(to, from, length);
        to += length;
        from += length;
    }
    *to = '\0';
}
