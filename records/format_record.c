/* Formats of records (record.h): a file for each image (sa1b, rle), or a line for each image in one
 * file (ndjson). */
#include <stdlib.h>

#include "base/atomic.h"
#include "base/error.h"
#include "records/format.h"
#include "records/record.h"

static int add_sa1b(struct writer *writer, const struct writer_item *item, struct error *error)
{
    size_t length;
    char *text = record_text(item->record, writer->options.fields, &length, error);
    return format_write(writer, item->name, ".json", text, length, error);
}

const struct format format_sa1b = {
    .name = "sa1b",
    .kind = WRITER_EACH,
    .summary = "SA-1B records, NAME.json for each image (the default)",
    .add = add_sa1b,
};

static int add_rle(struct writer *writer, const struct writer_item *item, struct error *error)
{
    size_t length;
    char *text = record_text(item->record, writer->options.fields | RECORD_AS_RUNS, &length, error);
    return format_write(writer, item->name, ".json", text, length, error);
}

const struct format format_rle = {
    .name = "rle",
    .kind = WRITER_EACH,
    .summary = "the same with uncompressed run lengths, NAME.json for each image",
    .add = add_rle,
};

static int open_ndjson(struct writer *writer, struct error *error)
{
    struct atomic_file *file = calloc(1, sizeof *file);
    if (!file)
        return error_set(error, ERROR_MEMORY, "%s: no memory for a file", writer->out->path);
    int result = atomic_open(file, writer->out, "records.ndjson", error);
    if (result)
        free(file);
    else
        writer->state = file;
    return result;
}

static int add_ndjson(struct writer *writer, const struct writer_item *item, struct error *error)
{
    size_t length;
    char *text = record_text(item->record, writer->options.fields, &length, error);
    if (!text)
        return -1;
    text[length] = '\n'; /* in place of the terminator */
    int result = atomic_append(writer->state, text, length + 1, error);
    free(text);
    return result;
}

static int close_ndjson(struct writer *writer, struct error *error)
{
    int result = atomic_commit(writer->state, writer->options.batch, error);
    free(writer->state);
    return result;
}

static void abandon_ndjson(struct writer *writer)
{
    atomic_abandon(writer->state);
    free(writer->state);
}

const struct format format_ndjson = {
    .name = "ndjson",
    .kind = WRITER_WHOLE,
    .summary = "SA-1B records, one line an image: records.ndjson",
    .open = open_ndjson,
    .add = add_ndjson,
    .close = close_ndjson,
    .abandon = abandon_ndjson,
};
