#include "pipeline/export.h"

#include <stdlib.h>

#include "base/atomic.h"
#include "base/error.h"
#include "pipeline/image_path.h"
#include "pipeline/record.h"
#include "pipeline/record_walk.h"
#include "pipeline/writer.h"

static int add_to_all(struct export_job *job, const struct record *record, const char *name,
                      struct error *error)
{
    char *image = NULL;
    if (job->images && !(image = image_path(job->images, record->file_name, error)))
        return -1;
    const struct writer_item item = {.record = record, .name = name, .image_path = image};
    int result = 0;
    for (size_t i = 0; result == 0 && i < job->writer_count; i++)
        result = writer_add(job->writers[i], &item, error);
    free(image);
    return result;
}

static int visit(void *context, const char *path, const char *name, struct error *error)
{
    struct export_job *job = context;
    struct record record;
    struct error own = {0};
    int result = record_read(&record, path, NULL, &own);
    if (result == 0) {
        result = add_to_all(job, &record, name, &own);
        if (result)
            error_prefix(&own, "%s", path);
        record_free(&record);
    } else if (own.code == ERROR_IO) {
        own.code = ERROR_RECORD; /* reading one record is not writing: others may be readable */
    }
    if (result == 0) {
        job->done++;
        return job->batch && atomic_batch_due(job->batch) ? atomic_batch_flush(job->batch, error)
                                                          : 0;
    }
    if (own.code == ERROR_RECORD || own.code == ERROR_IMAGE) {
        job->failed++;
        job->refused(job->context, own.text);
        return 0;
    }
    *error = own;
    return -1;
}

int export_records(struct export_job *job, struct error *error)
{
    return record_walk(job->records, visit, job, error);
}
