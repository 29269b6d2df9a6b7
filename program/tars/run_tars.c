#include "program/tars/run_tars.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "jobs/ledger_status.h"
#include "jobs/list.h"
#include "program/run/run.h"
#include "program/tars/tar_part.h"
#include "program/tars/tar_shard.h"

/* The names of a tar's output. 0 or -1. */
static int name_files(struct tar_files *files, const struct list_item *tar, struct error *error)
{
    char *name = strndup(tar->key, tar->folder);
    int status = name ? tar_files_name(files, name, error)
                      : error_set(error, ERROR_MEMORY, "%s: no memory for its name", tar->path);
    free(name);
    return status;
}

static int check_names(const struct run_config *config, const struct list_item *tar,
                       const struct tar_files *files, struct error *error)
{
    const struct folder *out = config->output;
    struct stat input, output;
    if (ledger_replaces(files->lines, config->name_folds))
        return error_set(
            error, ERROR_USAGE,
            "%s: the lines about its output would be '%s%s', a file of the run's own; rename the "
            "tar",
            tar->path, out->prefix, files->lines);
    if (folder_stat(out, files->lines, &output) && folder_refuses_name(errno))
        return error_set_system(error, ERROR_USAGE, errno,
                                "%s%s: its file system cannot hold this name; rename %s",
                                out->prefix, files->lines, tar->path);
    if (folder_stat(out, files->tar, &output) == 0 && stat(tar->path, &input) == 0 &&
        input.st_dev == output.st_dev && input.st_ino == output.st_ino)
        return error_set(error, ERROR_USAGE,
                         "%s: its output would replace it; choose another folder with -o",
                         tar->path);
    return 0;
}

static int check_input(const struct run_config *config, const struct list_item *item,
                       struct error *error)
{
    struct tar_files files;
    if (item->fault)
        return 0;
    if (!item->folder)
        return error_set(error, ERROR_USAGE,
                         "%s: is no tar, and --to tar writes a tar for each input tar; leave out "
                         "--to tar, or this input",
                         item->path);
    if (name_files(&files, item, error))
        return -1;
    int status = check_names(config, item, &files, error);
    tar_files_free(&files);
    return status;
}

int run_tars_check_inputs(const struct run_config *config, struct list *list, struct error *error)
{
    struct list_item item;
    int found;
    while ((found = list_next(list, &item, error)) > 0)
        if (check_input(config, &item, error))
            return -1;
    return found < 0 ? -1 : list_rewind(list, error);
}

static int remove_output(const struct run_config *config, const struct list_item *tar,
                         struct error *error)
{
    struct tar_files files;
    if (tar->fault)
        return 0;
    if (name_files(&files, tar, error))
        return -1;
    int status = tar_files_remove(&files, config->output, error);
    tar_files_free(&files);
    return status;
}

int run_tars_remove(const struct run_config *config, struct list *list, struct error *error)
{
    struct list_item item;
    int found;
    while ((found = list_next(list, &item, error)) > 0)
        if (remove_output(config, &item, error))
            return -1;
    return found < 0 ? -1 : list_rewind(list, error);
}

int run_tars_foreign(const struct run_config *config, const struct ledger_index *before,
                     const struct list_item *tar, char **name, struct error *error)
{
    struct tar_files files;
    *name = NULL;
    if (name_files(&files, tar, error))
        return -1;
    const char *foreign = tar_shard_foreign(config->output, before, &files, tar->key);
    *name = foreign ? strdup(foreign) : NULL;
    tar_files_free(&files);
    if (foreign && !*name)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", tar->path);
    return 0;
}
