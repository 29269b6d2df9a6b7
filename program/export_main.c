/* export_main.c - `maskmill export`. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_batch.h"
#include "base/atomic_clean.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "jobs/memory_budget.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/decoder.h"
#include "program/out_folder.h"
#include "program/review/review_classes.h"
#include "records/category.h"
#include "records/export.h"
#include "records/record.h"
#include "records/record_none.h"
#include "records/review.h"
#include "records/writer.h"

enum { WRITERS_MAX = 16, SYNC_FILES = 1000, SYNC_SECONDS = 30 };

struct exporter {
    struct folder *out; /* owned */
    const struct settings *settings;
    char *formats; /* owned: the comma-separated list, cut into names */
    const char *names[WRITERS_MAX];
    size_t count;
    struct writer_options options;
    struct decoder decoder;
    struct review *review;        /* owned; NULL: records are written as they are */
    struct name_index categories; /* owned */
};

void export_print_formats(FILE *to)
{
    const char *name, *summary;
    enum writer_kind kind;
    for (size_t i = 0; writer_format(i, &name, &kind, &summary); i++)
        fprintf(to, "  %-13s %s\n", name, summary);
}

static int add_formats(struct exporter *exporter, const char *list, struct error *error)
{
    exporter->formats = strdup(list);
    if (!exporter->formats)
        return error_set(error, ERROR_MEMORY, "--format %s: no memory", list);
    char *rest = exporter->formats;
    for (char *name; (name = strsep(&rest, ","));) {
        if (exporter->count == WRITERS_MAX)
            return error_set(error, ERROR_USAGE, "--format %s: too many formats", list);
        exporter->names[exporter->count++] = name;
    }
    return 0;
}

static int read_options(struct exporter *exporter, struct error *error)
{
    const struct settings *settings = exporter->settings;
    const char *prefix = settings->shard_prefix;
    exporter->options.sequential_ids = strcmp(settings->ids, "sequential") == 0;
    exporter->options.shard_images = (size_t)settings->shard_images;
    exporter->options.shard_prefix = prefix;
    if (!settings->format)
        return error_set(error, ERROR_USAGE, "--format is missing; see --help");
    if (!settings->output)
        return error_set(error, ERROR_USAGE, "-o OUT is missing; see --help");
    if (prefix && strchr(prefix, '/'))
        return error_set(error, ERROR_USAGE, "--shard-prefix %s: must not contain '/'", prefix);
    if (settings->fields && record_fields_parse(&exporter->options.fields, settings->fields, error))
        return error_prefix(error, "--fields %s", settings->fields);
    return add_formats(exporter, settings->format, error);
}

/* Reads what people decided about the run whose folder is `records`. */
static int read_review(struct exporter *exporter, const char *records, struct error *error)
{
    struct folder *run = folder_open(records, exporter->settings->trust_folder, error);
    if (!run)
        return error_prefix(error, "--reviewed needs the folder of a run");
    exporter->review = review_read(run, NULL, error);
    folder_close(run);
    if (exporter->review)
        return category_put_reviewed(&exporter->categories, exporter->review, error);
    return error->code == ERROR_IO && error->system == ENOENT
               ? error_set(error, ERROR_USAGE,
                           "%s has no %s: nobody has reviewed it; maskmill review %s does that",
                           records, REVIEW_FILE, records)
               : -1;
}

/* The classes of --classes come first. */
static int begin_categories(struct name_index *categories, const char *path, struct error *error)
{
    struct review_classes classes = {0};
    int status = category_begin(categories, error);
    if (status == 0 && path)
        status = review_classes_read(&classes, path, error);
    for (size_t i = 0; status == 0 && i < classes.count; i++)
        if (name_index_put(categories, classes.names[i], error) == NAME_INDEX_NONE)
            status = -1;
    review_classes_free(&classes);
    return status;
}

/* Prepares what is known of classes, and of the review if that is asked for. */
static int begin_review(struct exporter *exporter, struct export_job *job, struct error *error)
{
    const struct settings *settings = exporter->settings;
    exporter->options.categories = &exporter->categories;
    if (begin_categories(&exporter->categories, settings->classes, error))
        return -1;
    if (!settings->reviewed && !settings->accepted_only)
        return 0;
    int status = read_review(exporter, job->records, error);
    job->review = exporter->review;
    job->accepted_only = settings->accepted_only;
    return status;
}

