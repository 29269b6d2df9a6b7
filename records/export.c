#include "records/export.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_batch.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/hash_set.h"
#include "base/memory.h"
#include "records/image_path.h"
#include "records/image_place.h"
#include "records/record.h"
#include "records/record_stream.h"
#include "records/review.h"
#include "records/review_apply.h"
#include "records/writer.h"

struct exporting {
    struct export_job *job;
    struct folder *images; /* job->images, open; or NULL */
    struct hash_set names; /* that were written */
    bool *met; /* [review_count] images of the review of which there is a record; or NULL */
};

/* What people decided about a record's image; NULL: nothing. */
static const struct review_image *reviewed(const struct exporting *exporting,
                                           const struct record *record)
{
    const struct review *review = exporting->job->review;
    return review && record->file_name ? review_of(review, record->file_name) : NULL;
}

/* Completes a record that another tool wrote without its image, and corrects it. */
static void work(void *context, struct record_entry *entry)
{
    const struct exporting *exporting = context;
    struct record *record = &entry->record;
    int result = 0;
    if (exporting->images && (record->unnamed || record->width == 0))
        result =
            image_path_complete(record, exporting->images, exporting->job->pool, &entry->error);
    else if (record->width == 0)
        result = error_set(&entry->error, ERROR_RECORD,
                           "it has no mask that says the image's size; --images DIR finds it");
    if (result == 0 && exporting->job->review)
        result = review_apply(record, reviewed(exporting, record), exporting->job->accepted_only,
                              &entry->error);
    if (result) {
        error_prefix(&entry->error, "%s", entry->path);
        entry->usable = false;
    }
}

/* Whether an error is about one record and others may follow. */
static bool costs_one_record(const struct error *error)
{
    return error->code == ERROR_RECORD || error->code == ERROR_IMAGE;
}

static void refuse(struct export_job *job, const struct record_entry *entry, struct error *own)
{
    if (entry->usable)
        error_prefix(own, "%s", entry->path);
    job->refused(job->context, own->text);
}

/* Returns 1 if the error is about this record alone, which is then reported; else -1. */
static int judge(struct export_job *job, const struct record_entry *entry, struct error *error)
{
    if (!costs_one_record(error))
        return -1;
    refuse(job, entry, error);
    return 1;
}

/* Finds the image of a record, if anything says where it is. 0, or -1 with ERROR_RECORD. */
static int find_image(const struct exporting *exporting, const char *file_name,
                      struct image_place *place, struct error *error)
{
    const struct export_job *job = exporting->job;
    *place = (struct image_place){0};
    if (job->find_image && !job->find_image(job->context, file_name, place))
        *place = (struct image_place){0};
    if (!exporting->images)
        return 0;
    *place = (struct image_place){.folder = exporting->images, .name = file_name};
    return image_path_check(file_name, error);
}

/* Adds an item, unless an earlier one has its name: a.jpg and a.png in one COCO document are both "a". */
static int add_to(struct writer *writer, const struct writer_item *item, bool taken,
                  struct error *error)
{
    if (taken && writer_goes_by_name(writer))
        return error_set(error, ERROR_RECORD,
                         "an earlier record is written as %s; change one of their names",
                         item->name);
    return writer_add(writer, item, error);
}

/* Adds a record to every writer that takes it. Returns 0; 1 if one has refused it; or -1. */
static int add_to_all(struct exporting *exporting, const struct record_entry *entry,
                      struct error *error)
{
    struct export_job *job = exporting->job;
    struct image_place image;
    if (find_image(exporting, entry->record.file_name, &image, error))
        return judge(job, entry, error);
    const struct writer_item item = {.record = &entry->record,
                                     .name = entry->name,
                                     .image = image.folder || image.refusal ? &image : NULL};
    int taken = hash_set_put(&exporting->names, hash_bytes(item.name, strlen(item.name)), error);
    int answer = taken < 0 ? -1 : 0;
    for (size_t i = 0; answer >= 0 && i < job->writer_count; i++)
        if (add_to(job->writers[i], &item, taken > 0, error))
            answer = judge(job, entry, error);
    return answer;
}

/* Notes that the review has met its image's record. Returns whether the image is left out. */
static bool is_dropped(struct exporting *exporting, const struct record_entry *entry)
{
    const struct review_image *image = reviewed(exporting, &entry->record);
    if (image)
        exporting->met[image->index] = true;
    return exporting->job->review && entry->usable &&
           review_drops(&entry->record, image, exporting->job->accepted_only);
}

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct exporting *exporting = context;
    struct export_job *job = exporting->job;
    struct error own = entry->error;
    if (is_dropped(exporting, entry)) {
        job->dropped++;
        return 0;
    }
    int answer = entry->usable ? add_to_all(exporting, entry, &own) : 1;
    if (answer == 0) {
        job->done++;
        job->unnamed += entry->record.unnamed;
        return job->batch && atomic_batch_due(job->batch) ? atomic_batch_flush(job->batch, error)
                                                          : 0;
    }
    /* An unreadable record is skipped for any reason, also an I/O error: others may be readable. */
    if (!entry->usable)
        refuse(job, entry, &own);
    if (answer > 0) {
        job->failed++;
        return 0;
    }
    *error = own;
    error_prefix(error, "%s", entry->path);
    return -1;
}

/* Reports the images that were reviewed and have no record: what people did there would be lost in
 * silence. */
static void report_unmet(const struct exporting *exporting)
{
    struct export_job *job = exporting->job;
    size_t count = job->review ? review_count(job->review) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct review_image *image = review_at(job->review, i);
        struct error own;
        if (exporting->met[i] || !review_says(image))
            continue;
        error_set(&own, ERROR_RECORD, "%s: %s was reviewed, but there is no record of it",
                  REVIEW_FILE, image->name);
        job->refused(job->context, own.text);
        job->failed++;
    }
}

int export_records(struct export_job *job, struct error *error)
{
    struct exporting exporting = {.job = job};
    const struct record_stream stream = {.trust_folder = job->trust_folder,
                                         .max_pixels = job->max_pixels,
                                         .pool = job->pool,
                                         .work = work,
                                         .visit = visit,
                                         .context = &exporting};
    if (job->review &&
        !(exporting.met = memory_new(review_count(job->review), sizeof *exporting.met,
                                     "images of a review", error)))
        return -1;
    if (job->images && !(exporting.images = folder_open(job->images, job->trust_folder, error))) {
        memory_free(exporting.met);
        return -1;
    }
    int result = record_stream(&stream, job->records, error);
    if (result == 0)
        report_unmet(&exporting);
    folder_close(exporting.images);
    hash_set_free(&exporting.names);
    memory_free(exporting.met);
    return result;
}
