/* writer.h - every output format behind one interface: open, add one image after another, close.
 *
 * Two kinds of format. In a WRITER_EACH format an image has files of its own, written atomically by
 * writer_add, which may be called from several threads at once. A WRITER_WHOLE format collects all
 * images in one file or a few (COCO, NDJSON, tar shards): its bytes depend on the order of the
 * calls, so it is written by one thread from records in sorted order, when all are there; killed
 * and started again, it writes the same bytes. A run therefore writes its SA-1B records and EACH
 * formats as images finish, and the WHOLE formats at its end with export_records (export.h).
 *
 * Where a run writes several formats into one folder OUT, SA-1B records go to OUT itself, and every
 * other format F to OUT/@F. Walks over records skip folders of the top level that begin with '@'.
 */
#ifndef RECORDS_WRITER_H
#define RECORDS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct atomic_batch;
struct error;
struct record;
struct writer;

enum writer_kind { WRITER_EACH, WRITER_WHOLE };

struct writer_options {
    unsigned fields;            /* enum record_field bits, for the formats that write records */
    struct atomic_batch *batch; /* borrowed, may be NULL: sync at once */
    size_t shard_images;        /* tar: images a shard; 0: 1000 */
    const char *shard_prefix;   /* tar: file names PREFIX000000.tar; NULL: "" */
    bool sequential_ids;        /* coco, coco-results: ids 1, 2, 3, ... in the order of adding */
};

/* One image to be written; all borrowed for the time of the call. */
struct writer_item {
    const struct record *record;
    const char *name;        /* where it belongs: relative path without extension, "a/b/photo" */
    const char *image_path;  /* the image file, for formats that carry it (tar); or NULL */
    const void *image_bytes; /* or its encoded bytes; or NULL */
    size_t image_size;
};

/* The known formats, in the order of the help text: name and one line of description.
 * Returns false from `index` = their number on. */
bool writer_format(size_t index, const char **name, enum writer_kind *kind, const char **summary);

/* Opens format `format` ("sa1b", "ndjson", "coco", ...) at `out`, a folder, made where missing; the
 * files of WRITER_WHOLE formats have fixed names in it. `options` are copied.
 * Returns 0, or -1 with ERROR_USAGE (unknown format), ERROR_IO, ERROR_MEMORY. */
int writer_open(struct writer **writer, const char *format, const char *out,
                const struct writer_options *options, struct error *error);

/* Writes one image. On -1 with ERROR_RECORD or ERROR_IMAGE this image is left out and others can
 * follow; after any other error the writer can only be abandoned. */
int writer_add(struct writer *writer, const struct writer_item *item, struct error *error);

/* Finishes: files of WRITER_WHOLE formats become visible now (complete tar shards sooner). Frees
 * the writer in any case. Returns 0 or -1. */
int writer_close(struct writer *writer, struct error *error);

/* Drops what is unfinished and frees the writer. NULL is allowed. */
void writer_abandon(struct writer *writer);

#endif
