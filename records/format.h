/* format.h - what one output format is made of; shared by writer.c and the format_*.c files. */
#ifndef RECORDS_FORMAT_H
#define RECORDS_FORMAT_H

#include "records/writer.h"

/* One writer: what every format has, and `state`, which is the format's own. */
struct writer {
    const struct format *format;
    char *out; /* owned: the folder */
    struct writer_options options;
    void *state; /* made by open, freed by close and abandon; NULL in formats without any */
};

struct format {
    const char *name;
    enum writer_kind kind;
    const char *summary; /* one line for the help text */
    /* Makes writer->state. NULL: nothing to do. 0 or -1 with nothing left behind. */
    int (*open)(struct writer *writer, struct error *error);
    /* writer_add. */
    int (*add)(struct writer *writer, const struct writer_item *item, struct error *error);
    /* writer_close and writer_abandon without freeing the writer itself. NULL: nothing to do. */
    int (*close)(struct writer *writer, struct error *error);
    void (*abandon)(struct writer *writer);
};

extern const struct format format_sa1b, format_rle, format_ndjson, format_coco, format_coco_results,
    format_polygons, format_png, format_labels, format_yolo, format_tar;

/* "OUT/NAME" and an extension with its point, or a file in a folder of the image's name ("/0.png").
 * Owned by the caller. NULL with ERROR_MEMORY. */
char *format_path(const struct writer *writer, const char *name, const char *ending,
                  struct error *error);

/* Writes `text` (NULL: an error is already set; freed here) to format_path atomically. */
int format_write(struct writer *writer, const char *name, const char *ending, char *text,
                 size_t length, struct error *error);

#endif
