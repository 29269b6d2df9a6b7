#include "program/report/report_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/path.h"
#include "program/command_progress.h"
#include "program/report/report_json.h"
#include "program/report/report_ledger.h"
#include "program/report/report_masks.h"
#include "program/report/report_output.h"
#include "records/image_path.h"
#include "records/record_none.h"
#include "records/record_png.h"
#include "records/record_stream.h"
#include "records/record_walk.h"
#include "records/stats.h"

enum { CHUNK_IMAGES = 64, CHUNK_BYTES = 1 << 20 };

/* The document images-R-C that is being filled. */
struct chunk {
    struct json_text rows, images;
    size_t count;
    long number;
};

struct writing {
    struct report_run *run;
    struct report_output *output;
    struct chunk chunk;
};

/* The photograph of a record, if it has one and its row is among those that show one. */
static int read_photo(const struct report_run *run, const struct record_entry *entry,
                      struct report_photo *photo, struct error *error)
{
    struct report_photos photos = run->source->photos;
    /* Rows are counted when they are visited, so this is the count at the start of the batch. */
    if (run->rows.count >= run->source->thumbs_most)
        photos.thumb_side = photos.copy_side = 0;
    return report_photo_read(&photos, entry->record.file_name, photo, error);
}

int report_run_complete(const struct report_source *source, struct record *record,
                        struct error *error)
{
    if (!source->images || !(record->unnamed || record->width == 0) ||
        image_path_complete(record, source->images, source->photos.pool, error) == 0)
        return 0;
    if (error->code == ERROR_MEMORY)
        return -1;
    *error = (struct error){0}; /* an image that is not found costs the photograph, not the masks */
    return 0;
}

static void work(void *context, struct record_entry *entry)
{
    const struct writing *writing = context;
    struct report_photo photo = {0};
    int result = report_run_complete(writing->run->source, &entry->record, &entry->error);
    if (result == 0)
        result = read_photo(writing->run, entry, &photo, &entry->error);
    if (result == 0)
        entry->data = report_masks_entry(&entry->record, &photo, &entry->error);
    report_photo_free(&photo);
}

/* Writes the document that is being filled, and begins the next. */
static int flush(struct writing *writing, struct error *error)
{
    struct chunk *chunk = &writing->chunk;
    struct json_text text = {0};
    char name[48];
    if (chunk->count == 0)
        return 0;
    snprintf(name, sizeof name, "images-%d-%ld", writing->run->number, chunk->number);
    text.no_memory = chunk->rows.no_memory || chunk->images.no_memory;
    json_text_raw(&text, "{\"rows\":[");
    json_text_bytes(&text, chunk->rows.bytes, chunk->rows.used);
    json_text_raw(&text, "],\"images\":[");
    json_text_bytes(&text, chunk->images.bytes, chunk->images.used);
    json_text_raw(&text, "]}");
    int result = report_output_add(writing->output, name, &text, error);
    json_text_free(&text);
    chunk->rows.used = chunk->images.used = chunk->count = 0;
    chunk->number++;
    return result;
}

static int write_photo(struct writing *writing, size_t row, const struct report_entry *entry,
                       struct error *error)
{
    char name[48];
    struct json_text text = {0};
    if (!entry->photo)
        return 0;
    snprintf(name, sizeof name, "photo-%d-%zu", writing->run->number, row);
    json_text_bytes(&text, entry->photo, entry->photo_length);
    int result = report_output_add(writing->output, name, &text, error);
    json_text_free(&text);
    return result;
}

static int add_to_chunk(struct writing *writing, size_t row, const struct report_entry *entry,
                        struct error *error)
{
    struct chunk *chunk = &writing->chunk;
    size_t bytes = chunk->images.used + entry->masks_length;
    if ((chunk->count == CHUNK_IMAGES || bytes > CHUNK_BYTES) && flush(writing, error))
        return -1;
    json_text_raw(&chunk->rows, chunk->count ? "," : "");
    json_text_integer(&chunk->rows, (int64_t)row);
    json_text_raw(&chunk->images, chunk->count ? ",\n" : "");
    json_text_bytes(&chunk->images, entry->masks, entry->masks_length);
    chunk->count++;
    return 0;
}

static int keep_text(const struct report_source *source, size_t row,
                     const struct record_entry *entry, struct error *error)
{
    return source->keep ? source->keep(source->context, row, entry->text, entry->text_length, error)
                        : 0;
}

