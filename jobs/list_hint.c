#include "jobs/list_hint.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"

/* Each writes to `name` [PATH_MAX] what `path` may mean. Returns false if it cannot mean that. */
typedef bool rewriting(const char *path, const char *list_file, char *name);

static bool copy(char *name, const char *path, size_t length)
{
    if (length == 0 || length >= PATH_MAX)
        return false;
    memmove(name, path, length);
    name[length] = '\0';
    return true;
}

static bool without_quotes(const char *path, const char *list_file, char *name)
{
    size_t length = strlen(path);
    (void)list_file;
    return length > 2 && (path[0] == '"' || path[0] == '\'') && path[length - 1] == path[0] &&
           copy(name, path + 1, length - 2);
}

static bool with_slashes(const char *path, const char *list_file, char *name)
{
    (void)list_file;
    if (!strchr(path, '\\') || !copy(name, path, strlen(path)))
        return false;
    for (char *at = name; (at = strchr(at, '\\')); at++)
        *at = '/';
    return true;
}

static bool without_backslashes(const char *path, const char *list_file, char *name)
{
    size_t used = 0;
    (void)list_file;
    if (!strchr(path, '\\') || strlen(path) >= PATH_MAX)
        return false;
    for (; *path; path++) {
        if (*path == '\\' && path[1])
            path++;
        name[used++] = *path;
    }
    return copy(name, name, used);
}

/* As the path of "file:///PATH" or "file://HOST/PATH", with %XX for a byte. */
static bool as_address(const char *path, const char *list_file, char *name)
{
    size_t used = 0;
    (void)list_file;
    if (strncmp(path, "file:", 5) != 0 || strlen(path) >= PATH_MAX)
        return false;
    path += 5;
    if (strncmp(path, "//", 2) == 0)
        path += 2 + strcspn(path + 2, "/");
    while (*path) {
        unsigned int byte = (unsigned char)*path;
        int read = 1;
        if (*path == '%' && sscanf(path, "%%%2x%n", &byte, &read) != 1)
            return false;
        name[used++] = (char)byte;
        path += read;
    }
    return copy(name, name, used);
}

static bool first_column(const char *path, const char *list_file, char *name)
{
    (void)list_file;
    return path[strcspn(path, "\t,;")] && copy(name, path, strcspn(path, "\t,;"));
}

static bool first_line(const char *path, const char *list_file, char *name)
{
    (void)list_file;
    return strchr(path, '\r') && copy(name, path, strcspn(path, "\r"));
}

static bool beside_list(const char *path, const char *list_file, char *name)
{
    size_t folder = (size_t)(path_base(list_file) - list_file);
    return path[0] != '/' && folder > 0 && folder < PATH_MAX &&
           snprintf(name, PATH_MAX, "%.*s%s", (int)folder, list_file, path) < PATH_MAX;
}

static bool at_home(const char *path, const char *list_file, char *name)
{
    const char *home = getenv("HOME");
    (void)list_file;
    return home && strncmp(path, "~/", 2) == 0 &&
           snprintf(name, PATH_MAX, "%s%s", home, path + 1) < PATH_MAX;
}

static const struct {
    rewriting *rewrite;
    const char *advice;
} guesses[] = {
    {without_quotes, "write it without the quotes"},
    {with_slashes, "write '/' instead of '\\'"},
    {without_backslashes, "write it without the backslashes"},
    {as_address, "write it as a path"},
    {first_column, "keep only the first column"},
    {first_line, "its lines end in CR; convert it: tr '\\r' '\\n'"},
    {beside_list, "paths are taken from the folder that maskmill is started in"},
    {at_home, "write the home folder instead of '~'"},
};

bool list_hint(const char *path, const char *list_file, char *advice, size_t size)
{
    char name[PATH_MAX];
    struct stat status;
    advice[0] = '\0';
    for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++) {
        if (!guesses[i].rewrite(path, list_file, name) || stat(name, &status) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        snprintf(advice, size, "'%s' is there: %s", name, guesses[i].advice);
        return true;
    }
    return false;
}
