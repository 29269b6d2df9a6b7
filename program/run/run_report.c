#include "program/run/run_report.h"

#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "jobs/progress.h"
#include "program/report/report.h"
#include "program/run/run.h"
#include "program/run/run_images.h"

#define REPORT_NAME "@report" /* in the output folder; no record lies in such a folder */

int run_report_check(const struct run_config *config, struct error *error)
{
    if (!config->settings->report || config->shard.count == 1)
        return 0;
    return error_set(error, ERROR_USAGE,
                     "--report: one shard does not see the others' images; once all are done, "
                     "maskmill report %s writes the page",
                     config->settings->output);
}

static struct report_place page_place(const struct run_config *config)
{
    return (struct report_place){.parent = config->output, .name = REPORT_NAME, .overwrite = true};
}

int run_report_check_place(const struct run_config *config, struct error *error)
{
    const struct report_place place = page_place(config);
    return config->settings->report ? report_output_check(&place, error) : 0;
}

static bool find_image(void *context, const char *file_name, struct image_place *place)
{
    return run_images_find(context, file_name, place);
}

static void print_refused(void *context, const char *text)
{
    const struct run *run = context;
    progress_log(run->resources.progress, PROGRESS_WARNING, "report: %s", text);
}

/* The folder that all images are in, if it is one. */
static const char *images_path(const struct run_config *config)
{
    struct stat status;
    bool one = config->input_count == 1 && !config->settings->list &&
               stat(config->inputs[0], &status) == 0 && S_ISDIR(status.st_mode);
    return one ? config->inputs[0] : NULL;
}

static int write_report(struct run *run, struct error *error)
{
    const struct run_config *config = &run->config;
    const char *records[] = {config->settings->output};
    struct run_images *images = run_images_new(config, error);
    if (!images)
        return -1;
    struct report_job job = {
        .records = records,
        .runs = 1,
        .place = page_place(config),
        .trust_folder = config->settings->trust_folder,
        .max_pixels = config->settings->max_pixels,
        .pool = run->resources.decoder.pool,
        .images_path = images_path(config),
        .find = find_image,
        .find_context = images,
        .refused = print_refused,
        .context = run,
    };
    int result = report_write(&job, error);
    run_images_free(images);
    return result;
}

enum exit_status run_report(struct run *run, enum exit_status status)
{
    struct error error;
    const char *output = run->config.settings->output;
    struct progress *progress = run->resources.progress;
    if (!run->config.settings->report || (status != EXIT_ALL_DONE && status != EXIT_SOME_FAILED))
        return status;
    if (write_report(run, &error) == 0) {
        progress_log(progress, PROGRESS_INFO, "report: open %s/" REPORT_NAME "/index.html", output);
        return status;
    }
    progress_log(progress, PROGRESS_ERROR, "report: %s", error.text);
    return command_status(&error);
}
