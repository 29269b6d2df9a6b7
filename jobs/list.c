#include "jobs/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "jobs/list_folder.h"

struct list {
    struct list_options options;
    struct list_folder_options folder_options;
    size_t next_input;
    struct list_folder *folder; /* the current walk, or NULL */
    FILE *entries;              /* the text list, or NULL */
    uint64_t line;              /* of the current entry, from 1 */
    char *entry;
    size_t entry_capacity;
    char *key;
    size_t key_capacity;
    uint64_t index; /* of the next item */
    struct passed_over passed;
};

/* A copy of `from` in an unlinked temporary file. */
static FILE *copy_list(FILE *from, const char *name, struct error *error)
{
    char block[1 << 16];
    size_t size;
    FILE *copy = tmpfile();
    bool good = copy;
    while (good && (size = fread(block, 1, sizeof block, from)) > 0)
        good = fwrite(block, 1, size, copy) == size;
    if (good && !ferror(from) && fflush(copy) == 0)
        return copy;
    error_set_system(error, ERROR_IO, errno, "cannot copy the list '%s' to a temporary file", name);
    if (copy)
        fclose(copy);
    return NULL;
}

static FILE *open_entries(const char *name, struct error *error)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *file = standard ? stdin : fopen(name, "re");
    struct stat status;
    if (!file || fstat(fileno(file), &status)) {
        error_set_system(error, ERROR_IO, errno, "cannot open the list '%s'", name);
        if (file && !standard)
            fclose(file);
        return NULL;
    }
    if (!standard && S_ISREG(status.st_mode))
        return file;
    FILE *copy = copy_list(file, name, error);
    if (!standard)
        fclose(file);
    return copy;
}

static int check_inputs(const struct list_options *options, struct error *error)
{
    struct stat status;
    for (size_t i = 0; i < options->input_count; i++)
        if (stat(options->inputs[i], &status))
            return error_set_system(error, ERROR_IO, errno, "cannot find the input '%s'",
                                    options->inputs[i]);
    return 0;
}

struct list *list_open(const struct list_options *options, struct error *error)
{
    struct stat status;
    if (check_inputs(options, error))
        return NULL;
    struct list *list = memory_new(1, sizeof *list, "list of items", error);
    if (!list)
        return NULL;
    list->options = *options;
    list->folder_options.wanted = options->wanted;
    list->folder_options.skip_suffix = options->skip_suffix;
    if (options->skip_folder && stat(options->skip_folder, &status) == 0) {
        list->folder_options.skip = true;
        list->folder_options.skip_device = status.st_dev;
        list->folder_options.skip_inode = status.st_ino;
    }
    if (options->list_file && !(list->entries = open_entries(options->list_file, error))) {
        list_close(list);
        return NULL;
    }
    if (list_rewind(list, error)) {
        list_close(list);
        return NULL;
    }
    return list;
}

int list_rewind(struct list *list, struct error *error)
{
    list_folder_close(list->folder);
    list->folder = NULL;
    list->next_input = 0;
    list->line = 0;
    list->index = 0;
    list->passed = (struct passed_over){0};
    if (list->entries) {
        clearerr(list->entries);
        if (fseeko(list->entries, 0, SEEK_SET))
            return error_set_system(error, ERROR_IO, errno, "cannot read the list '%s' again",
                                    list->options.list_file);
    }
    return 0;
}

/* The next INPUT. Returns 1 with an item, 0 if it is a folder, now open for walking, or -1. */
static int next_input(struct list *list, struct list_item *item, struct error *error)
{
    const char *input = list->options.inputs[list->next_input++];
    struct stat status;
    if (stat(input, &status))
        return error_set_system(error, ERROR_IO, errno, "cannot find the input '%s'", input);
    if (S_ISDIR(status.st_mode)) {
        list->folder = list_folder_open(input, &list->folder_options, error);
        return list->folder ? 0 : -1;
    }
    const char *slash = strrchr(input, '/');
    item->path = input;
    item->key = slash ? slash + 1 : input;
    return 1;
}

/* The next entry of the text list. Returns 1 with an item, 0 at the end, or -1. */
static int next_entry(struct list *list, struct list_item *item, struct error *error)
{
    const char *name = list->options.list_file;
    char end = list->options.null_separated ? '\0' : '\n';
    ssize_t length;
    do {
        errno = 0;
        length = getdelim(&list->entry, &list->entry_capacity, end, list->entries);
        list->line++;
        if (length < 0 && (ferror(list->entries) || !feof(list->entries)))
            return error_set_system(error, ERROR_IO, errno, "cannot read the list '%s'", name);
        if (length < 0)
            return 0;
        if (length > 0 && list->entry[length - 1] == end)
            list->entry[--length] = '\0';
        if (end == '\n' && length > 0 && list->entry[length - 1] == '\r')
            list->entry[--length] = '\0';
    } while (length == 0);
    if (strlen(list->entry) != (size_t)length)
        return error_set(
            error, ERROR_USAGE,
            "list '%s', line %llu: a path contains a NUL byte; does the list need --null?", name,
            (unsigned long long)list->line);
    if (memory_grow((void **)&list->key, &list->key_capacity, (size_t)length + 1, 1, error))
        return -1;
    if (list_key(list->entry, list->key))
        return error_set(error, ERROR_USAGE, "list '%s', entry %llu: '%s' does not name a file",
                         name, (unsigned long long)list->line, list->entry);
    item->path = list->entry;
    item->key = list->key;
    return 1;
}

int list_next(struct list *list, struct list_item *item, struct error *error)
{
    int found = 0;
    while (found == 0) {
        if (list->folder) {
            found = list_folder_next(list->folder, &item->path, &item->key, error);
            if (found == 0) {
                list_folder_close(list->folder);
                list->folder = NULL;
            }
        } else if (list->next_input < list->options.input_count) {
            found = next_input(list, item, error);
        } else if (list->entries) {
            found = next_entry(list, item, error);
            if (found == 0)
                return 0;
        } else {
            return 0;
        }
    }
    if (found < 0)
        return -1;
    size_t folder = list->options.folder ? list->options.folder(item->key) : 0;
    item->folder = item->key[folder] ? folder : 0;
    item->index = list->index++;
    return 1;
}

const struct passed_over *list_passed(const struct list *list)
{
    return &list->passed;
}

void list_close(struct list *list)
{
    if (!list)
        return;
    list_folder_close(list->folder);
    if (list->entries)
        fclose(list->entries);
    free(list->entry);
    free(list->key);
    memory_free(list);
}
