/* export_main.c - `maskmill export`. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/error.h"
#include "images/image.h"
#include "program/arguments.h"
#include "program/commands.h"
#include "records/export.h"
#include "records/record.h"
#include "records/writer.h"

enum { WRITERS_MAX = 16, SYNC_FILES = 1000, SYNC_SECONDS = 30 };

struct command {
    const char *records, *out, *images;
    char *formats; /* owned: the comma-separated lists, cut into names */
    const char *names[WRITERS_MAX];
    size_t count;
    struct writer_options options;
};

static void print_help(void)
{
    const char *name, *summary;
    enum writer_kind kind;
    puts("usage: maskmill export DIR --format F[,F...] -o OUT [options]\n\n"
         "Writes the records under DIR in other formats. Several formats go to OUT/F each.\n");
    for (size_t i = 0; writer_format(i, &name, &kind, &summary); i++)
        printf("  %-13s %s\n", name, summary);
    puts("\n"
         "  -f, --format F          see above; several separated by commas\n"
         "  -o, --out OUT           output folder\n"
         "      --images DIR        the images that file_name is relative to (tar takes them in)\n"
         "      --fields LIST       more members in records: area_fraction, centroid, bbox_coco,\n"
         "                          runs\n"
         "      --ids KIND          coco: stable (from the image's path; the default) or\n"
         "                          sequential (1, 2, 3, ...)\n"
         "      --shard-images N    tar: images a shard (1000)\n"
         "      --shard-prefix P    tar: what the shards' names begin with\n"
         "  -h, --help\n\n"
         "Exit status: 0 all written, 1 some records refused, 2 usage, 3 environment.");
}

/* Says what is wrong with the command line. */
static int usage(const char *format, const char *value)
{
    fputs("maskmill export: ", stderr);
    fprintf(stderr, format, value);
    fputs("; see --help\n", stderr);
    return -1;
}

static int add_formats(struct command *command, const char *list)
{
    command->formats = strdup(list);
    if (!command->formats)
        return usage("--format %s: no memory", list);
    char *rest = command->formats;
    for (char *name; (name = strsep(&rest, ","));) {
        if (command->count == WRITERS_MAX)
            return usage("--format %s: too many formats", list);
        command->names[command->count++] = name;
    }
    return 0;
}

static int set_ids(struct command *command, const char *value)
{
    command->options.sequential_ids = strcmp(value, "sequential") == 0;
    if (!command->options.sequential_ids && strcmp(value, "stable") != 0)
        return usage("--ids %s: expected stable or sequential", value);
    return 0;
}

static int set_shard_images(struct command *command, const char *value)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (errno || *end || end == value || number < 1 || number > 10000000)
        return usage("--shard-images %s: expected a whole number from 1 to 10000000", value);
    command->options.shard_images = (size_t)number;
    return 0;
}

static int set_fields(struct command *command, const char *value)
{
    struct error error;
    if (record_fields_parse(&command->options.fields, value, &error))
        return usage("--fields: %s", error.text);
    return 0;
}

/* The options whose values are more than a text. */
struct raw_options {
    const char *format, *fields, *ids, *shard_images;
};

static int set_options(struct command *command, const struct raw_options *raw)
{
    const char *prefix = command->options.shard_prefix;
    if (!raw->format)
        return usage("%s", "--format is missing");
    if (!command->out)
        return usage("%s", "-o OUT is missing");
    if (prefix && strchr(prefix, '/'))
        return usage("--shard-prefix %s: must not contain '/'", prefix);
    if (add_formats(command, raw->format) || (raw->fields && set_fields(command, raw->fields)) ||
        (raw->ids && set_ids(command, raw->ids)) ||
        (raw->shard_images && set_shard_images(command, raw->shard_images)))
        return -1;
    return 0;
}

