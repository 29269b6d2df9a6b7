#include "records/record_none.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"

static bool has(const char *folder, const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

/* Whether the folder, or one directly in it, is what amg.py writes for an image. */
static bool has_amg_folder(const char *path)
{
    bool found = has(path, "metadata.csv");
    DIR *folder = opendir(path);
    const struct dirent *entry;
    while (!found && folder && (entry = readdir(folder))) {
        char inner[4096];
        int length = snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        found = length > 0 && (size_t)length < sizeof inner && has(inner, "metadata.csv");
    }
    if (folder)
        closedir(folder);
    return found;
}

int record_none(const char *folder, struct error *error)
{
    if (has(folder, ".maskmill"))
        return 0;
    if (has_amg_folder(folder))
        return error_set(error, ERROR_USAGE,
                         "%s: holds masks as PNG files with metadata.csv, as amg.py writes them "
                         "unless it is given --convert-to-rle; write them again with that option",
                         folder);
    return error_set(error, ERROR_USAGE,
                     "%s: there are no records in it (NAME.json, records.ndjson)", folder);
}
