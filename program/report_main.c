/* report_main.c - `maskmill report`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "jobs/memory_budget.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "program/report/report.h"

static void print_refused(void *context, const char *text)
{
    (void)context;
    plain_line(stderr, "maskmill report: %s", text);
}

static enum report_photos_kind photos_kind(const char *word)
{
    static const char *const words[] = {"auto", "copy", "link", "none"};
    int kind = 0;
    while (strcmp(words[kind], word) != 0)
        kind++;
    return (enum report_photos_kind)kind;
}

/* Opens the folders that the user has named, and writes the report. */
static int write_report(struct report_job *job, const struct settings *settings,
                        struct error *error)
{
    const char *output = settings->output;
    struct folder *images = NULL;
    if (!output)
        output = settings->single_file ? "report.html" : "report";
    char *place = strdup(output);
    size_t length = place ? strlen(place) : 0;
    while (length > 1 && place[length - 1] == '/')
        place[--length] = 0;
    struct folder *parent = place ? folder_of(place, &job->place.name, error)
                                  : (error_set(error, ERROR_MEMORY, "no memory"), NULL);
    int result = parent ? 0 : -1;
    job->place.parent = parent;
    if (result == 0 && settings->images) {
        images = folder_open(settings->images, settings->trust_folder, error);
        result = images ? 0 : -1;
    }
    job->images = images;
    job->images_path = settings->images;
    if (result == 0)
        result = report_write(job, error);
    folder_close(images);
    folder_close(parent);
    free(place);
    return result;
}

static int run_report(struct report_job *job, const struct settings *settings, struct error *error)
{
    struct decoder decoder = {0};
    int result = decoder_start(&decoder, error);
    if (result == 0)
        result = image_library_start(error);
    if (result == 0)
        result = decoder_open(&decoder, settings, budget_cpus(""), error);
    job->pool = decoder.pool;
    if (result == 0)
        result = write_report(job, settings, error);
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
                   "maskmill report: %zu photographs were not found below %s: their masks "
                   "are drawn on gray",
                   job->missing, settings->images);
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
    if (run_report(&job, settings, &error))
        return command_fail(line->command, &error);
    print_notes(&job, settings);
    printf("%zu images, %zu masks, %zu failed, %zu refused: open %s%s\n", job.images_count,
           job.masks, job.failed, job.refused_count,
           settings->output        ? settings->output
           : settings->single_file ? "report.html"
                                   : "report",
           settings->single_file ? "" : "/index.html");
    return job.refused_count ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
