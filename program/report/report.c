/* report.c - the life of a report:
 *
 *   place -> for each run: records -> images, photographs, statistics (report_run.c) -> index
 *         -> two runs: pairs and twins (report_compare.c) -> the document `report` -> page, rename
 */
#include "program/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "program/command_progress.h"
#include "program/report/report_compare.h"
#include "program/report/report_like.h"
#include "program/report/report_run.h"
#include "program/report/report_url.h"
#include "records/image_path.h"
#include "records/image_place.h"
#include "records/record_stream.h"
#include "records/stats.h"

enum { RUNS = 2, THUMB_SIDE = 320, COPY_SIDE = 1280 };

/* Copies take some 200 kB each, thumbnails 15 kB and the time of decoding. */
enum { COPIES_MOST = 500, COPIES_MOST_IN_FILE = 100, THUMBS_MOST = 10000 };

struct reporting {
    struct report_job *job;
    struct report_output *output;
    struct report_source sources[RUNS];
    struct report_run runs[RUNS];
    struct report_comparison comparison;
    char *photo_root;  /* owned */
    uint64_t expected; /* records that are read in all, as far as is known */
};

static int count_image(void *context, const struct record_entry *entry, struct error *error)
{
    (void)entry, (void)error;
    ++*(size_t *)context;
    return 0;
}

/* How many images a run has. Where files are few, each may hold many images, and is looked into. */
static int count_images(const struct report_job *job, const char *records, size_t *count,
                        struct error *error)
{
    const struct record_stream stream = {.trust_folder = job->trust_folder,
                                         .max_pixels = job->max_pixels,
                                         .pool = job->pool,
                                         .visit = count_image,
                                         .context = count};
    if (report_run_count(records, job->trust_folder, count, error))
        return -1;
    if (*count > COPIES_MOST || job->photos == REPORT_PHOTOS_NONE)
        return 0;
    *count = 0;
    return record_stream(&stream, records, error);
}

static bool find_below(void *context, const char *file_name, struct image_place *place)
{
    struct error ignored;
    const struct report_job *job = context;
    *place = (struct image_place){.folder = job->images, .name = file_name};
    return image_path_check(file_name, &ignored) == 0;
}

/* What is shown of the photographs of a run with `count` images. */
static struct report_photos choose_photos(struct report_job *job, size_t count)
{
    struct report_photos photos = {.find = job->find, .context = job->find_context};
    size_t copies = job->place.single_file ? COPIES_MOST_IN_FILE : COPIES_MOST;
    enum report_photos_kind kind = job->photos;
    photos.pool = job->pool;
    if (!photos.find && job->images) {
        photos.find = find_below;
        photos.context = job;
    }
    if (kind == REPORT_PHOTOS_AUTO)
        kind = count <= copies ? REPORT_PHOTOS_COPY : REPORT_PHOTOS_LINK;
    if (kind == REPORT_PHOTOS_NONE)
        photos.find = NULL;
    if (photos.find && (count <= THUMBS_MOST || kind == REPORT_PHOTOS_COPY))
        photos.thumb_side = THUMB_SIDE;
    if (photos.find && kind == REPORT_PHOTOS_COPY)
        photos.copy_side = COPY_SIDE;
    return photos;
}

/* The URL of the images from the page, if there is one folder of them. */
static int find_root(struct reporting *reporting, struct error *error)
{
    const struct report_job *job = reporting->job;
    const struct report_place *place = &job->place;
    if (!job->images_path || job->photos == REPORT_PHOTOS_NONE)
        return 0;
    /* The page's folder is not there yet: go by its parent, and one step down. */
    char *from_parent = report_url_relative(place->parent->path, job->images_path, error);
    if (!from_parent)
        return -1;
    int length = place->single_file ? asprintf(&reporting->photo_root, "%s", from_parent)
                                    : asprintf(&reporting->photo_root, "../%s", from_parent);
    free(from_parent);
    if (length >= 0)
        return 0;
    reporting->photo_root = NULL;
    return error_set(error, ERROR_MEMORY, "%s: no memory for its URL", job->images_path);
}

static int write_run(struct reporting *reporting, int number, struct error *error)
{
    size_t count;
    struct report_job *job = reporting->job;
    struct report_source *source = &reporting->sources[number];
    if (count_images(job, job->records[number], &count, error))
        return -1;
    *source = (struct report_source){
        .records = job->records[number],
        .trust_folder = job->trust_folder,
        .max_pixels = job->max_pixels,
        .images = job->images,
        .photos = choose_photos(job, count),
        .thumbs_most = job->photos == REPORT_PHOTOS_COPY ? SIZE_MAX : THUMBS_MOST,
        .photo_root = reporting->photo_root,
        .refused = job->refused,
        .context = job->context,
        .progress = job->progress,
    };
    reporting->expected += count;
    command_progress_expect(job->progress, reporting->expected);
    struct report_run *run = &reporting->runs[number];
    run->source = source;
    run->number = number;
    if (report_run_write(run, reporting->output, error) ||
        report_like_write(run, reporting->output, error))
        return -1;
    for (size_t i = 0; i < run->rows.count; i++)
        job->failed += run->rows.items[i].status == REPORT_FAILED;
    job->images_count += run->rows.count;
    job->masks += run->stats->area.count;
    job->refused_count += run->refused;
    job->missing += run->missing;
    return 0;
}

/* The document `report`. */
static int write_report(const struct reporting *reporting, struct error *error)
{
    struct json_text text = {0};
    int result = report_put(
        reporting->runs, reporting->job->runs == 2 ? &reporting->comparison : NULL, &text, error);
    if (result == 0)
        result = report_output_add(reporting->output, "report", &text, error);
    json_text_free(&text);
    return result;
}

static int write_all(struct reporting *reporting, struct error *error)
{
    const struct report_job *job = reporting->job;
    if (find_root(reporting, error))
        return -1;
    for (int i = 0; i < job->runs; i++)
        if (write_run(reporting, i, error))
            return -1;
    reporting->comparison =
        (struct report_comparison){.runs = reporting->runs, .twin_iou = REPORT_TWIN_IOU};
    if (job->runs == 2 && report_compare(&reporting->comparison, reporting->output, error))
        return -1;
    reporting->job->refused_count += reporting->comparison.failed;
    return write_report(reporting, error);
}

int report_write(struct report_job *job, struct error *error)
{
    struct reporting reporting = {.job = job};
    reporting.output = report_output_open(&job->place, error);
    int result = reporting.output ? write_all(&reporting, error) : -1;
    if (result == 0)
        result = report_output_close(reporting.output, error);
    else
        report_output_abandon(reporting.output);
    for (int i = 0; i < RUNS; i++)
        report_run_free(&reporting.runs[i]);
    free(reporting.photo_root);
    return result;
}
