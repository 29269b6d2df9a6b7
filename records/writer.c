#include "records/writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "records/format.h"

static const struct format *const formats[] = {
    &format_sa1b,     &format_rle, &format_ndjson, &format_coco, &format_coco_results,
    &format_polygons, &format_png, &format_labels, &format_yolo, &format_tar,
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

bool writer_format(size_t index, const char **name, enum writer_kind *kind, const char **summary)
{
    if (index >= FORMATS)
        return false;
    *name = formats[index]->name;
    *kind = formats[index]->kind;
    *summary = formats[index]->summary;
    return true;
}

static const struct format *find(const char *name, struct error *error)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    error_set(error, ERROR_USAGE, "unknown format \"%.100s\"; known are", name);
    for (size_t i = 0; i < FORMATS; i++)
        error_append(error, " %s", formats[i]->name);
    return NULL;
}

static void release(struct writer *writer)
{
    folder_close(writer->out);
    free(writer);
}

int writer_open(struct writer **writer, const char *format, const struct folder *out,
                const char *name, const struct writer_options *options, struct error *error)
{
    *writer = NULL;
    const struct format *found = find(format, error);
    if (!found || (*name && folder_make_below(out, name, error)))
        return -1;
    struct writer *made = calloc(1, sizeof *made);
    if (!made)
        return error_set(error, ERROR_MEMORY, "%s%s: no memory for a writer", out->prefix, name);
    made->format = found;
    made->options = *options;
    made->out = folder_below(out, name, error);
    if (!made->out || (found->open && found->open(made, error))) {
        release(made);
        return -1;
    }
    *writer = made;
    return 0;
}

bool writer_goes_by_name(const struct writer *writer)
{
    return writer->format->kind == WRITER_EACH || writer->format == &format_tar;
}

int writer_add(struct writer *writer, const struct writer_item *item, struct error *error)
{
    int result = writer->format->add(writer, item, error);
    /* A name that is too long with its ending costs this image's files, not the format. */
    if (result && writer->format->kind == WRITER_EACH && error->system == ENAMETOOLONG)
        error->code = ERROR_RECORD;
    return result;
}

int writer_close(struct writer *writer, struct error *error)
{
    int result = writer->format->close ? writer->format->close(writer, error) : 0;
    release(writer);
    return result;
}

void writer_abandon(struct writer *writer)
{
    if (!writer)
        return;
    if (writer->format->abandon)
        writer->format->abandon(writer);
    release(writer);
}

char *format_name(const char *name, const char *ending, struct error *error)
{
    char *whole;
    if (asprintf(&whole, "%s%s", name, ending) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its name", name);
        return NULL;
    }
    return whole;
}

int format_write(struct writer *writer, const char *name, const char *ending, char *text,
                 size_t length, struct error *error)
{
    char *whole = text ? format_name(name, ending, error) : NULL;
    int result =
        whole ? atomic_write(writer->out, whole, text, length, writer->options.batch, error) : -1;
    free(whole);
    free(text);
    return result;
}
