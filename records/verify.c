#include "records/verify.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image_pool.h"
#include "records/embeddings.h"
#include "records/image_path.h"
#include "records/record_stream.h"

struct verification {
    struct verify_job *job;
    struct folder *images; /* job->images, open; or NULL */
    int64_t *ids;          /* of all records, owned */
    size_t count, capacity;
};

/* Whether the record's file is also found under the name of `length` bytes: the file system does not
 * tell it from the record's own (it has no case, or stores accents apart). */
static bool is_also_called(const struct record_entry *entry, const char *name, size_t length)
{
    struct stat own, other;
    char *file;
    if (!entry->file)
        return false;
    int folder = (int)(path_base(entry->file) - entry->file);
    if (asprintf(&file, "%.*s%.*s.json", folder, entry->file, (int)length, name) < 0)
        return false;
    /* Inodes tell nothing in FUSE. A file apart would be a second record of the image. */
    bool same = folder_stat(entry->folder, entry->file, &own) == 0 &&
                folder_stat(entry->folder, file, &other) == 0 && own.st_size == other.st_size &&
                own.st_mtim.tv_sec == other.st_mtim.tv_sec &&
                own.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
    free(file);
    return same;
}

/* Records are named after their images: by the whole path, or by its last component alone. */
static void check_name(struct record_entry *entry)
{
    const char *file_name = entry->record.file_name;
    const char *last = path_base(file_name);
    size_t length = path_stem_length(last);
    const char *own = path_base(entry->name);
    if ((strlen(own) == length && strncmp(own, last, length) == 0) ||
        is_also_called(entry, last, length))
        return;
    char reason[ERROR_TEXT_SIZE];
    snprintf(reason, sizeof reason, "file_name \"%.300s\" is not that of a record called %.300s",
             file_name, own);
    record_entry_fault(entry, -1, reason);
}

static void check_image(struct record_entry *entry, const struct verification *verification)
{
    struct error error;
    struct image_header header;
    const struct record *record = &entry->record;
    const struct folder *images = verification->images;
    struct image_pool *pool = verification->job->pool;
    bool read = image_path_complete(&entry->record, images, pool, &error) == 0 &&
                image_path_header(images, record->file_name, pool, &header, &error) == 0;
    if (!read && error.code == ERROR_MEMORY) {
        entry->error = error; /* says nothing about the image */
    } else if (!read) {
        record_entry_fault(entry, -1, error.text);
    } else if (header.width != (int64_t)record->width || header.height != (int64_t)record->height) {
        char reason[ERROR_TEXT_SIZE];
        snprintf(reason, sizeof reason, "the record says %u x %u pixels, the image has %d x %d",
                 record->width, record->height, header.width, header.height);
        record_entry_fault(entry, -1, reason);
    }
}

/* Where a run has embeddings, each record has a row for each of its masks. */
static void check_embeddings(struct record_entry *entry)
{
    struct error error;
    struct embeddings found;
    char reason[96];
    if (entry->fault_count || !entry->folder || !folder_has(entry->folder, EMBEDDINGS_FOLDER))
        return;
    int there = embeddings_of_record(&found, entry->folder, entry->name, &error);
    if (there < 0 && error.code == ERROR_MEMORY) {
        entry->error = error; /* says nothing about the record */
    } else if (there <= 0) {
        record_entry_fault(entry, -1, there ? error.text : "it has no file in " EMBEDDINGS_FOLDER);
    } else {
        snprintf(reason, sizeof reason, "it has %zu masks, its embeddings have %zu rows",
                 entry->record.masks.count, found.count);
        if (found.count != entry->record.masks.count)
            record_entry_fault(entry, -1, reason);
        embeddings_free(&found);
    }
}

static void work(void *context, struct record_entry *entry)
{
    const struct verification *verification = context;
    if (!entry->record.unnamed)
        check_name(entry);
    check_embeddings(entry);
    if (verification->images)
        check_image(entry, verification);
}

static int note_id(struct verification *verification, int64_t id, struct error *error)
{
    if (memory_grow((void **)&verification->ids, &verification->capacity, verification->count + 1,
                    sizeof *verification->ids, error))
        return -1;
    verification->ids[verification->count++] = id;
    return 0;
}

static void report(struct verify_job *job, const char *path, long annotation, const char *reason)
{
    job->faults++;
    job->found(job->context, path, annotation, reason);
}

/* The text without "PATH: " at its beginning. */
static const char *without_path(const char *text, const char *path)
{
    size_t length = strlen(path);
    return strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0
               ? text + length + 2
               : text;
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct verification *verification = context;
    struct verify_job *job = verification->job;
    job->records_read++;
    for (size_t i = 0; i < entry->fault_count; i++)
        report(job, entry->path, entry->faults[i].annotation, entry->faults[i].reason);
    if (!entry->usable && entry->fault_count == 0)
        report(job, entry->path, -1, without_path(entry->error.text, entry->path));
    if (!entry->usable)
        return 0;
    job->annotations += entry->record.masks.count;
    return note_id(verification, entry->record.image_id, error);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Reduces the ids to those that occur more than once, each kept once. */
static void keep_repeated(struct verification *verification)
{
    size_t kept = 0;
    int64_t *ids = verification->ids;
    if (verification->count)
        qsort(ids, verification->count, sizeof *ids, compare);
    for (size_t i = 1; i < verification->count; i++)
        if (ids[i] == ids[i - 1] && (kept == 0 || ids[kept - 1] != ids[i]))
            ids[kept++] = ids[i];
    verification->count = kept;
}

/* Second walk, if ids repeat: reports the records that have them. */
static int visit_repeated(void *context, const struct record_entry *entry, struct error *error)
{
    struct verification *verification = context;
    (void)error;
    if (entry->usable && bsearch(&entry->record.image_id, verification->ids, verification->count,
                                 sizeof *verification->ids, compare)) {
        char reason[96];
        snprintf(reason, sizeof reason, "image_id %lld stands in more than one record",
                 (long long)entry->record.image_id);
        report(verification->job, entry->path, -1, reason);
    }
    return 0;
}

int verify_records(struct verify_job *job, struct error *error)
{
    struct verification verification = {.job = job};
    const struct record_stream first = {.trust_folder = job->trust_folder,
                                        .max_pixels = job->max_pixels,
                                        .pool = job->pool,
                                        .every_fault = true,
                                        .work = work,
                                        .visit = visit,
                                        .context = &verification};
    const struct record_stream second = {.trust_folder = job->trust_folder,
                                         .max_pixels = job->max_pixels,
                                         .pool = job->pool,
                                         .every_fault = true,
                                         .visit = visit_repeated,
                                         .context = &verification};
    if (job->images && !(verification.images = folder_open(job->images, job->trust_folder, error)))
        return -1;
    int result = record_stream(&first, job->records, error);
    if (result == 0) {
        keep_repeated(&verification);
        if (verification.count)
            result = record_stream(&second, job->records, error);
    }
    folder_close(verification.images);
    free(verification.ids);
    return result;
}
