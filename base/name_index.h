/* name_index.h - names, numbered 0, 1, 2, ... in the order in which they came. */
#ifndef BASE_NAME_INDEX_H
#define BASE_NAME_INDEX_H

#include <stddef.h>

struct error;

/* All zeros is a valid empty one. Open addressing by hash_bytes (hash.h). */
struct name_index {
    char **names; /* [count] owned; freed by name_index_free */
    size_t count, capacity;
    size_t *slots;     /* [slot_count] owned: index of a name plus 1; 0: free */
    size_t slot_count; /* a power of two above 4/3 of `count`, or 0 */
};

/* Returned for a name that is not there. */
#define NAME_INDEX_NONE ((size_t)-1)

/* The number of a name, or NAME_INDEX_NONE. */
size_t name_index_find(const struct name_index *index, const char *name);

/* The number of a name, which is copied if it is new; or NAME_INDEX_NONE with ERROR_MEMORY. */
size_t name_index_put(struct name_index *index, const char *name, struct error *error);

/* Frees the names and leaves an empty index. */
void name_index_free(struct name_index *index);

#endif