/* True to go on; else *status is the exit status. */
static bool read_command(struct command *command, int argc, char **argv, int *status)
{
    struct raw_options raw = {0};
    const struct arguments arguments = {
        .command = "export",
        .print_help = print_help,
        .options = {{.name = "format", .letter = 'f', .value = &raw.format},
                    {.name = "out", .letter = 'o', .value = &command->out},
                    {.name = "images", .value = &command->images},
                    {.name = "fields", .value = &raw.fields},
                    {.name = "ids", .value = &raw.ids},
                    {.name = "shard-images", .value = &raw.shard_images},
                    {.name = "shard-prefix", .value = &command->options.shard_prefix}},
        .wanted = "one folder of records",
    };
    if (!arguments_read(&arguments, argc, argv, &command->records, status))
        return false;
    *status = EXIT_USAGE;
    return set_options(command, &raw) == 0;
}

static int open_writers(const struct command *command, struct writer **writers, struct error *error)
{
    for (size_t i = 0; i < command->count; i++) {
        char *folder;
        if (command->count == 1)
            folder = strdup(command->out);
        else if (asprintf(&folder, "%s/%s", command->out, command->names[i]) < 0)
            folder = NULL;
        if (!folder)
            return error_set(error, ERROR_MEMORY, "no memory for a folder's name");
        int result = writer_open(&writers[i], command->names[i], folder, &command->options, error);
        free(folder);
        if (result)
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
    fprintf(stderr, "maskmill export: %s\n", text);
}

/* All the work between options and exit status. */
static int export_all(const struct command *command, struct export_job *job, struct error *error)
{
    struct writer *writers[WRITERS_MAX] = {0};
    job->writers = writers;
    job->writer_count = command->count;
    job->batch = command->options.batch;
    int result = open_writers(command, writers, error);
    if (result == 0)
        result = export_records(job, error);
    if (result == 0)
        result = close_writers(writers, command->count, error);
    for (size_t i = 0; i < command->count; i++)
        writer_abandon(writers[i]);
    job->writers = NULL;
    if (result == 0)
        result = atomic_batch_flush(command->options.batch, error);
    return result;
}

/* What is written below the records would be taken for records, by this walk or the next one. */
static int check_out(const struct command *command, struct error *error)
{
    if (atomic_make_folder(command->out, error))
        return -1;
    char *records = realpath(command->records, NULL), *out = realpath(command->out, NULL);
    size_t length = records ? strlen(records) : 0;
    bool inside = records && out && strncmp(out, records, length) == 0 &&
                  (out[length] == 0 || (out[length] == '/' && out[length + 1] != '@'));
    free(records);
    free(out);
    if (!inside)
        return 0;
    rmdir(command->out); /* which only succeeds if it was made just now */
    return error_set(error, ERROR_USAGE,
                     "-o %s: lies among the records; choose another folder, or DIR/@NAME",
                     command->out);
}

static int run_command(struct command *command)
{
    struct error error;
    struct export_job job = {
        .records = command->records, .images = command->images, .refused = print_refused};
    if (check_out(command, &error) || image_library_start(&error) ||
        atomic_clean(command->out, NULL, &error)) {
        fprintf(stderr, "maskmill export: %s\n", error.text);
        return error.code == ERROR_USAGE ? EXIT_USAGE : EXIT_ENVIRONMENT;
    }
    command->options.batch = atomic_batch_new(SYNC_FILES, SYNC_SECONDS, &error);
    int result = command->options.batch ? export_all(command, &job, &error) : -1;
    atomic_batch_free(command->options.batch);
    image_library_stop();
    if (result) {
        fprintf(stderr, "maskmill export: %s\n", error.text);
        return error.code == ERROR_USAGE ? EXIT_USAGE : EXIT_ENVIRONMENT;
    }
    printf("%llu records exported, %llu refused\n", (unsigned long long)job.done,
           (unsigned long long)job.failed);
    return job.failed ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}

int export_main(int argc, char **argv)
{
    struct command command = {0};
    int status;
    if (read_command(&command, argc, argv, &status))
        status = run_command(&command);
    free(command.formats);
    return status;
}
