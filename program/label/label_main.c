/* label_main.c - `maskmill label`: classes from CLIP for records that are there.
 *
 *   options -> CLIP, names -> output folder -> texts through CLIP -> records, read and named in parallel, written one
 *   after the other -> summary
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "jobs/items.h"
#include "jobs/memory_budget.h"
#include "jobs/progress.h"
#include "jobs/runfile.h"
#include "program/command.h"
#include "program/command_line.h"
#include "program/command_progress.h"
#include "program/decoder.h"
#include "program/filter/filter_output.h"
#include "program/filter/filter_source.h"
#include "program/label/label_record.h"
#include "program/label/label_workers.h"
#include "program/label/labels.h"
#include "program/settings.h"
#include "records/record_none.h"
#include "records/record_stream.h"

struct labelling {
    const char *records; /* path */
    struct settings *settings;
    struct filter_source source;
    struct filter_output output;
    struct runfile_list fields; /* owned: what the records are made with */
    bool replacing;             /* records of other classes may be there until the end */
    struct decoder decoder;
    struct labels *labels;
    struct label_workers *workers;
    struct folder *images;
    struct label_context context;
    struct progress *progress; /* NULL: none is shown */
    uint64_t done, there, refused, masks, named;
};

/* A record with classes, from work to visit. */
struct labelled {
    bool there; /* an earlier start has written it */
    size_t named;
    size_t length;
    char *text; /* [length] behind the struct */
};

static bool is_there(const struct labelling *labelling, const char *name)
{
    char *file;
    if (labelling->settings->overwrite || asprintf(&file, "%s.json", name) < 0)
        return false;
    bool found = folder_has(labelling->output.folder, file);
    free(file);
    return found;
}

static size_t count_named(const struct record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->masks.count; i++)
        count += record_category(record, i) != NULL;
    return count;
}

/* The struct and the text in one block, as the stream frees it. NULL with ERROR_MEMORY. */
static struct labelled *pack(const char *text, size_t length, struct error *error)
{
    struct labelled *labelled = malloc(sizeof *labelled + length);
    if (!labelled) {
        error_set(error, ERROR_MEMORY, "no memory for a record of %zu bytes", length);
        return NULL;
    }
    *labelled = (struct labelled){.length = length, .text = (char *)(labelled + 1)};
    memcpy(labelled->text, text, length);
    return labelled;
}

static void work(void *context, struct record_entry *entry)
{
    const struct labelling *labelling = context;
    struct labelled *labelled = NULL;
    size_t length;
    if (is_there(labelling, entry->name)) {
        if ((labelled = pack("", 0, &entry->error)))
            labelled->there = true;
        entry->data = labelled;
        return;
    }
    char *text = label_record(&labelling->context, entry, &length, &entry->error);
    if (text && (labelled = pack(text, length, &entry->error)))
        labelled->named = count_named(&entry->record);
    free(text);
    entry->data = labelled;
    if (!labelled)
        error_prefix(&entry->error, "%s", entry->path);
}

/* Passes over records of files of their own that are there, unread. */
static bool wanted(void *context, const char *file)
{
    struct labelling *labelling = context;
    size_t length = strlen(file);
    bool json = length > 5 && strcmp(file + length - 5, ".json") == 0;
    if (!json || labelling->settings->overwrite || !folder_has(labelling->output.folder, file))
        return true;
    labelling->there++;
    return false;
}

static void refuse(struct labelling *labelling, const struct error *error)
{
    labelling->refused++;
    command_progress_record(labelling->progress, true, 0);
    command_progress_say(labelling->progress, "label", error->text);
}

static int write_record(struct labelling *labelling, const struct record_entry *entry,
                        struct error *error)
{
    const struct labelled *labelled = entry->data;
    if (labels_check_unchanged(labelling->labels, error) ||
        filter_output_add(&labelling->output, entry->name, labelled->text, labelled->length, error))
        return -1;
    labelling->done++;
    labelling->masks += entry->record.masks.count;
    labelling->named += labelled->named;
    command_progress_record(labelling->progress, false, entry->record.masks.count);
    return 0;
}

static int pass_over(struct labelling *labelling, const struct record_entry *entry,
                     struct error *error)
{
    labelling->there++;
    return filter_output_claim(&labelling->output, entry->name, error);
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct labelling *labelling = context;
    const struct labelled *labelled = entry->data;
    if (!labelled) {
        refuse(labelling, &entry->error);
        return 0;
    }
    if ((labelled->there ? pass_over(labelling, entry, error)
                         : write_record(labelling, entry, error)) == 0)
        return 0;
    if (error->code != ERROR_RECORD)
        return -1;
    error_prefix(error, "%s", entry->path);
    refuse(labelling, error);
    return 0;
}

/* Notes what the records in the folder are made with. */
static int note_fields(struct labelling *labelling, struct error *error)
{
    return filter_output_begin(&labelling->output, &labelling->fields,
                               labelling->settings->overwrite, error);
}

