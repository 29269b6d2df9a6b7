/* filter_main.c - `maskmill filter`: the filters that need no model, on records that are there.
 *
 *   options, and those of the records -> plan -> output folder -> records, read and filtered in
 *   parallel, written one after the other -> summary
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/plain_text.h"
#include "jobs/items.h"
#include "jobs/progress.h"
#include "jobs/runfile.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/command_progress.h"
#include "program/decoder.h"
#include "program/filter/filter_output.h"
#include "program/filter/filter_plan.h"
#include "program/filter/filter_record.h"
#include "program/filter/filter_source.h"
#include "records/record_none.h"
#include "records/record_stream.h"

struct filtering {
    const char *records; /* path */
    struct settings *settings;
    struct filter_source source;
    struct filter_plan plan;
    struct filter_output output;
    struct decoder decoder;
    struct progress *progress; /* NULL: none is shown */
    bool checking;             /* compares with what is there, and writes nothing */
    bool begun;                /* filter_output_begin */
    uint64_t done, refused, unnamed, before, after;
};

/* A filtered record, from work to visit. */
struct filtered {
    size_t before; /* masks */
    size_t length;
    char text[]; /* [length] */
};

static struct filtered *make_text(const struct filtering *filtering, const struct record *record,
                                  size_t before, struct error *error)
{
    size_t length;
    char *text = record_text(record, filtering->plan.fields, &length, error);
    struct filtered *filtered = text ? malloc(sizeof *filtered + length) : NULL;
    if (filtered) {
        *filtered = (struct filtered){before, length};
        memcpy(filtered->text, text, length);
    } else if (text) {
        error_set(error, ERROR_MEMORY, "no memory for a record of %zu bytes", length);
    }
    free(text);
    return filtered;
}

static void work(void *context, struct record_entry *entry)
{
    const struct filtering *filtering = context;
    size_t before = entry->record.masks.count;
    if (filter_record(&filtering->plan, &entry->record, &entry->error) == 0)
        entry->data = make_text(filtering, &entry->record, before, &entry->error);
    if (!entry->data)
        error_prefix(&entry->error, "%s", entry->path);
}

static void refuse(struct filtering *filtering, const struct error *error)
{
    if (filtering->checking)
        return;
    filtering->refused++;
    command_progress_record(filtering->progress, true, 0);
    command_progress_say(filtering->progress, "filter", error->text);
}

static void count(struct filtering *filtering, const struct record_entry *entry)
{
    const struct filtered *filtered = entry->data;
    filtering->done++;
    command_progress_record(filtering->progress, false, entry->record.masks.count);
    filtering->unnamed += entry->record.unnamed;
    filtering->before += filtered->before;
    filtering->after += entry->record.masks.count;
}

static int begin(struct filtering *filtering, struct error *error)
{
    if (filtering->begun)
        return 0;
    filtering->begun = true;
    struct runfile_list fields = {0};
    int status = filter_plan_fields(&filtering->plan, filtering->settings, &filtering->source,
                                    &fields, error);
    if (status == 0)
        status =
            filter_output_begin(&filtering->output, &fields, filtering->settings->overwrite, error);
    runfile_free(&fields);
    return status;
}

/* Writes a record, or compares it with what is there. */
static int deliver(struct filtering *filtering, const struct record_entry *entry,
                   struct error *error)
{
    const struct filtered *filtered = entry->data;
    struct filter_output *output = &filtering->output;
    if (filtering->checking)
        return filter_output_check(output, entry->name, filtered->text, filtered->length, error);
    if (begin(filtering, error) ||
        filter_output_add(output, entry->name, filtered->text, filtered->length, error))
        return -1;
    count(filtering, entry);
    return 0;
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct filtering *filtering = context;
    if (!entry->data) {
        refuse(filtering, &entry->error);
        return 0;
    }
    if (deliver(filtering, entry, error) == 0)
        return 0;
    if (error->code != ERROR_RECORD)
        return -1;
    error_prefix(error, "%s", entry->path);
    refuse(filtering, error);
    return 0;
}

static int stream_records(struct filtering *filtering, bool checking, struct error *error)
{
    const struct settings *settings = filtering->settings;
    const struct record_stream stream = {.trust_folder = settings->trust_folder,
                                         .max_pixels = settings->max_pixels,
                                         .pool = filtering->decoder.pool,
                                         .work = work,
                                         .visit = visit,
                                         .context = filtering};
    filtering->checking = checking;
    hash_set_free(&filtering->output.names);
    return record_stream(&stream, filtering->records, error);
}

/* What is there with other content is refused before anything is written. */
static int filter_all(struct filtering *filtering, struct error *error)
{
    const struct filter_output *output = &filtering->output;
    bool again = folder_has(output->folder, FILTER_FILE);
    bool may_replace = output->was_empty || filtering->settings->overwrite;
    if ((again && begin(filtering, error)) ||
        (!may_replace && stream_records(filtering, true, error)) ||
        stream_records(filtering, false, error))
        return -1;
    if (filtering->done + filtering->refused == 0 && record_none(filtering->records, error))
        return -1;
    return filter_output_finish(&filtering->output, error);
}

static int run_filter(struct filtering *filtering, struct error *error)
{
    struct settings *settings = filtering->settings;
    settings_read_choices(settings);
    if (filter_source_read(&filtering->source, filtering->records, settings->trust_folder, error) ||
        filter_plan(&filtering->plan, settings, &filtering->source, filtering->records, error) ||
        decoder_start_and_open(&filtering->decoder, settings, error) ||
        filter_output_open(&filtering->output, filtering->records, settings, error))
        return -1;
    if (*filtering->plan.looser)
        plain_line(stderr, "maskmill filter: %s", filtering->plan.looser);
    if (*filtering->plan.order)
        plain_line(stderr, "maskmill filter: %s", filtering->plan.order);
    filtering->progress = command_progress_new();
    command_progress_expect(filtering->progress, ITEMS_UNKNOWN);
    int result = filter_all(filtering, error);
    progress_free(filtering->progress);
    return result;
}

enum exit_status filter_main(struct command_line *line)
{
    struct error error;
    struct filtering filtering = {.records = line->operands[0], .settings = &line->settings};
    int result = run_filter(&filtering, &error);
    decoder_stop(&filtering.decoder);
    filter_output_close(&filtering.output);
    filter_source_free(&filtering.source);
    if (result)
        return command_fail(line->command, &error);
    if (filtering.unnamed)
        fprintf(stderr,
                "maskmill filter: %llu records do not name their images: file_name is their own "
                "name\n",
                (unsigned long long)filtering.unnamed);
    printf("%llu records, %llu of %llu masks kept, %llu refused\n",
           (unsigned long long)filtering.done, (unsigned long long)filtering.after,
           (unsigned long long)filtering.before, (unsigned long long)filtering.refused);
    return filtering.refused ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
