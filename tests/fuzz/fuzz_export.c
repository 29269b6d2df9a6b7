/* A record, or a document of many images, through stats and into all formats. A first byte '\n' makes
 * the input NDJSON. */
#define REPLAY_COPIES 100
#include "replay.h"
#include "scratch_folder.h"

#include "base/error.h"
#include "base/folder.h"
#include "images/image.h"
#include "records/export.h"
#include "records/record_stream.h"
#include "records/stats.h"
#include "records/writer.h"

enum { MAX_PIXELS = 4096 }; /* of an image: drawing must not take the time */

static const char *const formats[] = {"sa1b",     "rle", "ndjson", "coco", "coco-results",
                                      "polygons", "png", "labels", "yolo", "tar"};
enum { FORMATS = sizeof formats / sizeof formats[0] };

static void check(int holds)
{
    if (!holds)
        abort();
}

static void measure(void *context, struct record_entry *entry)
{
    (void)context;
    entry->data = stats_measure(&entry->record, &entry->error);
}

static int count(void *context, const struct record_entry *entry, struct error *error)
{
    (void)error;
    if (entry->usable)
        stats_add(context, &entry->record, entry->data);
    return 0;
}

static uint64_t run_stats(const char *path)
{
    static struct stats stats;
    struct error error = {0};
    stats_begin(&stats);
    const struct record_stream stream = {
        .max_pixels = MAX_PIXELS, .work = measure, .visit = count, .context = &stats};
    check(record_stream(&stream, path, &error) == 0);
    return stats.records;
}

static void refused(void *context, const char *text)
{
    (void)context;
    check(text[0] != 0);
}

/* Exports to all formats below out/; returns how many records were written. */
static uint64_t run_export(const char *path, const struct folder *out)
{
    struct writer *writers[FORMATS] = {0};
    struct error error = {0};
    const struct writer_options options = {.shard_images = 2};
    struct export_job job = {.records = path,
                             .max_pixels = MAX_PIXELS,
                             .writers = writers,
                             .writer_count = FORMATS,
                             .refused = refused};
    for (size_t i = 0; i < FORMATS; i++)
        check(writer_open(&writers[i], formats[i], out, formats[i], &options, &error) == 0);
    int status = export_records(&job, &error);
    for (size_t i = 0; i < FORMATS; i++)
        if (status)
            writer_abandon(writers[i]);
        else
            check(writer_close(writers[i], &error) == 0);
    return status ? 0 : job.done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int started;
    struct error error = {0};
    char path[128];
    if (!started++)
        check(image_library_start(&error) == 0);
    struct folder *folder = folder_open(scratch_folder(), false, &error);
    check(folder && folder_make_below(folder, "out", &error) == 0);
    const char *name = size && data[0] == '\n' ? "r.ndjson" : "r.json";
    scratch_write(".", name, data, size);
    snprintf(path, sizeof path, "%s/%s", scratch_path, name);
    uint64_t read = run_stats(path);
    struct folder *out = folder_below(folder, "out", &error);
    uint64_t written = run_export(path, out);
    check(written <= read);
    /* What was written is read back, as many records as were written. */
    if (written) {
        snprintf(path, sizeof path, "%s/out/ndjson/records.ndjson", scratch_path);
        check(run_stats(path) >= written);
    }
    folder_close(out);
    folder_close(folder);
    return 0;
}
