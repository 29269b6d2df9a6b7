/* report_main.c - `maskmill report`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "jobs/memory_budget.h"
#include "jobs/progress.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/command_progress.h"
#include "program/decoder.h"
#include "program/report/report.h"

static void print_refused(void *context, const char *text)
{
    const struct report_job *job = context;
    command_progress_say(job->progress, "report", text);
}

static enum report_photos_kind photos_kind(const char *word)
{
    static const char *const words[] = {"auto", "copy", "link", "none"};
    int kind = 0;
    while (strcmp(words[kind], word) != 0)
        kind++;
    return (enum report_photos_kind)kind;
}

/* Where the report goes, without slashes at its end; owned by the caller. NULL with ERROR_MEMORY. */
static char *choose_place(const struct settings *settings, struct error *error)
{
    const char *standard = settings->single_file ? "report.html" : "report";
    char *path = strdup(settings->output ? settings->output : standard);
    size_t length = path ? strlen(path) : 0;
    while (length > 1 && path[length - 1] == '/')
        path[--length] = 0;
    if (!path)
        error_set(error, ERROR_MEMORY, "no memory for the name of the report");
    return path;
}

/* Opens the folders that the user has named, and writes the report. */
static int write_report(struct report_job *job, const char *path, const struct settings *settings,
                        struct error *error)
{
    struct folder *images = NULL;
    struct folder *parent = folder_of(path, &job->place.name, error);
    int result = parent ? 0 : -1;
    if (result == 0 && settings->images) {
        images = folder_open(settings->images, settings->trust_folder, error);
        result = images ? 0 : -1;
    }
    job->place.parent = parent;
    job->images = images;
    job->images_path = settings->images;
    if (result == 0)
        result = report_write(job, error);
    folder_close(images);
    folder_close(parent);
    return result;
}

static int run_report(struct report_job *job, const char *path, const struct settings *settings,
                      struct error *error)
{
    struct decoder decoder = {0};
    int result = decoder_start(&decoder, error);
    if (result == 0)
        result = image_library_start(error);
    if (result == 0)
        result = decoder_open(&decoder, settings, budget_cpus(""), error);
    job->pool = decoder.pool;
    job->progress = command_progress_new();
    if (result == 0)
        result = write_report(job, path, settings, error);
    progress_free(job->progress);
    decoder_stop(&decoder);
    image_library_stop();
    return result;
}

/* Says what the page cannot show. */
static void print_notes(const struct report_job *job, const struct settings *settings)
{
    if (!settings->images && job->photos != REPORT_PHOTOS_NONE)
        fputs("maskmill report: the photographs' folder is not named: masks are drawn on gray; "
              "--images DIR names it\n",
              stderr);
    else if (job->missing)
        plain_line(stderr,
                   "maskmill report: photographs below %s that are missing or cannot be read: %zu; "
                   "their masks are drawn on gray",
                   settings->images, job->missing);
}

enum exit_status report_main(struct command_line *line)
{
    struct error error;
    const struct settings *settings = &line->settings;
    struct report_job job = {
        .records = (const char *const *)line->operands,
        .runs = line->operand_count,
        .place = {.single_file = settings->single_file, .overwrite = settings->overwrite},
        .trust_folder = settings->trust_folder,
        .max_pixels = settings->max_pixels,
        .photos = photos_kind(settings->photos),
        .refused = print_refused,
    };
    job.context = &job;
    char *path = choose_place(settings, &error);
    int result = path ? run_report(&job, path, settings, &error) : -1;
    if (result == 0) {
        print_notes(&job, settings);
        plain_line(stdout, "%zu images, %zu masks, %zu failed, %zu refused: open %s%s",
                   job.images_count, job.masks, job.failed, job.refused_count, path,
                   settings->single_file ? "" : "/index.html");
    }
    free(path);
    if (result)
        return command_fail(line->command, &error);
    return job.refused_count ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
