/* writer.h - all output formats behind one interface: open, add images, close.
 *
 * There are two kinds of format. A WRITER_EACH format has files for each image. writer_add writes
 * them atomically and may be called from several threads at once. A WRITER_WHOLE format collects
 * all images in one file or a few (COCO, NDJSON, tar shards), and its bytes depend on the order of
 * the calls. So one thread writes it from the finished records, in sorted order; a job that was
 * killed and resumed writes the same bytes. A job writes SA-1B records and EACH formats as images
 * finish, and WHOLE formats at its end with export_records (export.h).
 *
 * A job that writes several formats to one folder OUT puts SA-1B records into OUT itself, and every
 * other format F into OUT/@F. Top-level folders starting with '@' are reserved for formats.
 */
#ifndef RECORDS_WRITER_H
#define RECORDS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct atomic_batch;
struct error;
struct folder;
struct image_place;
struct name_index;
struct record;
struct writer;

enum writer_kind { WRITER_EACH, WRITER_WHOLE };

struct writer_options {
    unsigned fields;            /* enum record_field bits, for the formats that write records */
    struct atomic_batch *batch; /* borrowed; NULL: sync at once */
    size_t shard_images;        /* tar: images a shard; 0: 1000 */
    const char *shard_prefix;   /* tar: file names PREFIX000000.tar; NULL: "" */
    /* Borrowed: numbers the classes of masks in COCO formats and YOLO's (category.h), and takes those that
     * records bring. NULL: all masks are of one class. */
    struct name_index *categories;
    bool sequential_ids; /* COCO formats: ids 1, 2, 3, ... in the order of adding */
};

/* One image to write. All borrowed for the time of the call. */
struct writer_item {
    const struct record *record;
    const char *name;                /* output path without extension, relative: "a/b/photo" */
    const struct image_place *image; /* the image file, for formats that carry it (tar); or NULL */
    const void *image_bytes;         /* or its encoded bytes; or NULL */
    size_t image_size;
};

/* The known formats in the order of the help text: name, kind and one line of description. Returns
 * false if `index` is too large. */
bool writer_format(size_t index, const char **name, enum writer_kind *kind, const char **summary);

/* Opens a format ("sa1b", "ndjson", "coco", ...) in the folder `name` below `out` ("": itself), which
 * is made if missing. `out` may be closed afterwards. The
 * files of WRITER_WHOLE formats have fixed names. `options` are copied.
 * Returns 0, or -1 with ERROR_USAGE (unknown format), ERROR_IO, ERROR_MEMORY. */
int writer_open(struct writer **writer, const char *format, const struct folder *out,
                const char *name, const struct writer_options *options, struct error *error);

/* Whether what the format writes of an image is called by the item's name: two items of one name would
 * replace or hide each other. */
bool writer_goes_by_name(const struct writer *writer);

/* Writes one image. After -1 with ERROR_RECORD or ERROR_IMAGE, this image is skipped and others may
 * follow. After any other error the writer can only be abandoned. */
int writer_add(struct writer *writer, const struct writer_item *item, struct error *error);

/* Finishes and frees the writer, even on -1. The files of WRITER_WHOLE formats become visible now;
 * complete tar shards are visible earlier. Returns 0 or -1. */
int writer_close(struct writer *writer, struct error *error);

/* Removes unfinished files and frees the writer. NULL is allowed. */
void writer_abandon(struct writer *writer);

#endif
