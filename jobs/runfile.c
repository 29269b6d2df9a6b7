#include "jobs/runfile.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/atomic_name.h"
#include "base/atomic_sync.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "base/path.h"

enum { DIFFERENCES_SHOWN = 4 };

/* The text of the file, freed by the caller. NULL with ERROR_MEMORY. */
static char *format_fields(const struct runfile_field *fields, size_t count, struct error *error)
{
    char *text = NULL;
    json_t *object = json_object();
    bool good = object;
    for (size_t i = 0; good && i < count; i++)
        good = json_object_set_new(object, fields[i].name, json_string(fields[i].value)) == 0;
    if (good)
        text = json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    if (!text)
        error_set(error, ERROR_MEMORY, "no memory for the run file, or a value is not UTF-8");
    return text;
}

/* Appends "NAME was THERE and is now NOW"; one of the values may be missing. Returns the text's new
 * length. */
static size_t add_difference(char *text, size_t size, size_t used, const char *name,
                             const char *there, const char *now)
{
    if (used >= size)
        return used;
    int added;
    if (there && now)
        added = snprintf(text + used, size - used, "%s%s was %s and is now %s", used ? "; " : "",
                         name, there[0] ? there : "not set", now[0] ? now : "not set");
    else
        added = snprintf(text + used, size - used, "%s%s is %s", used ? "; " : "", name,
                         there ? "no longer there" : "new");
    return used + (size_t)added;
}

static int compare(const json_t *object, const char *path, const struct runfile_field *fields,
                   size_t count, struct error *error)
{
    char text[ERROR_TEXT_SIZE / 2] = "";
    size_t used = 0;
    size_t differences = 0;
    for (size_t i = 0; i < count; i++) {
        const char *there = json_string_value(json_object_get(object, fields[i].name));
        if (there && strcmp(there, fields[i].value) == 0)
            continue;
        if (differences++ < DIFFERENCES_SHOWN)
            used = add_difference(text, sizeof text, used, fields[i].name, there, fields[i].value);
    }
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        bool known = false;
        for (size_t i = 0; i < count && !known; i++)
            known = strcmp(fields[i].name, name) == 0;
        if (!known && differences++ < DIFFERENCES_SHOWN)
            used = add_difference(text, sizeof text, used, name, json_string_value(value), NULL);
    }
    if (differences == 0)
        return RUNFILE_SAME;
    error_set(error, ERROR_USAGE, "this folder holds another run (%s): %s%s", path, text,
              differences > DIFFERENCES_SHOWN ? "; and more" : "");
    return RUNFILE_DIFFERS;
}

/* Some options of one line each. */
enum { FILE_MAX = 1 << 20 };

/* Reads the file. Where it gets its name by a hard link (move_if_free), it has two for a moment. */
static int read_existing(const struct folder *run, const char *name, char **text, size_t *length,
                         struct error *error)
{
    for (int attempt = 0;; attempt++) {
        int status = folder_read(run, name, FILE_MAX, text, length, error);
        if (status == 0 || error->system != EMLINK || attempt == 10)
            return status;
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
}

/* The object in the file. NULL with ERROR_IO, ERROR_MEMORY or ERROR_USAGE. */
static json_t *load(const struct folder *run, const char *name, struct error *error)
{
    char *text;
    size_t length;
    if (read_existing(run, name, &text, &length, error))
        return NULL;
    json_t *object = json_load_bounded(text, length, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    if (json_is_object(object))
        return object;
    json_decref(object);
    error_set(error, ERROR_USAGE,
              "'%s%s' is not a run file: move it away, or choose another folder", run->prefix,
              name);
    return NULL;
}

/* Compares the fields with the existing file. */
static int compare_file(const struct folder *run, const char *name,
                        const struct runfile_field *fields, size_t count, struct error *error)
{
    char *path;
    json_t *object = load(run, name, error);
    if (!object)
        return -1;
    int answer;
    if (asprintf(&path, "%s%s", run->prefix, name) < 0) {
        answer = error_set(error, ERROR_MEMORY, "%s: no memory for its path", name);
    } else {
        answer = (int)compare(object, path, fields, count, error);
        free(path);
    }
    json_decref(object);
    return answer;
}

/* Gives the file `from` in `folder` the name `to` unless that is taken. Returns 0, EEXIST or another
 * errno. */
static int move_if_free(int folder, const char *from, const char *to)
{
    if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EEXIST)
        return EEXIST;
    /* NFS knows hard links only. */
    int reason = linkat(folder, from, folder, to, 0) ? errno : 0;
    unlinkat(folder, from, 0);
    return reason;
}

/* Whether a failed call says that the file system does not know it (FUSE, some network ones). */
static bool is_unknown_call(int reason)
{
    return reason == EINVAL || reason == ENOSYS || reason == EOPNOTSUPP || reason == EPERM;
}

/* The last resort: writes the file under its own name if that is free. A kill in the middle leaves
 * a file that is not complete, which the next start reports. Returns 0, EEXIST or another errno. */
static int write_if_free(int folder, const char *name, const char *text)
{
    size_t size = strlen(text);
    int file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file < 0)
        return errno;
    errno = EIO; /* of a short write */
    int reason = write(file, text, size) == (ssize_t)size && fsync(file) == 0 ? 0 : errno;
    if (close(file) && reason == 0)
        reason = errno;
    if (reason)
        unlinkat(folder, name, 0);
    return reason;
}

