/* tar_links.h - the links in one tar, so that the files that they lead to can be read again. */
#ifndef PROGRAM_RUN_TAR_LINKS_H
#define PROGRAM_RUN_TAR_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash_set.h"

struct error;

struct tar_link {
    char *name;
    char *target; /* the file, once tar_links_resolve has followed links to links */
    bool wanted;  /* it is itself an image to give */
};

/* Zeroed at first. */
struct tar_links {
    struct hash_set files, names; /* hashes of the names of the files and links so far */
    struct tar_link *links;       /* [count] owned, with their texts */
    size_t count, capacity;
    uint64_t wanted;
};

/* Whether a file or a link of that name was noted. */
bool tar_links_know(const struct tar_links *links, const char *name);

/* Note a file; a link whose target is known. 0, or -1 with ERROR_MEMORY. */
int tar_links_file(struct tar_links *links, const char *name, struct error *error);
int tar_links_add(struct tar_links *links, const char *name, const char *target, bool wanted,
                  struct error *error);

/* Once all are there: replaces targets that are links by the files that those lead to, and sorts the
 * links by target. 0, or -1 with ERROR_MEMORY. */
int tar_links_resolve(struct tar_links *links, struct error *error);

/* The links to a file: [*count], NULL if there are none. */
struct tar_link *tar_links_to(const struct tar_links *links, const char *file, size_t *count);

/* Frees what it holds and leaves it empty. */
void tar_links_free(struct tar_links *links);

#endif
