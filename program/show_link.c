#include "program/show_link.h"

#include "base/error.h"
#include "base/folder.h"
#include "base/url.h"

int show_link(char **link, const char *document, const char *file, struct error *error)
{
    const char *name;
    struct folder *folder = folder_of(document, &name, error); /* makes it */
    *link = folder ? url_way(folder->path, file, error) : NULL;
    folder_close(folder);
    return *link ? 0 : -1;
}
