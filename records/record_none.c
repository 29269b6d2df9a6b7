#include "records/record_none.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"

static bool has(const char *folder, const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

int record_none(const char *folder, struct error *error)
{
    if (has(folder, PATH_RUN_FOLDER))
        return 0;
    return error_set(error, ERROR_USAGE,
                     "%s: there are no records in it (NAME.json, records.ndjson, "
                     "NAME/metadata.csv, NAME.tar with NAME.ndjson)",
                     folder);
}
