#include "records/record_stream.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "records/record_collection.h"
#include "records/record_png.h"
#include "records/record_walk.h"

/* Entries read in parallel, and the bytes of their files or texts: enough for many cores, little
 * memory. */
enum { BATCH = 64, BATCH_BYTES = RECORD_FILE_MAX };

struct batch {
    const struct record_stream *stream;
    const struct folder *folder;
    struct record_entry entries[BATCH];
    size_t count;
    size_t bytes;
    int stopped; /* what a visit stopped with; used for files of many images only */
};

void record_entry_fault(struct record_entry *entry, long annotation, const char *reason)
{
    const struct record_fault fault = {annotation, strdup(reason)};
    if (!fault.reason) {
        error_set(&entry->error, ERROR_MEMORY, "%s: no memory for a message", entry->path);
        return;
    }
    if (memory_grow((void **)&entry->faults, &entry->fault_capacity, entry->fault_count + 1,
                    sizeof *entry->faults, &entry->error))
        free(fault.reason);
    else
        entry->faults[entry->fault_count++] = fault;
}

/* A damaged record may have millions of faults. */
static void collect(void *context, long annotation, const char *reason)
{
    struct record_entry *entry = context;
    if (entry->fault_count < RECORD_FAULTS_MAX)
        record_entry_fault(entry, annotation, reason);
    else if (entry->fault_count == RECORD_FAULTS_MAX)
        record_entry_fault(entry, -1, "has more faults, which are not listed");
}

/* Reads the entry's record from its text or its file. */
static int read_record(const struct record_stream *stream, struct record_entry *entry,
                       const struct record_faults *faults, struct error *error)
{
    if (!entry->text && record_png_is(entry->file) &&
        !(entry->text = record_png_text(entry->folder, entry->file, stream->pool,
                                        &entry->text_length, error)))
        return -1;
    const struct record_source source = {.bytes = entry->text,
                                         .length = entry->text_length,
                                         .name = entry->name,
                                         .max_pixels = stream->max_pixels};
    if (!entry->text)
        return record_read(&entry->record, entry->folder, entry->file, &source, faults, error);
    int status = record_parse(&entry->record, &source, faults, error);
    return status ? error_prefix(error, "%s", entry->path) : 0;
}

/* The record's name: without ".json"; of a folder of PNG files, the folder's. */
static char *name_of(const char *file, struct error *error)
{
    size_t length = path_stem_length(file);
    if (record_png_is(file) && strcmp(file, RECORD_PNG_METADATA) != 0)
        length = (size_t)(path_base(file) - file) - 1;
    char *name = strndup(file, length);
    if (!name)
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", file);
    return name;
}

int record_stream_read(const struct record_stream *stream, const struct folder *folder,
                       const char *file, struct record *record, struct error *error)
{
    char *name = name_of(file, error);
    struct record_entry entry = {.path = file, .name = name, .folder = folder, .file = file};
    int result = name ? read_record(stream, &entry, NULL, error) : -1;
    *record = entry.record;
    free(entry.text);
    free(name);
    return result;
}

/* Whether the name says that the entry's file holds many images. */
static bool is_collection(const struct record_entry *entry)
{
    return !entry->text && entry->file &&
           (record_collection_is_ndjson(entry->file) || record_collection_is_tar(entry->file));
}

static void read_entry(const struct record_stream *stream, struct record_entry *entry)
{
    const struct record_faults faults = {collect, entry};
    struct error error = {0};
    if (is_collection(entry) || entry->error.code)
        return;
    entry->usable = read_record(stream, entry, stream->every_fault ? &faults : NULL, &error) == 0;
    if (!entry->usable)
        entry->error = error;
    else if (stream->work)
        stream->work(stream->context, entry);
}

static void entry_free(struct record_entry *entry)
{
    free((char *)entry->path); /* with entry->file, its end */
    free((char *)entry->name);
    free(entry->text);
    record_free(&entry->record);
    for (size_t i = 0; i < entry->fault_count; i++)
        free(entry->faults[i].reason);
    free(entry->faults);
    free(entry->data);
    *entry = (struct record_entry){0};
}

static struct batch *batch_new(const struct record_stream *stream, const char *what,
                               struct error *error)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch)
        batch->stream = stream;
    else
        error_set(error, ERROR_MEMORY, "%s: no memory to read its records", what);
    return batch;
}

static void batch_free(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        entry_free(&batch->entries[i]);
    free(batch);
}

static int visit_entry(const struct record_stream *stream, struct record_entry *entry,
                       struct error *error);