static int open_writers(const struct exporter *exporter, struct writer **writers,
                        struct error *error)
{
    for (size_t i = 0; i < exporter->count; i++) {
        const char *folder = exporter->count == 1 ? "" : exporter->names[i];
        if (writer_open(&writers[i], exporter->names[i], exporter->out, folder, &exporter->options,
                        error))
            return -1;
    }
    return 0;
}

static int close_writers(struct writer **writers, size_t count, struct error *error)
{
    int result = 0;
    for (size_t i = 0; i < count; i++) {
        if (result == 0)
            result = writer_close(writers[i], error);
        else
            writer_abandon(writers[i]);
        writers[i] = NULL;
    }
    return result;
}

static void print_refused(void *context, const char *text)
{
    (void)context;
    plain_line(stderr, "maskmill export: %s", text);
}

/* Opens the writers, streams the records through them, closes them. */
static int export_all(const struct exporter *exporter, struct export_job *job, struct error *error)
{
    struct writer *writers[WRITERS_MAX] = {0};
    job->writers = writers;
    job->writer_count = exporter->count;
    job->batch = exporter->options.batch;
    int result = open_writers(exporter, writers, error);
    if (result == 0)
        result = export_records(job, error);
    if (result == 0 && job->done + job->failed + job->dropped == 0)
        result = record_none(job->records, error);
    if (result == 0)
        result = close_writers(writers, exporter->count, error);
    for (size_t i = 0; i < exporter->count; i++)
        writer_abandon(writers[i]);
    job->writers = NULL;
    if (result == 0)
        result = atomic_batch_flush(exporter->options.batch, error);
    return result;
}

/* Opens the output folder. DIR/@NAME among the records lies in a folder of theirs, where others may
 * have put a link. */
static struct folder *open_out(const char *records_path, const struct settings *settings,
                               struct error *error)
{
    const char *out = settings->output;
    size_t length = strlen(records_path);
    while (length > 1 && records_path[length - 1] == '/')
        length--;
    if (strncmp(out, records_path, length) != 0 || out[length] != '/' || out[length + 1] != '@')
        return folder_make(out, settings->trust_folder, error);
    struct folder *records = folder_open(records_path, settings->trust_folder, error);
    struct folder *folder = NULL;
    if (records && folder_make_below(records, out + length + 1, error) == 0)
        folder = folder_below(records, out + length + 1, error);
    folder_close(records);
    return folder;
}

static int run_export(struct exporter *exporter, struct export_job *job, struct error *error)
{
    if (read_options(exporter, error) || begin_review(exporter, job, error) ||
        decoder_start(&exporter->decoder, error) || image_library_start(error))
        return -1;
    int result = decoder_open(&exporter->decoder, exporter->settings, budget_cpus(""), error);
    job->pool = exporter->decoder.pool;
    exporter->out = result ? NULL : open_out(job->records, exporter->settings, error);
    if (!exporter->out ||
        out_folder_check(job->records, exporter->settings->output, OUT_FORMATS, error) ||
        atomic_clean(exporter->out, NULL, error))
        result = -1;
    if (result == 0) {
        exporter->options.batch = atomic_batch_new(SYNC_FILES, SYNC_SECONDS, error);
        result = exporter->options.batch ? export_all(exporter, job, error) : -1;
        atomic_batch_free(exporter->options.batch);
    }
    folder_close(exporter->out);
    image_library_stop();
    return result;
}

enum exit_status export_main(struct command_line *line)
{
    struct error error;
    struct exporter exporter = {.settings = &line->settings};
    struct export_job job = {
        .records = line->operands[0],
        .images = line->settings.images,
        .trust_folder = line->settings.trust_folder,
        .max_pixels = line->settings.max_pixels,
        .refused = print_refused,
    };
    int result = run_export(&exporter, &job, &error);
    decoder_stop(&exporter.decoder);
    free(exporter.formats);
    review_free(exporter.review);
    name_index_free(&exporter.categories);
    if (result)
        return command_fail(line->command, &error);
    if (job.unnamed)
        fprintf(stderr,
                "maskmill export: %llu records do not name their images: file_name is their own "
                "name; --images DIR finds the images\n",
                (unsigned long long)job.unnamed);
    printf("%llu records exported, %llu refused", (unsigned long long)job.done,
           (unsigned long long)job.failed);
    if (job.review)
        printf(", %llu left out", (unsigned long long)job.dropped);
    printf("\n");
    return job.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
