#include "program/out_folder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

int out_folder_check(const char *records, const char *out, enum out_place place,
                     struct error *error)
{
    char *outer = realpath(records, NULL), *inner = realpath(out, NULL);
    size_t length = outer ? strlen(outer) : 0;
    bool inside = outer && inner && strncmp(inner, outer, length) == 0 &&
                  (inner[length] == 0 || inner[length] == '/');
    if (inside && place == OUT_FORMATS && inner[length] == '/' && inner[length + 1] == '@')
        inside = false;
    free(outer);
    free(inner);
    if (!inside)
        return 0;
    rmdir(out); /* succeeds only if the folder is empty */
    return error_set(error, ERROR_USAGE, "-o %s: lies among the records; choose another folder%s",
                     out, place == OUT_FORMATS ? ", or DIR/@NAME" : "");
}
