/* list_folder.h - the images of one folder, recursively; a part of list.c. */
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
    bool skip; /* whether a folder is to be skipped: the one below */
    dev_t skip_device;
    ino_t skip_inode;
};

/* Reads the names in `root` at once, those below when their turn comes. `options` must outlive it.
 * NULL with ERROR_IO or ERROR_MEMORY; freed with list_folder_close. */
struct list_folder *list_folder_open(const char *root, const struct list_folder_options *options,
                                     struct error *error);

/* 1 and the next image's path and its part below the root, valid until the next call; 0 at the end;
 * -1 with ERROR_IO or ERROR_MEMORY. */
int list_folder_next(struct list_folder *folder, const char **path, const char **key,
                     struct error *error);

void list_folder_close(struct list_folder *folder);

#endif
