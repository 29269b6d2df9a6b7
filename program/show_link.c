#include "program/show_link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/path.h"

/* Bytes of the folders that both paths begin with, each absolute and without links. */
static size_t common_folders(const char *one, const char *other)
{
    size_t common = 0;
    for (size_t i = 0; one[i] && one[i] == other[i]; i++)
        if (one[i] == '/')
            common = i + 1;
    return common;
}

/* "../" for each component of `folder`, which ends in '/', from `common` on; then the rest of the file's
 * path. */
static int join(char **link, const char *folder, const char *file, struct error *error)
{
    size_t common = common_folders(folder, file), up = 0;
    for (const char *at = folder + common; (at = strchr(at, '/')); at++)
        up++;
    size_t room = 3 * up + strlen(file + common) + 1;
    char *text = malloc(room);
    if (!text)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its path", file);
    for (size_t i = 0; i < up; i++)
        snprintf(text + 3 * i, room - 3 * i, "../");
    snprintf(text + 3 * up, room - 3 * up, "%s", file + common);
    *link = text;
    return 0;
}

int show_link(char **link, const char *document, const char *file, struct error *error)
{
    const char *name;
    char *whole = realpath(file, NULL), *above = NULL, *below = NULL;
    struct folder *folder = folder_of(document, &name, error); /* makes it */
    int status = folder ? 0 : -1;
    if (status == 0 && (!whole || !(above = realpath(*folder->path ? folder->path : ".", NULL))))
        status = error_set_system(error, ERROR_IO, errno, "%s: cannot be found", file);
    if (status == 0 && asprintf(&below, "%s/", strcmp(above, "/") == 0 ? "" : above) < 0) {
        below = NULL;
        status = error_set(error, ERROR_MEMORY, "%s: no memory for its path", file);
    }
    if (status == 0)
        status = join(link, below, whole, error);
    free(below);
    free(above);
    free(whole);
    folder_close(folder);
    return status;
}
