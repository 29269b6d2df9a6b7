#include "program/filter/filter_output.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/atomic.h"
#include "base/atomic_batch.h"
#include "base/atomic_clean.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/path.h"
#include "jobs/runfile.h"
#include "program/filter/filter_source.h"
#include "program/out_folder.h"
#include "program/run/run_folder.h"
#include "program/settings.h"

enum { SYNC_FILES = 1000, SYNC_SECONDS = 30 };

/* Whether nothing but the program's own folder lies there. 1, 0, or -1 (ERROR_IO). */
static int is_empty(const struct folder *folder, struct error *error)
{
    DIR *list = folder_list(folder, "", error);
    const struct dirent *entry;
    int empty = list ? 1 : -1;
    while (empty > 0 && (entry = readdir(list)))
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                strcmp(entry->d_name, PATH_RUN_FOLDER) == 0;
    if (list)
        closedir(list);
    return empty;
}

int filter_output_open(struct filter_output *output, const char *records,
                       const struct settings *settings, struct error *error)
{
    if (!settings->output)
        return error_set(error, ERROR_USAGE, "-o DIR is missing; see --help");
    output->folder = folder_make(settings->output, settings->trust_folder, error);
    if (!output->folder || out_folder_check(records, settings->output, OUT_NOWHERE, error))
        return -1;
    if (folder_has(output->folder, RUN_FILE))
        return error_set(
            error, ERROR_USAGE,
            "-o %s: holds a run, whose ledgers know its records; choose another folder",
            settings->output);
    int empty = is_empty(output->folder, error);
    output->was_empty = empty > 0;
    if (empty < 0 || atomic_clean(output->folder, NULL, error))
        return -1;
    output->batch = atomic_batch_new(SYNC_FILES, SYNC_SECONDS, error);
    return output->batch ? 0 : -1;
}

int filter_output_begin(struct filter_output *output, const struct runfile_list *fields,
                        bool overwrite, struct error *error)
{
    int status = folder_make_below(output->folder, PATH_RUN_FOLDER, error);
    if (status == 0 && overwrite)
        status = runfile_replace(output->folder, FILTER_FILE, fields->fields, fields->count, error);
    else if (status == 0)
        status = runfile_agree(output->folder, FILTER_FILE, fields->fields, fields->count, error);
    if (status != RUNFILE_DIFFERS)
        return status < 0 ? -1 : 0;
    error_append(error, "; choose another folder with -o, or --overwrite to replace its records");
    return -1;
}

int filter_output_claim(struct filter_output *output, const char *name, struct error *error)
{
    size_t top = strcspn(name, "/");
    bool own = top == strlen(PATH_RUN_FOLDER) && strncasecmp(name, PATH_RUN_FOLDER, top) == 0;
    if (name[0] == '/' || path_has_parent(name))
        return error_set(error, ERROR_RECORD, "the image's name leads out of the folder");
    if (name[top] && (own || name[0] == '@'))
        return error_set(error, ERROR_RECORD, "its folder %.*s/ is reserved", (int)top, name);
    int found = hash_set_put(&output->names, hash_bytes(name, strlen(name)), error);
    if (found > 0)
        return error_set(error, ERROR_RECORD, "an earlier record is written to %s.json", name);
    return found;
}

/* Whether the file is there with other content, or something that is no such file. */
static bool is_other(const struct folder *folder, const char *file, const char *text, size_t length)
{
    struct error ignored;
    struct stat status;
    char *bytes;
    size_t size;
    if (!folder_has(folder, file))
        return false;
    if (folder_stat(folder, file, &status) || !S_ISREG(status.st_mode) ||
        (uint64_t)status.st_size != length ||
        folder_read(folder, file, length, &bytes, &size, &ignored))
        return true;
    bool other = size != length || memcmp(bytes, text, length) != 0;
    free(bytes);
    return other;
}

static char *file_name(const char *name, struct error *error)
{
    char *file;
    if (asprintf(&file, "%s.json", name) >= 0)
        return file;
    error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
    return NULL;
}

int filter_output_check(struct filter_output *output, const char *name, const char *text,
                        size_t length, struct error *error)
{
    if (filter_output_claim(output, name, error))
        return -1;
    char *file = file_name(name, error);
    int status = file ? 0 : -1;
    if (file && is_other(output->folder, file, text, length))
        status = error_set(error, ERROR_USAGE,
                           "%s%s is there with other content; choose another folder with -o, or "
                           "--overwrite to replace it",
                           output->folder->prefix, file);
    free(file);
    return status;
}

/* Whether an errno is about the name, and other records may follow. */
static bool is_about_name(int system)
{
    return folder_refuses_name(system) || system == ENOTDIR || system == EISDIR;
}

int filter_output_add(struct filter_output *output, const char *name, const char *text,
                      size_t length, struct error *error)
{
    if (filter_output_claim(output, name, error))
        return -1;
    char *file = file_name(name, error);
    int status = file ? atomic_write(output->folder, file, text, length, output->batch, error) : -1;
    free(file);
    if (status && is_about_name(error->system))
        error->code = ERROR_RECORD;
    if (status == 0 && atomic_batch_due(output->batch))
        status = atomic_batch_flush(output->batch, error);
    return status;
}

int filter_output_finish(struct filter_output *output, struct error *error)
{
    return atomic_batch_flush(output->batch, error);
}

void filter_output_close(struct filter_output *output)
{
    hash_set_free(&output->names);
    atomic_batch_free(output->batch);
    folder_close(output->folder);
    *output = (struct filter_output){0};
}