static int label_all(struct labelling *labelling, struct error *error)
{
    const struct settings *settings = labelling->settings;
    const struct record_stream stream = {.trust_folder = settings->trust_folder,
                                         .max_pixels = settings->max_pixels,
                                         .pool = labelling->decoder.pool,
                                         .wanted = wanted,
                                         .work = work,
                                         .visit = visit,
                                         .context = labelling};
    if (record_stream(&stream, labelling->records, error))
        return -1;
    if (labelling->done + labelling->there + labelling->refused == 0 &&
        record_none(labelling->records, error))
        return -1;
    if (filter_output_finish(&labelling->output, error))
        return -1;
    return labelling->replacing ? note_fields(labelling, error) : 0;
}

/* Sets the fields that say what the classes are made with. */
static int set_fields(const struct labelling *labelling, struct runfile_list *fields,
                      struct error *error)
{
    char classes[DIGEST_TEXT], clip[DIGEST_TEXT], least[32];
    const struct settings *settings = labelling->settings;
    labels_digest(labelling->labels, classes);
    snprintf(least, sizeof least, "%.17g", settings->class_min);
    /* "scale-16bit" is what the masks were made with. */
    if (strcmp(settings->scale_16bit, "none") != 0 &&
        runfile_set(fields, "classes-scale-16bit", settings->scale_16bit, error))
        return -1;
    return labels_clip_digest(labelling->labels, clip, error) ||
                   runfile_set(fields, "classes_sha256", classes, error) ||
                   runfile_set(fields, "clip_sha256", clip, error) ||
                   runfile_set(fields, "clip-background", settings->clip_background, error) ||
                   runfile_set(fields, "class-min", least, error)
               ? -1
               : 0;
}

/* Opens the folder, which is empty, or one that an earlier start with the same classes has begun. */
static int open_output(struct labelling *labelling, struct error *error)
{
    const struct settings *settings = labelling->settings;
    struct filter_output *output = &labelling->output;
    if (filter_output_open(output, labelling->records, settings, error))
        return -1;
    if (!output->was_empty && !settings->overwrite && !folder_has(output->folder, FILTER_FILE))
        return error_set(error, ERROR_USAGE,
                         "-o %s: is not empty; choose another folder, or --overwrite to replace "
                         "records of the same names",
                         settings->output);
    if (filter_source_fields(&labelling->source, &labelling->fields, error) ||
        set_fields(labelling, &labelling->fields, error))
        return -1;
    /* While records are replaced, none of those that are there counts as done after a kill. */
    labelling->replacing = settings->overwrite && !output->was_empty;
    return labelling->replacing ? folder_remove(output->folder, FILTER_FILE, error)
                                : note_fields(labelling, error);
}

static int check_options(const struct settings *settings, struct error *error)
{
    if (!settings->classes)
        return error_set(error, ERROR_USAGE,
                         "--classes FILE is missing: names of classes, one a line");
    if (!settings->images)
        return error_set(error, ERROR_USAGE, "--images DIR is missing: the folder of the images");
    return labels_check_options(settings, error);
}

/* Everything before the first record; the decoder's server runs already. */
static int set_up(struct labelling *labelling, struct error *error)
{
    struct settings *settings = labelling->settings;
    if (filter_source_read(&labelling->source, labelling->records, settings->trust_folder, error) ||
        labels_open_classes(&labelling->labels, settings, error) || open_output(labelling, error) ||
        labels_prepare(labelling->labels, budget_cpus(""), error) ||
        label_workers_new(&labelling->workers, labelling->labels, settings, error) ||
        decoder_open(&labelling->decoder, settings, label_workers_count(labelling->workers), error))
        return -1;
    labelling->images = folder_open(settings->images, settings->trust_folder, error);
    labelling->context = (struct label_context){labelling->labels, labelling->workers,
                                                labelling->images, labelling->decoder.pool};
    return labelling->images ? 0 : error_prefix(error, "--images");
}

static int run_label(struct labelling *labelling, struct error *error)
{
    /* The decoder forks, so it starts before the first thread. */
    if (check_options(labelling->settings, error) || decoder_start(&labelling->decoder, error) ||
        set_up(labelling, error))
        return -1;
    labelling->progress = command_progress_new();
    command_progress_expect(labelling->progress, ITEMS_UNKNOWN);
    int result = label_all(labelling, error);
    progress_free(labelling->progress);
    return result;
}

enum exit_status label_main(struct command_line *line)
{
    struct error error;
    struct labelling labelling = {.records = line->operands[0], .settings = &line->settings};
    int result = run_label(&labelling, &error);
    decoder_stop(&labelling.decoder);
    label_workers_free(labelling.workers);
    labels_free(labelling.labels);
    folder_close(labelling.images);
    filter_output_close(&labelling.output);
    runfile_free(&labelling.fields);
    filter_source_free(&labelling.source);
    if (result)
        return command_fail(line->command, &error);
    printf("%llu records, %llu of %llu masks have a class, %llu refused",
           (unsigned long long)labelling.done, (unsigned long long)labelling.named,
           (unsigned long long)labelling.masks, (unsigned long long)labelling.refused);
    if (labelling.there)
        printf(", %llu were there", (unsigned long long)labelling.there);
    printf("\n");
    return labelling.refused ? EXIT_SOME_FAILED : EXIT_ALL_DONE;
}