/* Gives the complete file `temporary` its name, both below `run`. Returns 0, EEXIST or another errno,
 * or -1 with *error. */
static int give_name(const struct folder *run, const char *temporary, const char *name,
                     const char *text, struct error *error)
{
    const char *from, *to = path_base(name);
    int folder = folder_parent(run, temporary, false, &from, error);
    if (folder < 0)
        return -1;
    int reason = move_if_free(folder, from, to);
    if (reason == EEXIST)
        unlinkat(folder, from, 0);
    if (is_unknown_call(reason))
        reason = write_if_free(folder, to, text);
    int synced = reason ? 0 : atomic_sync_parent(folder, name, error);
    close(folder);
    return synced ? -1 : reason;
}

/* Returns RUNFILE_CREATED, RUNFILE_SAME if another process created the file meanwhile, or -1. */
static int create(const struct folder *run, const char *name, const char *text, struct error *error)
{
    const struct atomic_writer self = atomic_writer_self();
    char *temporary = atomic_temporary_name(name, &self, 0);
    if (!temporary)
        return error_set(error, ERROR_MEMORY, "no memory for the name '%s'", name);
    int status = atomic_write(run, temporary, text, strlen(text), NULL, error);
    if (status == 0) {
        int reason = give_name(run, temporary, name, text, error);
        status = reason == EEXIST ? RUNFILE_SAME : RUNFILE_CREATED;
        if (reason > 0 && reason != EEXIST)
            status = error_set_system(error, ERROR_IO, reason, "cannot create '%s%s'", run->prefix,
                                      name);
        status = reason < 0 ? -1 : status;
    }
    free(temporary);
    return status;
}

int runfile_agree(const struct folder *run, const char *name, const struct runfile_field *fields,
                  size_t count, struct error *error)
{
    if (!folder_has(run, name)) {
        char *text = format_fields(fields, count, error);
        int answer = text ? create(run, name, text, error) : -1;
        free(text);
        if (answer != RUNFILE_SAME)
            return answer;
    }
    return compare_file(run, name, fields, count, error);
}

const char *runfile_value(const struct runfile_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->fields[i].name, name) == 0)
            return list->fields[i].value;
    return NULL;
}

/* Adds a field, or replaces the value of the one at `place`. */
static int put(struct runfile_list *list, size_t place, const char *name, const char *value,
               struct error *error)
{
    char *copy = strdup(value);
    char *own = place == list->count && copy ? strdup(name) : NULL;
    if (!copy || (place == list->count && !own) ||
        memory_grow((void **)&list->fields, &list->capacity, place + 1, sizeof *list->fields,
                    error)) {
        free(copy);
        free(own);
        return error_set(error, ERROR_MEMORY, "no memory for the fields of a run file");
    }
    if (place < list->count)
        free((char *)list->fields[place].value);
    else
        list->fields[list->count++].name = own;
    list->fields[place].value = copy;
    return 0;
}

int runfile_set(struct runfile_list *list, const char *name, const char *value, struct error *error)
{
    size_t place = 0;
    while (place < list->count && strcmp(list->fields[place].name, name) != 0)
        place++;
    return put(list, place, name, value, error);
}

int runfile_read(const struct folder *run, const char *name, struct runfile_list *list,
                 struct error *error)
{
    const char *field;
    json_t *value;
    json_t *object = load(run, name, error);
    int status = object ? 0 : -1;
    json_object_foreach(object, field, value)
    {
        if (status == 0 && !json_is_string(value))
            status =
                error_set(error, ERROR_USAGE, "'%s%s': %s is not a text", run->prefix, name, field);
        if (status == 0)
            status = put(list, list->count, field, json_string_value(value), error);
    }
    json_decref(object);
    if (status)
        runfile_free(list);
    return status;
}

void runfile_free(struct runfile_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free((char *)list->fields[i].name);
        free((char *)list->fields[i].value);
    }
    free(list->fields);
    *list = (struct runfile_list){0};
}

int runfile_replace(const struct folder *run, const char *name, const struct runfile_field *fields,
                    size_t count, struct error *error)
{
    char *text = format_fields(fields, count, error);
    int status = text ? atomic_write(run, name, text, strlen(text), NULL, error) : -1;
    free(text);
    return status;
}
