#include "records/export.h"

#include <stdlib.h>

#include "base/atomic_batch.h"
#include "base/error.h"
#include "records/image_path.h"
#include "records/record.h"
#include "records/record_stream.h"
#include "records/writer.h"

/* Completes a record that another tool wrote without its image. */
static void work(void *context, struct record_entry *entry)
{
    const struct export_job *job = context;
    struct record *record = &entry->record;
    int result = 0;
    if (job->images && (record->unnamed || record->width == 0))
        result = image_path_complete(record, job->images, &entry->error);
    else if (record->width == 0)
        result = error_set(&entry->error, ERROR_RECORD,
                           "it has no mask that says the image's size; --images DIR finds it");
    if (result) {
        error_prefix(&entry->error, "%s", entry->path);
        entry->usable = false;
    }
}

static int add_to_all(struct export_job *job, const struct record *record, const char *name,
                      struct error *error)
{
    char *image = job->find_image ? job->find_image(job->context, record->file_name) : NULL;
    if (job->images && !(image = image_path(job->images, record->file_name, error)))
        return -1;
    const struct writer_item item = {.record = record, .name = name, .image_path = image};
    int result = 0;
    for (size_t i = 0; result == 0 && i < job->writer_count; i++)
        result = writer_add(job->writers[i], &item, error);
    free(image);
    return result;
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct export_job *job = context;
    struct error own = entry->error;
    int result = entry->usable ? 0 : -1;
    if (entry->usable && add_to_all(job, &entry->record, entry->name, &own))
        result = error_prefix(&own, "%s", entry->path);
    if (result == 0) {
        job->done++;
        job->unnamed += entry->record.unnamed;
        return job->batch && atomic_batch_due(job->batch) ? atomic_batch_flush(job->batch, error)
                                                          : 0;
    }
    /* An unreadable record is skipped for any reason, also an I/O error: others may be readable. */
    if (!entry->usable || own.code == ERROR_RECORD || own.code == ERROR_IMAGE) {
        job->failed++;
        job->refused(job->context, own.text);
        return 0;
    }
    *error = own;
    return -1;
}

int export_records(struct export_job *job, struct error *error)
{
    const struct record_stream stream = {.work = work, .visit = visit, .context = job};
    return record_stream(&stream, job->records, error);
}