static int add_image(struct writing *writing, const struct record_entry *visited,
                     struct error *error)
{
    struct report_run *run = writing->run;
    const struct record *record = &visited->record;
    const struct report_entry *entry = visited->data;
    size_t place = run->rows.count;
    struct report_row *row = report_rows_add(&run->rows, record->file_name, REPORT_DONE, error);
    if (!row)
        return -1;
    if (visited->file && !(row->file = strdup(visited->file)))
        return error_set(error, ERROR_MEMORY, "%s: no memory to list it", visited->path);
    run->one_file = run->one_file || !row->file || record_png_is(row->file);
    row->width = record->width;
    row->height = record->height;
    row->masks = record->masks.count;
    row->iou = entry->iou;
    row->stability = entry->stability;
    row->covered = entry->covered;
    row->missing = entry->missing;
    run->missing += entry->missing;
    stats_add(run->stats, record, entry->measures);
    row->chunk = (long)place;
    if (!row->file && keep_text(run->source, place, visited, error))
        return -1;
    if (!writing->output)
        return 0;
    if (add_to_chunk(writing, place, entry, error) || write_photo(writing, place, entry, error))
        return -1;
    row->chunk = writing->chunk.number;
    return 0;
}

static int add_refused(struct writing *writing, const struct record_entry *entry,
                       struct error *error)
{
    struct report_run *run = writing->run;
    struct report_row *row = report_rows_add(&run->rows, entry->name, REPORT_REFUSED, error);
    if (!row || !(row->reason = strdup(entry->error.text)))
        return error_set(error, ERROR_MEMORY, "%s: no memory to list it", entry->path);
    run->refused++;
    run->stats->refused++;
    run->source->refused(run->source->context, entry->error.text);
    return 0;
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct writing *writing = context;
    bool usable = entry->usable && entry->data;
    command_progress_record(writing->run->source->progress, !usable, entry->record.masks.count);
    return usable ? add_image(writing, entry, error) : add_refused(writing, entry, error);
}

static int write_records(struct writing *writing, struct error *error)
{
    const struct report_source *source = writing->run->source;
    const struct record_stream stream = {.trust_folder = source->trust_folder,
                                         .max_pixels = source->max_pixels,
                                         .pool = source->photos.pool,
                                         .work = work,
                                         .visit = visit,
                                         .context = writing};
    return record_stream(&stream, source->records, error) || flush(writing, error) ? -1 : 0;
}

/* Reads the ledgers, where there are any. */
static int complete(struct report_run *run, struct error *error)
{
    struct stat status;
    const struct report_source *source = run->source;
    if (stat(source->records, &status) || !S_ISDIR(status.st_mode))
        return 0;
    struct folder *folder = folder_open(source->records, source->trust_folder, error);
    int result = folder ? 0 : -1;
    if (result == 0 && folder_has(folder, PATH_RUN_FOLDER)) {
        run->ledger = report_ledger_read(folder, error);
        result = run->ledger ? report_ledger_complete(run->ledger, &run->rows, error) : -1;
    }
    folder_close(folder);
    return result;
}

static int count_file(void *context, const char *file, const char *name, struct error *error)
{
    (void)file, (void)name, (void)error;
    ++*(size_t *)context;
    return 0;
}

int report_run_count(const char *records, bool trust_folder, size_t *count, struct error *error)
{
    struct stat status;
    *count = 1;
    if (stat(records, &status) || !S_ISDIR(status.st_mode))
        return 0;
    *count = 0;
    struct folder *folder = folder_open(records, trust_folder, error);
    int result = folder ? record_walk(folder, count_file, count, error) : -1;
    folder_close(folder);
    return result;
}

int report_run_write(struct report_run *run, struct report_output *output, struct error *error)
{
    struct writing writing = {.run = run, .output = output};
    run->stats = memory_new(1, sizeof *run->stats, "statistics", error);
    if (!run->stats)
        return -1;
    stats_begin(run->stats);
    int result = write_records(&writing, error);
    json_text_free(&writing.chunk.rows);
    json_text_free(&writing.chunk.images);
    if (result || complete(run, error))
        return -1;
    if (run->rows.count == 0 && record_none(run->source->records, error))
        return -1;
    run->documents = report_rows_documents(&run->rows);
    return output ? report_rows_write(&run->rows, run->number, output, error) : 0;
}

void report_run_free(struct report_run *run)
{
    report_rows_free(&run->rows);
    report_ledger_free(run->ledger);
    memory_free(run->stats);
}
