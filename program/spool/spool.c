#include "program/spool/spool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "jobs/list.h"
#include "jobs/progress.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"

enum { LEAST_RETRIES = 3 }; /* of a copy; a network fails more often than a disk */

/* The prefix of outputs' names: -o without the '/' at its end, if it is not all of a scheme ("s3://"). */
static char *prefix_of(const char *output, struct error *error)
{
    size_t length = strlen(output);
    while (*list_behind_scheme(output) && length > 0 && output[length - 1] == '/')
        length--;
    char *prefix = strndup(output, length);
    if (!prefix)
        error_set(error, ERROR_MEMORY, "no memory for the value of -o");
    return prefix;
}

static int read_options(struct spool *spool, struct settings *settings, struct error *error)
{
    if (!settings->get || !settings->put)
        return error_set(error, ERROR_USAGE,
                         "--spool needs both --get and --put: the commands that copy from and to "
                         "the store");
    if (strcmp(settings->output, "-") == 0)
        return error_set(error, ERROR_USAGE,
                         "--spool contradicts -o -: -o is where outputs are put in the store");
    if (transfer_parse(&spool->get, "--get", settings->get, error) ||
        transfer_parse(&spool->put, "--put", settings->put, error))
        return -1;
    spool->prefix = prefix_of(settings->output, error);
    char *output = spool->prefix ? path_join(settings->spool, "out", error) : NULL;
    if (!output)
        return -1;
    free(settings->output);
    settings->output = output;
    return 0;
}

int spool_read(struct spool **spool, struct settings *settings, struct error *error)
{
    if (!settings->spool && (settings->get || settings->put))
        return error_set(error, ERROR_USAGE, "--%s: only with --spool DIR",
                         settings->get ? "get" : "put");
    if (!settings->spool)
        return 0;
    *spool = memory_new(1, sizeof **spool, "the spool folder", error);
    return *spool ? read_options(*spool, settings, error) : -1;
}

static bool stopping(void *context)
{
    return run_stopping(context);
}

static void say_failure(void *context, const struct error *error)
{
    const struct run *run = context;
    progress_log(run->resources.progress, PROGRESS_WARNING, "%s; trying again", error->text);
}

int spool_open(struct spool *spool, struct run *run, struct error *error)
{
    const struct settings *settings = run->config.settings;
    signal(SIGCHLD, SIG_DFL); /* if it is ignored, no exit status of a command is kept */
    spool->patience = (struct transfer_patience){
        .retries = settings->retries > LEAST_RETRIES ? settings->retries : LEAST_RETRIES,
        .stopping = stopping,
        .failed = say_failure,
        .context = run,
    };
    spool->folder = folder_open(settings->spool, settings->trust_folder, error);
    spool->output = realpath(settings->output, NULL);
    if (!spool->output)
        return error_set_system(error, ERROR_IO, errno, "%s", settings->output);
    return spool->folder ? run_folder_identity(&run->config, spool->configuration, error) : -1;
}

char *spool_name(const char *name, const char *ending, struct error *error)
{
    char *file;
    if (asprintf(&file, "%s%s", name, ending) >= 0)
        return file;
    error_set(error, ERROR_MEMORY, "%s: no memory for the name of its output", name);
    return NULL;
}

char *spool_object(const struct spool *spool, const char *name, const char *ending,
                   struct error *error)
{
    char *object;
    const char *slash = *spool->prefix && !*list_behind_scheme(spool->prefix) ? "" : "/";
    if (asprintf(&object, "%s%s%s%s", spool->prefix, slash, name, ending) >= 0)
        return object;
    error_set(error, ERROR_MEMORY, "%s: no memory for the name of its output", name);
    return NULL;
}

/* Refuses an input that its output would replace. */
static int check_input(const struct spool *spool, const struct list_item *item, struct error *error)
{
    char *name = strndup(item->key, item->folder);
    char *output = name ? spool_object(spool, name, ".tar", error) : NULL;
    int status = output ? 0 : -1;
    if (!name)
        error_set(error, ERROR_MEMORY, "%s: no memory for the name of its output", item->path);
    else if (output && path_same(output, item->path))
        status = error_set(error, ERROR_USAGE, "%s: its output would replace it; choose another -o",
                           item->path);
    free(name);
    free(output);
    return status;
}

int spool_check_inputs(const struct spool *spool, struct list *list, struct error *error)
{
    struct list_item item;
    int found;
    while ((found = list_next(list, &item, error)) > 0)
        if (check_input(spool, &item, error))
            return -1;
    return found < 0 ? -1 : list_rewind(list, error);
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    transfer_free(&spool->get);
    transfer_free(&spool->put);
    folder_close(spool->folder);
    free(spool->output);
    free(spool->prefix);
    memory_free(spool);
}
