/* scratch.h - a temporary folder for a test, and files in it. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"

struct scratch {
    char path[64];
};

static inline struct scratch scratch_new(void)
{
    struct scratch scratch;
    snprintf(scratch.path, sizeof scratch.path, "/tmp/maskmill-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch.path));
    return scratch;
}

/* The folder, opened as a run opens its own; closed by the caller. */
static inline struct folder *scratch_folder(const struct scratch *scratch)
{
    struct error error;
    struct folder *folder = folder_open(scratch->path, false, &error);
    ck_assert_msg(folder, "%s", error.text);
    return folder;
}

/* The path of a name in the folder, freed by the caller. */
static inline char *scratch_path(const struct scratch *scratch, const char *name)
{
    char *path = malloc(strlen(scratch->path) + strlen(name) + 2);
    ck_assert_ptr_nonnull(path);
    memcpy(path, scratch->path, strlen(scratch->path));
    path[strlen(scratch->path)] = '/';
    memcpy(path + strlen(scratch->path) + 1, name, strlen(name) + 1);
    return path;
}

/* Writes a file and makes missing folders. */
static inline void scratch_write(const struct scratch *scratch, const char *name, const char *text)
{
    char *path = scratch_path(scratch, name);
    for (char *at = path + strlen(scratch->path) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        mkdir(path, 0777);
        *at = '/';
    }
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

/* The text of a file, at most 1 MiB, freed by the caller. */
static inline char *scratch_read(const struct scratch *scratch, const char *name)
{
    char *path = scratch_path(scratch, name);
    char *text = calloc(1, (1 << 20) + 1);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file, "%s is not there", path);
    ck_assert_ptr_nonnull(text);
    ck_assert_uint_le(fread(text, 1, 1 << 20, file), 1 << 20);
    fclose(file);
    free(path);
    return text;
}

static inline void scratch_remove_tree(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    while (directory && (entry = readdir(directory)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(fd, entry->d_name, 0))
            scratch_remove_tree(fd, entry->d_name);
    if (directory)
        closedir(directory);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static inline void scratch_free(struct scratch *scratch)
{
    scratch_remove_tree(AT_FDCWD, scratch->path);
}

#endif