/* Reads the batch's entries in parallel, visits them in order, and empties the batch. */
static int flush(struct batch *batch, struct error *error)
{
    const struct record_stream *stream = batch->stream;
    int result = 0;
#pragma omp parallel for schedule(dynamic)
    for (size_t i = 0; i < batch->count; i++)
        read_entry(stream, &batch->entries[i]);
    for (size_t i = 0; result == 0 && i < batch->count; i++)
        result = visit_entry(stream, &batch->entries[i], error);
    for (size_t i = 0; i < batch->count; i++)
        entry_free(&batch->entries[i]);
    batch->count = batch->bytes = 0;
    return result;
}

/* Flushes the batch if it has enough after an entry of this size. */
static int flush_if_full(struct batch *batch, size_t bytes, struct error *error)
{
    batch->bytes += bytes;
    return batch->count == BATCH || batch->bytes >= BATCH_BYTES ? flush(batch, error) : 0;
}

static int add_part(void *context, struct record_part *part, struct error *error)
{
    struct batch *batch = context;
    batch->entries[batch->count++] = (struct record_entry){.path = part->label,
                                                           .name = part->name,
                                                           .text = part->text,
                                                           .text_length = part->length,
                                                           .error = part->error};
    batch->stopped = flush_if_full(batch, part->length, error);
    return batch->stopped;
}

/* If the entry's file holds many images, visits them. Returns 1 if it does, 0 if not, or, in
 * *stopped, what `visit` stopped with. */
static int visit_collection(const struct record_stream *stream, struct record_entry *entry,
                            int *stopped, struct error *error)
{
    struct error own = {0};
    struct batch *batch = batch_new(stream, entry->path, error);
    *stopped = batch ? 0 : -1;
    if (!batch)
        return 0;
    const struct record_file file = {
        .folder = entry->folder, .name = entry->file, .path = entry->path, .pool = stream->pool};
    int many = record_collection_read(&file, add_part, batch, &own);
    *stopped = batch->stopped;
    if (*stopped)
        *error = own;
    else if (many)
        *stopped = flush(batch, error); /* what comes before the damage, too */
    if (many < 0 && !*stopped)
        entry->error = own;
    batch_free(batch);
    return many > 0;
}

static int visit_entry(const struct record_stream *stream, struct record_entry *entry,
                       struct error *error)
{
    int stopped = 0;
    /* Only what cannot be read as a record may be a file of many. */
    if (!entry->usable && !entry->text && !record_png_is(entry->file) &&
        visit_collection(stream, entry, &stopped, error))
        return stopped;
    if (stopped)
        return stopped;
    if (entry->error.code != ERROR_MEMORY)
        return stream->visit(stream->context, entry, error);
    *error = entry->error;
    return -1;
}

static int add(void *context, const char *file, const char *name, struct error *error)
{
    struct batch *batch = context;
    struct stat status;
    char *path;
    if (batch->stream->wanted && !batch->stream->wanted(batch->stream->context, file))
        return 0;
    struct record_entry *entry = &batch->entries[batch->count++];
    if (asprintf(&path, "%s%s", batch->folder->prefix, file) < 0)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", file);
    entry->folder = batch->folder;
    entry->path = path;
    entry->file = path + strlen(batch->folder->prefix);
    entry->name = strdup(name);
    if (!entry->name)
        return error_set(error, ERROR_MEMORY, "%s: no memory for its name", path);
    bool regular = folder_stat(batch->folder, file, &status) == 0 && S_ISREG(status.st_mode);
    return flush_if_full(batch, regular ? (size_t)status.st_size : 0, error);
}

/* Walks the folder, or visits the one `file` in it. */
static int read_all(const struct record_stream *stream, const struct folder *folder,
                    const char *file, struct error *error)
{
    struct batch *batch = batch_new(stream, folder->path, error);
    if (!batch)
        return -1;
    batch->folder = folder;
    int result = file ? record_walk_file(folder, file, add, batch, error)
                      : record_walk(folder, add, batch, error);
    if (result == 0)
        result = flush(batch, error);
    batch_free(batch);
    return result;
}

int record_stream(const struct record_stream *stream, const char *path, struct error *error)
{
    struct stat status;
    const char *file = NULL;
    bool one = stat(path, &status) == 0 && S_ISREG(status.st_mode) && record_walk_is_record(path);
    struct folder *folder =
        one ? folder_of(path, &file, error) : folder_open(path, stream->trust_folder, error);
    int result = folder ? read_all(stream, folder, file, error) : -1;
    folder_close(folder);
    return result;
}
