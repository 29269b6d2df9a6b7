/* list_folder.h - walks one folder recursively. A part of list.c. */
#ifndef JOBS_LIST_FOLDER_H
#define JOBS_LIST_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "jobs/name_rules.h"

struct error;
struct list_folder;
struct passed_over;

struct list_folder_options {
    bool (*wanted)(const char *name); /* as in struct list_options */
    const char *skip_suffix;
    struct name_rules rules;
    struct passed_over *passed;                       /* where to count what is left out */
    void (*no_fault)(void *context, const char *key); /* as in list_watch; NULL: none */
    void *context;
    bool skip; /* whether to skip the folder given by device and inode */
    dev_t skip_device;
    ino_t skip_inode;
};

struct list_folder_entry {
    const char *path; /* of a file, or of a folder that cannot be read, with a '/' at its end */
    const char *key;  /* the part of the path below the root */
    const struct error *fault; /* why the folder cannot be read; NULL for a file */
};

/* Starts a walk of `root` and reads the names in it. `options` must outlive the walk.
 * Returns NULL with ERROR_IO or ERROR_MEMORY; freed with list_folder_close. */
struct list_folder *list_folder_open(const char *root, const struct list_folder_options *options,
                                     struct error *error);

/* The next file, or folder below the root that cannot be read. Returns 1 with *entry, valid until
 * the next call; 0 at the end; or -1 with ERROR_MEMORY, or ERROR_IO for a fault of the machine:
 * no descriptors, a file system that does not answer. */
int list_folder_next(struct list_folder *folder, struct list_folder_entry *entry,
                     struct error *error);

/* NULL is allowed. */
void list_folder_close(struct list_folder *folder);

#endif
