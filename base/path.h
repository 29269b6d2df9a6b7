/* path.h - the parts of a path, as bytes: nothing here looks at the file system. */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* At the top of an output folder: what a run keeps for itself. No record lies in it. */
#define PATH_RUN_FOLDER ".maskmill"

/* "FOLDER/NAME", owned by the caller, freed with free(3). NULL with ERROR_MEMORY. */
char *path_join(const char *folder, const char *name, struct error *error);

/* The last component: what follows the last '/', or the whole path. Points into `path`. */
const char *path_base(const char *path);

/* Length of the path without the extension of its last component. A dot at the component's start
 * begins no extension. */
size_t path_stem_length(const char *path);

/* Whether a component begins with '.', other than "." and "..": a hidden file, or one in a hidden
 * folder. */
bool path_is_hidden(const char *path);

/* Whether a component is "..". */
bool path_has_parent(const char *path);

/* Takes "." and empty components out of a path, in place: "./a//b" becomes "a/b". */
void path_tidy(char *path);

/* Whether two paths are equal but for "." and empty components. */
bool path_same(const char *one, const char *other);

#endif
