#include "program/run/run_formats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/memory.h"
#include "jobs/progress.h"
#include "program/label/labels.h"
#include "program/run/run.h"
#include "program/run/run_images.h"
#include "records/category.h"
#include "records/export.h"
#include "records/record.h"
#include "records/writer.h"

enum { FORMATS_MOST = 16, FORMAT_NAME = 32 };

struct format {
    char name[FORMAT_NAME];
    enum writer_kind kind;
    struct writer *writer; /* NULL: not open */
};

struct run_formats {
    const struct run_config *config;
    const struct run_resources *resources;
    unsigned fields;
    struct format formats[FORMATS_MOST];
    size_t count;
    struct run_images *images;    /* of a tar; NULL until they are asked for */
    struct name_index categories; /* owned: of formats that collect all images */
};

static bool find_format(const char *wanted, size_t length, struct format *format)
{
    const char *name;
    const char *summary;
    for (size_t i = 0; writer_format(i, &name, &format->kind, &summary); i++)
        if (strlen(name) == length && strncmp(name, wanted, length) == 0) {
            snprintf(format->name, sizeof format->name, "%s", name);
            return true;
        }
    return false;
}

/* Reads "sa1b,coco,...". Records are always written, so "sa1b" is skipped. */
static int read_formats(struct run_formats *formats, const char *list, struct error *error)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        struct format format = {0};
        if (!find_format(list, length, &format) || formats->count == FORMATS_MOST)
            return error_set(error, ERROR_USAGE,
                             "--format %s: \"%.*s\" is not a format; see maskmill export --help",
                             formats->config->settings->format, (int)length, list);
        if (strcmp(format.name, "sa1b") != 0)
            formats->formats[formats->count++] = format;
        list += length + (list[length] == ',');
    }
    return 0;
}

struct run_formats *run_formats_new(const struct run_config *config,
                                    const struct run_resources *resources, struct error *error)
{
    const struct settings *settings = config->settings;
    struct run_formats *formats = memory_new(1, sizeof *formats, "formats", error);
    if (!formats)
        return NULL;
    formats->config = config;
    formats->resources = resources;
    if (read_formats(formats, settings->format, error) == 0 &&
        (!settings->fields || record_fields_parse(&formats->fields, settings->fields, error) == 0 ||
         error_prefix(error, "--fields %s", settings->fields) == 0))
        return formats;
    run_formats_free(formats);
    return NULL;
}

void run_formats_free(struct run_formats *formats)
{
    for (size_t i = 0; formats && i < formats->count; i++)
        writer_abandon(formats->formats[i].writer);
    if (formats)
        run_images_free(formats->images);
    if (formats)
        name_index_free(&formats->categories);
    memory_free(formats);
}

unsigned run_formats_fields(const struct run_formats *formats)
{
    return formats->fields;
}

/* Format `index` among those with files for each image; NULL past the last. */
static const struct format *find_each(const struct run_formats *formats, size_t index)
{
    for (size_t i = 0; i < formats->count; i++)
        if (formats->formats[i].kind == WRITER_EACH && index-- == 0)
            return &formats->formats[i];
    return NULL;
}

const char *run_formats_each(const struct run_formats *formats, size_t index)
{
    const struct format *format = find_each(formats, index);
    return format ? format->name : NULL;
}

static int open_format(struct run_formats *formats, struct format *format, struct error *error)
{
    const struct writer_options options = {
        .fields = formats->fields,
        .batch = formats->resources->batch,
        .categories = format->kind == WRITER_WHOLE ? &formats->categories : NULL,
    };
    char folder[FORMAT_NAME + 1];
    snprintf(folder, sizeof folder, "@%s", format->name);
    return writer_open(&format->writer, format->name, formats->config->output, folder, &options,
                       error);
}

int run_formats_open(struct run_formats *formats, struct error *error)
{
    for (size_t i = 0; i < formats->count; i++)
        if (formats->formats[i].kind == WRITER_EACH &&
            open_format(formats, &formats->formats[i], error))
            return -1;
    return 0;
}

int run_formats_add(struct run_formats *formats, size_t index, const struct writer_item *item,
                    struct error *error)
{
    return writer_add(find_each(formats, index)->writer, item, error);
}

static bool find_image(void *context, const char *file_name, struct image_place *place)
{
    const struct run_formats *formats = context;
    return run_images_find(formats->images, file_name, place);
}

static void report_refused(void *context, const char *text)
{
    const struct run_formats *formats = context;
    progress_log(formats->resources->progress, PROGRESS_WARNING, "%s", text);
}

static int close_formats(struct run_formats *formats, enum writer_kind kind, struct error *error)
{
    int status = 0;
    for (size_t i = 0; i < formats->count; i++) {
        struct format *format = &formats->formats[i];
        if (format->kind != kind || !format->writer)
            continue;
        if (status == 0)
            status = writer_close(format->writer, error);
        else
            writer_abandon(format->writer);
        format->writer = NULL;
    }
    return status;
}

/* The names of --classes come first, in their order. */
static int begin_categories(struct run_formats *formats, struct error *error)
{
    const struct labels *labels = formats->resources->labels;
    const char *name;
    if (category_begin(&formats->categories, error))
        return -1;
    for (size_t i = 0; labels && (name = labels_name_of(labels, i)); i++)
        if (name_index_put(&formats->categories, name, error) == NAME_INDEX_NONE)
            return -1;
    return 0;
}

/* Writes the collecting formats from the records. */
static int collect(struct run_formats *formats, struct error *error)
{
    struct writer *writers[FORMATS_MOST];
    size_t count = 0;
    bool images = false;
    if (begin_categories(formats, error))
        return -1;
    for (size_t i = 0; i < formats->count; i++)
        if (formats->formats[i].kind == WRITER_WHOLE) {
            if (open_format(formats, &formats->formats[i], error))
                return -1;
            writers[count++] = formats->formats[i].writer;
            images = images || strcmp(formats->formats[i].name, "tar") == 0;
        }
    if (count == 0 || (images && !(formats->images = run_images_new(formats->config, error))))
        return count ? -1 : 0;
    struct export_job job = {
        .records = formats->config->settings->output,
        .trust_folder = formats->config->settings->trust_folder,
        .find_image = images ? find_image : NULL,
        .max_pixels = formats->config->settings->max_pixels,
        .pool = formats->resources->decoder.pool,
        .writers = writers,
        .writer_count = count,
        .batch = formats->resources->batch,
        .refused = report_refused,
        .context = formats,
    };
    return export_records(&job, error) || close_formats(formats, WRITER_WHOLE, error) ||
                   atomic_batch_flush(formats->resources->batch, error)
               ? -1
               : 0;
}

static bool has_collecting(const struct run_formats *formats)
{
    for (size_t i = 0; i < formats->count; i++)
        if (formats->formats[i].kind == WRITER_WHOLE)
            return true;
    return false;
}

int run_formats_finish(struct run_formats *formats, bool complete, struct error *error)
{
    if (close_formats(formats, WRITER_EACH, error))
        return -1;
    if (!complete || !has_collecting(formats))
        return 0;
    if (formats->config->shard.count == 1)
        return collect(formats, error);
    progress_log(formats->resources->progress, PROGRESS_INFO,
                 "--format: formats that collect all images are written by `maskmill export %s` "
                 "once every shard is done",
                 formats->config->settings->output);
    return 0;
}
