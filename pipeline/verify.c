#include "pipeline/verify.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "pipeline/image.h"
#include "pipeline/image_path.h"
#include "pipeline/record.h"
#include "pipeline/record_walk.h"

struct verification {
    struct verify_job *job;
    const char *path; /* of the record at hand */
    int64_t *ids;     /* of all records; owned */
    size_t count, capacity;
};

static void fault(void *context, long annotation, const char *reason)
{
    struct verification *verification = context;
    struct verify_job *job = verification->job;
    job->faults++;
    job->found(job->context, verification->path, annotation, reason);
}

/* The path without the extension of its last component. */
static size_t stem_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *point = strrchr(path, '.');
    const char *name = slash ? slash + 1 : path;
    return point && point > name ? (size_t)(point - path) : strlen(path);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Records are named after their images: by the whole path, or by its last component alone. */
static void check_name(struct verification *verification, const char *name,
                       const struct record *record)
{
    const char *last = base_name(record->file_name);
    size_t length = stem_length(last);
    const char *own = base_name(name);
    if (strlen(own) == length && strncmp(own, last, length) == 0)
        return;
    char reason[ERROR_TEXT_SIZE];
    snprintf(reason, sizeof reason, "file_name \"%.300s\" is not that of a record called %.300s",
             record->file_name, own);
    fault(verification, -1, reason);
}

static void check_image(struct verification *verification, const struct record *record)
{
    struct error error;
    struct image_header header;
    char *path = image_path(verification->job->images, record->file_name, &error);
    if (!path || image_read_header(path, NULL, &header, &error)) {
        fault(verification, -1, error.text);
    } else if (header.width != (int64_t)record->width || header.height != (int64_t)record->height) {
        char reason[ERROR_TEXT_SIZE];
        snprintf(reason, sizeof reason, "the record says %u x %u pixels, the image has %d x %d",
                 record->width, record->height, header.width, header.height);
        fault(verification, -1, reason);
    }
    free(path);
}

static int note_id(struct verification *verification, int64_t id, struct error *error)
{
    if (memory_grow((void **)&verification->ids, &verification->capacity, verification->count + 1,
                    sizeof *verification->ids, error))
        return -1;
    verification->ids[verification->count++] = id;
    return 0;
}

static int visit(void *context, const char *path, const char *name, struct error *error)
{
    struct verification *verification = context;
    const struct record_faults faults = {fault, verification};
    struct record record;
    struct error own;
    verification->path = path;
    verification->job->records_read++;
    if (record_read(&record, path, &faults, &own)) {
        if (own.code != ERROR_RECORD) /* those were told to `faults` */
            fault(verification, -1, own.text);
        return 0;
    }
    verification->job->annotations += record.masks.count;
    check_name(verification, name, &record);
    if (verification->job->images)
        check_image(verification, &record);
    int result = note_id(verification, record.image_id, error);
    record_free(&record);
    return result;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Keeps each id that stands there more than once, once. */
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

static void ignore(void *context, long annotation, const char *reason)
{
    (void)context;
    (void)annotation;
    (void)reason;
}

/* Second walk, only where ids repeat: names the records that have them. */
static int visit_repeated(void *context, const char *path, const char *name, struct error *error)
{
    struct verification *verification = context;
    const struct record_faults reported_before = {ignore, NULL};
    struct record record;
    struct error own;
    (void)name;
    (void)error;
    verification->path = path;
    if (record_read(&record, path, &reported_before, &own))
        return 0;
    if (bsearch(&record.image_id, verification->ids, verification->count, sizeof *verification->ids,
                compare)) {
        char reason[96];
        snprintf(reason, sizeof reason, "image_id %lld stands in more than one record",
                 (long long)record.image_id);
        fault(verification, -1, reason);
    }
    record_free(&record);
    return 0;
}

int verify_records(struct verify_job *job, struct error *error)
{
    struct verification verification = {.job = job};
    int result = record_walk(job->records, visit, &verification, error);
    if (result == 0) {
        keep_repeated(&verification);
        if (verification.count)
            result = record_walk(job->records, visit_repeated, &verification, error);
    }
    free(verification.ids);
    return result;
}
