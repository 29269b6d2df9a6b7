/* list_folder.h - walks one folder recursively. A part of list.c. */
#ifndef JOBS_LIST_FOLDER_H
#define JOBS_LIST_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct error;
struct list_folder;

struct list_folder_options {
    bool (*wanted)(const char *name); /* as in struct list_options */
    const char *skip_suffix;
    bool skip; /* whether to skip the folder given by device and inode */
    dev_t skip_device;
    ino_t skip_inode;
};

/* Starts a walk of `root` and reads the names in it. `options` must outlive the walk.
 * Returns NULL with ERROR_IO or ERROR_MEMORY; freed with list_folder_close. */
struct list_folder *list_folder_open(const char *root, const struct list_folder_options *options,
                                     struct error *error);

/* The next file. Returns 1 with its path and the part of the path below the root, both valid until
 * the next call; 0 at the end; or -1 with ERROR_IO or ERROR_MEMORY. */
int list_folder_next(struct list_folder *folder, const char **path, const char **key,
                     struct error *error);

/* NULL is allowed. */
void list_folder_close(struct list_folder *folder);

#endif
