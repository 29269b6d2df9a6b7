/* list_hint.h - why a file of a text list is missing: what other tools write around or into names. */
#ifndef JOBS_LIST_HINT_H
#define JOBS_LIST_HINT_H

#include <stdbool.h>
#include <stddef.h>

/* For an entry `path` of the text list `list_file` whose file is missing, looks for a file that the
 * entry may mean: without quotes, with '/' for '\', without '\' before blanks, as a file:// address,
 * up to the first tab, comma, semicolon or CR, in the folder of the list, or in the home folder for
 * '~'. Writes to `advice` [size] what to change in the list. Returns false, with an empty advice, if
 * no such file is there. */
bool list_hint(const char *path, const char *list_file, char *advice, size_t size);

#endif
