#include "jobs/runfile.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/atomic_name.h"
#include "base/atomic_sync.h"
#include "base/error.h"

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

/* Compares the fields with the existing file. */
static int compare_file(const char *path, const struct runfile_field *fields, size_t count,
                        struct error *error)
{
    json_error_t reason;
    json_t *object = json_load_file(path, JSON_REJECT_DUPLICATES, &reason);
    if (!object && access(path, R_OK))
        return error_set_system(error, ERROR_IO, errno, "cannot read '%s'", path);
    if (!json_is_object(object)) {
        json_decref(object);
        return error_set(error, ERROR_USAGE,
                         "'%s' is not a run file: move it away, or choose another folder", path);
    }
    int answer = compare(object, path, fields, count, error);
    json_decref(object);
    return answer;
}

/* Gives the file `from` the name `to` unless that is taken. Returns 0, EEXIST or another errno. */
static int move_if_free(const char *from, const char *to)
{
    if (link(from, to) == 0)
        return 0;
    if (errno == EEXIST)
        return EEXIST;
    /* This file system may have no hard links. */
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

/* Whether a failed call says that the file system does not know it (FUSE, some network ones). */
static bool is_unknown_call(int reason)
{
    return reason == EINVAL || reason == ENOSYS || reason == EOPNOTSUPP || reason == EPERM;
}

/* The last resort: writes the file under its own name if that is free. A kill in the middle leaves
 * a file that is not complete, which the next start reports. Returns 0, EEXIST or another errno. */
static int write_if_free(const char *path, const char *text)
{
    size_t size = strlen(text);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        return errno;
    errno = EIO; /* of a short write */
    int reason = write(file, text, size) == (ssize_t)size && fsync(file) == 0 ? 0 : errno;
    if (close(file) && reason == 0)
        reason = errno;
    if (reason)
        unlink(path);
    return reason;
}

/* Returns RUNFILE_CREATED, RUNFILE_SAME if another process created the file meanwhile, or -1. */
static int create(const char *path, const char *text, struct error *error)
{
    const struct atomic_writer self = atomic_writer_self();
    char *temporary = atomic_temporary_name(path, &self, 0);
    if (!temporary)
        return error_set(error, ERROR_MEMORY, "no memory for the name '%s'", path);
    int status = atomic_write(temporary, text, strlen(text), NULL, error);
    if (status == 0) {
        int reason = move_if_free(temporary, path);
        unlink(temporary);
        if (is_unknown_call(reason))
            reason = write_if_free(path, text);
        status = reason == EEXIST ? RUNFILE_SAME : RUNFILE_CREATED;
        if (reason && reason != EEXIST)
            status = error_set_system(error, ERROR_IO, reason, "cannot create '%s'", path);
    }
    if (status == RUNFILE_CREATED && atomic_sync_folder(path, atomic_folder_length(path), error))
        status = -1;
    free(temporary);
    return status;
}

int runfile_agree(const char *path, const struct runfile_field *fields, size_t count,
                  struct error *error)
{
    if (access(path, F_OK)) {
        char *text = format_fields(fields, count, error);
        int answer = text ? create(path, text, error) : -1;
        free(text);
        if (answer != RUNFILE_SAME)
            return answer;
    }
    return compare_file(path, fields, count, error);
}

int runfile_replace(const char *path, const struct runfile_field *fields, size_t count,
                    struct error *error)
{
    char *text = format_fields(fields, count, error);
    int status = text ? atomic_write(path, text, strlen(text), NULL, error) : -1;
    free(text);
    return status;
}
