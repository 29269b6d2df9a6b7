/* format.h - the functions of one output format; shared by writer.c and the format_*.c files. */
#ifndef RECORDS_FORMAT_H
#define RECORDS_FORMAT_H

#include "base/folder.h"
#include "records/writer.h"

/* A writer of any format. `state` belongs to the format. */
struct writer {
    const struct format *format;
    struct folder *out; /* owned */
    struct writer_options options;
    void *state; /* made by open, freed by close and abandon; may be NULL */
};

struct format {
    const char *name;
    enum writer_kind kind;
    const char *summary; /* one line for the help text */
    /* Makes writer->state; may be NULL. Returns 0, or -1 with nothing left behind. */
    int (*open)(struct writer *writer, struct error *error);
    /* writer_add. */
    int (*add)(struct writer *writer, const struct writer_item *item, struct error *error);
    /* writer_close and writer_abandon, but they do not free the writer. May be NULL. */
    int (*close)(struct writer *writer, struct error *error);
    void (*abandon)(struct writer *writer);
};

extern const struct format format_sa1b, format_rle, format_ndjson, format_coco, format_coco_results,
    format_polygons, format_png, format_labels, format_yolo, format_tar;

/* The name below writer->out of a file: `name` with an ending, which is an extension (".json"), or a
 * file in a folder of that name ("/0.png"). Owned by the caller. NULL with ERROR_MEMORY. */
char *format_name(const char *name, const char *ending, struct error *error);

/* Writes `text` atomically to the file format_name and frees it. If `text` is NULL, the error is
 * already set. Returns 0 or -1. */
int format_write(struct writer *writer, const char *name, const char *ending, char *text,
                 size_t length, struct error *error);

#endif
