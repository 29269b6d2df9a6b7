#include "program/tars/tar_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "jobs/list.h"
#include "program/run/item.h"
#include "program/tars/tar_line.h"
#include "records/record.h"

void tar_sample_free(struct tar_sample *sample)
{
    if (!sample)
        return;
    tar_pack_free(&sample->members);
    json_text_free(&sample->line);
    memory_free(sample);
}

/* The image's name within its tar. */
static const char *member_of(const struct item *item, const struct tar_sample_options *options)
{
    return item->key + (options->folder ? options->folder + 1 : 0);
}

/* The key of the image's sample. An image whose record another one writes has its whole name, and a '%' that
 * no other key ends in: else readers would take both for one sample. */
static char *key_of(const struct item *item, const struct tar_sample_options *options,
                    struct error *error)
{
    const char *name = member_of(item, options);
    char *path = strndup(name, item->shares_record ? strlen(name) : list_stem(name));
    char *key = path ? tar_pack_key(path, error) : NULL;
    char *longer = NULL;
    bool made = key && (!item->shares_record || asprintf(&longer, "%s%%", key) >= 0);
    free(path);
    if (!made)
        error_set(error, ERROR_MEMORY, "%s: no memory for its key", item->path);
    if (made && !item->shares_record)
        return key;
    free(key);
    return made ? longer : NULL;
}

static int add_member(struct tar_sample *sample, const char *key, const char *ending,
                      const struct tar_pack *content, struct error *error)
{
    char *name = tar_pack_name(key, ending, error);
    int status =
        name ? tar_pack_member(&sample->members, name, content->bytes, content->used, error) : -1;
    free(name);
    return status;
}

/* Adds the member that the line points to. */
static int add_record(struct tar_sample *sample, const char *key, const char *ending,
                      const struct tar_pack *text, struct error *error)
{
    if (add_member(sample, key, ending, text, error))
        return -1;
    sample->record_bytes = text->used;
    sample->record_offset = sample->members.used - text->used - tar_pack_padding(text->used);
    return 0;
}

/* Writes the sample's line, all but its place. */
static int begin_line(struct tar_sample *sample, const char *key, const struct item *item,
                      struct error *error)
{
    bool failed = item->error.code != ERROR_NONE;
    const struct tar_line line = {
        .key = key,
        .file_name = item->key,
        .failed = failed,
        .error = failed ? item->error.text : "",
        .width = failed ? 0 : item->record.width,
        .height = failed ? 0 : item->record.height,
        .masks = failed ? 0 : item->record.masks.count,
        .seconds = item->seconds,
    };
    tar_line_begin(&sample->line, &line, failed ? NULL : &item->record.masks);
    if (sample->line.not_finite)
        return error_set(error, ERROR_RECORD, "%s: a score is not finite", item->path);
    return sample->line.no_memory
               ? error_set(error, ERROR_MEMORY, "%s: no memory for its line", item->path)
               : 0;
}

static int pack_done(struct tar_sample *sample, const char *key, const struct item *item,
                     const struct tar_sample_options *options, struct error *error)
{
    const struct tar_pack image = {item->file, item->file_size, 0};
    const struct tar_pack overlay = {(char *)item->overlay, item->overlay_size, 0};
    const struct tar_pack embeddings = {item->embeddings, item->embeddings_size, 0};
    struct tar_pack record = {0};
    record.bytes = record_text(&item->record, options->fields, &record.used, error);
    int status = record.bytes ? 0 : -1;
    if (status == 0 && options->copy_images && item->file)
        status = add_member(sample, key, tar_pack_image_ending(item->key), &image, error);
    if (status == 0)
        status = add_record(sample, key, "json", &record, error);
    if (status == 0 && item->overlay)
        status = add_member(sample, key, "overlay.jpg", &overlay, error);
    if (status == 0 && item->embeddings)
        status = add_member(sample, key, options->embeddings_ending, &embeddings, error);
    tar_pack_free(&record);
    return status;
}

static int pack_failed(struct tar_sample *sample, const char *key, const struct item *item,
                       struct error *error)
{
    struct tar_pack text = {0};
    text.bytes = record_error_text(item->key, item->error.text, &text.used, error);
    int status = text.bytes ? add_record(sample, key, TAR_PACK_ERROR, &text, error) : -1;
    tar_pack_free(&text);
    return status;
}

static int fill(struct tar_sample *sample, const struct item *item,
                const struct tar_sample_options *options, struct error *error)
{
    char *key = key_of(item, options, error);
    int status = -1;
    if (key && item->error.code != ERROR_NONE)
        status = pack_failed(sample, key, item, error);
    else if (key)
        status = pack_done(sample, key, item, options, error);
    if (status == 0)
        status = begin_line(sample, key, item, error);
    free(key);
    return status;
}

int tar_sample_make(struct item *item, const struct tar_sample_options *options,
                    struct error *error)
{
    struct tar_sample *sample = memory_new(1, sizeof *sample, "members of a tar", error);
    if (!sample || fill(sample, item, options, error)) {
        tar_sample_free(sample);
        return -1;
    }
    tar_sample_free(item->sample);
    item->sample = sample;
    if (item->error.code != ERROR_NONE)
        return 0;
    item->bytes = sample->record_bytes;
    free(item->file);
    item->file = NULL;
    memory_free(item->overlay);
    item->overlay = NULL;
    free(item->embeddings);
    item->embeddings = NULL;
    return 0;
}

int tar_sample_write(struct item *item, struct run *run, const struct tar_sample_options *options)
{
    struct error error;
    double start = clock_now();
    if (tar_sample_make(item, options, &error) == 0) {
        item->seconds += clock_now() - start;
        return 0;
    }
    item->error = error;
    if (item_blames_machine(&error, RETRY_WRITING))
        item_give_up(run, item);
    return -1;
}
