#include "program/run/folder_write.h"

#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "jobs/list.h"
#include "program/run/item.h"
#include "program/run/item_embeddings.h"
#include "program/run/run.h"
#include "program/run/run_folder.h"
#include "program/run/run_formats.h"
#include "records/writer.h"

/* Writes bytes to OUTDIR/NAME, with retries, and frees the name. NULL: item->error is set. */
static int write_file(struct run *run, struct item *item, char *name, const void *bytes,
                      size_t size)
{
    int status = name ? -1 : 0;
    for (int attempt = 0; status; attempt++) {
        item->error = (struct error){0};
        status =
            atomic_write(run->config.output, name, bytes, size, run->resources.batch, &item->error);
        if (status && !item_try_again(run, item, RETRY_WRITING, attempt))
            break;
    }
    status = name ? status : -1;
    free(name);
    return status;
}

/* The same to OUTDIR/<stem of the key><suffix>. */
static int write_output(struct run *run, struct item *item, const char *suffix, const void *bytes,
                        size_t size)
{
    return write_file(run, item, run_folder_name(item->key, suffix, &item->error), bytes, size);
}

static int write_embeddings(struct run *run, struct item *item)
{
    return write_file(run, item, item_embeddings_name(run, item, &item->error), item->embeddings,
                      item->embeddings_size);
}

static int write_record(struct run *run, struct item *item)
{
    size_t length;
    char *text = record_text(&item->record, run_formats_fields(run->resources.formats), &length,
                             &item->error);
    if (!text)
        return -1;
    item->bytes = length;
    int status = write_output(run, item, ".json", text, length);
    free(text);
    return status;
}

/* Whether a part beside the record failed for a reason of its own, such as a name that is too long
 * with its ending, and not because of the machine. */
static bool only_part_failed(const struct item *item)
{
    const struct error *error = &item->error;
    return !item->dropped &&
           (error->system != 0 || error->code == ERROR_IMAGE || error->code == ERROR_RECORD);
}

static int write_overlay(struct run *run, struct item *item)
{
    if (write_output(run, item, ".overlay.jpg", item->overlay, item->overlay_size) == 0)
        return 0;
    if (!only_part_failed(item))
        return -1;
    item_leave_out(run, item, "overlay");
    return 0;
}

/* Each attempt writes all files of a format again, so partial output of a failed one is
 * harmless. */
static int add_format(struct run *run, struct item *item, size_t index,
                      const struct writer_item *written)
{
    for (int attempt = 0;; attempt++) {
        item->error = (struct error){0};
        if (run_formats_add(run->resources.formats, index, written, &item->error) == 0)
            return 0;
        if (!item_try_again(run, item, RETRY_WRITING, attempt))
            return -1;
    }
}

/* Writes the other formats. A failure of a writer, unlike one of an image, ends the run. */
static int add_formats(struct run *run, struct item *item, const struct writer_item *written)
{
    const char *format;
    for (size_t i = 0; (format = run_formats_each(run->resources.formats, i)); i++) {
        if (add_format(run, item, i, written) == 0)
            continue;
        if (only_part_failed(item)) {
            item_leave_out(run, item, format);
            continue;
        }
        if (!item->dropped)
            item_give_up(run, item);
        return -1;
    }
    return 0;
}

static int write_formats(struct run *run, struct item *item)
{
    char *name = strndup(item->key, list_stem(item->key));
    const struct writer_item written = {
        .record = &item->record,
        .name = name,
        .image_bytes = item->file,
        .image_size = item->file_size,
    };
    if (!name)
        return error_set(&item->error, ERROR_MEMORY, "no memory for a name");
    int status = add_formats(run, item, &written);
    free(name);
    return status;
}

/* The record goes last: its presence means that the image is done. */
int folder_write(struct run *run, struct item *item)
{
    double start = clock_now();
    int status = write_formats(run, item);
    if (status == 0 && item->overlay)
        status = write_overlay(run, item);
    if (status == 0 && item->embeddings)
        status = write_embeddings(run, item);
    if (status == 0)
        status = item_embeddings_remove_old(run, item);
    if (status == 0)
        status = write_record(run, item);
    if (status && !item->dropped && item_blames_machine(&item->error, RETRY_WRITING))
        item_give_up(run, item);
    item->seconds += clock_now() - start;
    return status;
}
