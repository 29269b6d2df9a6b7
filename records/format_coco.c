/* COCO documents over a whole collection, streamed: instances with COCO strings ("coco") or
 * polygons ("polygons"), and the list of results ("coco-results").
 *
 * Ids are below 2^53, so that readers with only doubles hold them exactly, and stable: an image has
 * its record's id, an annotation has (image id mod 2^42) * 2048 + index + 1. So they depend on the
 * image's name and the mask's index alone; shards and separate exports give the same. If an earlier
 * image of the document has the same remainder, the next free one is taken: among n images that is
 * expected n^2 / 2^43 times.
 * Sequential ids count from 1 in the order of adding.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/hash_set.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "records/category.h"
#include "records/coco_text.h"
#include "records/format.h"
#include "records/record.h"

enum { MASKS_AN_IMAGE = 2048 };
static const uint64_t REMAINDERS = UINT64_C(1) << 42; /* * MASKS_AN_IMAGE = 2^53 */

struct coco {
    struct atomic_file file;
    FILE *images; /* temporary file of the "images" list, which follows the annotations */
    int64_t image_count, annotation_count;
    int64_t *ids; /* [image_count] owned; to find duplicates */
    size_t capacity;
    struct hash_set remainders; /* of image ids, plus 1: taken */
    size_t head;                /* bytes before the first annotation */
    size_t category_count;      /* in those */
};

static void coco_free(struct coco *coco)
{
    if (coco->images)
        fclose(coco->images);
    free(coco->ids);
    hash_set_free(&coco->remainders);
    free(coco);
}

/* A nameless file in the output folder, or in /tmp if the file system does not support that. */
static FILE *open_nameless(const struct folder *folder)
{
    int fd = openat(folder->fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : tmpfile();
    return file;
}

static size_t count_categories(const struct writer *writer)
{
    const struct name_index *categories = writer->options.categories;
    return categories ? categories->count : 1;
}

/* Writes what comes before the first annotation. */
static int write_head(const struct writer *writer, struct atomic_file *file, struct error *error)
{
    struct coco *coco = writer->state;
    struct json_text text = {0};
    coco->category_count = count_categories(writer);
    if (writer->format == &format_coco_results)
        json_text_raw(&text, "[");
    else
        coco_text_head(&text, writer->options.categories);
    char *head = json_text_take(&text, &coco->head, error);
    int status = head ? atomic_append(file, head, coco->head, error) : -1;
    free(head);
    return status;
}

static int coco_open(struct writer *writer, const char *name, struct error *error)
{
    struct coco *coco = calloc(1, sizeof *coco);
    if (!coco)
        return error_set(error, ERROR_MEMORY, "%s: no memory for a file", writer->out->path);
    int result = atomic_open(&coco->file, writer->out, name, error);
    if (result == 0 && !(coco->images = open_nameless(writer->out)))
        result = error_set_system(error, ERROR_IO, errno, "%s: a temporary file cannot be made",
                                  writer->out->path);
    writer->state = coco;
    if (result == 0)
        result = write_head(writer, &coco->file, error);
    if (result) {
        atomic_abandon(&coco->file);
        coco_free(coco);
        return -1;
    }
    return 0;
}

static int open_instances(struct writer *writer, struct error *error)
{
    return coco_open(writer, "instances.json", error);
}

static int open_results(struct writer *writer, struct error *error)
{
    return coco_open(writer, "results.json", error);
}

static void abandon_coco(struct writer *writer)
{
    struct coco *coco = writer->state;
    atomic_abandon(&coco->file);
    coco_free(coco);
}

/* Takes the remainder of an image id, or the next free one. 0 or -1 (ERROR_MEMORY). */
static int take_remainder(struct coco *coco, int64_t id, uint64_t *remainder, struct error *error)
{
    int taken;
    *remainder = (uint64_t)id % REMAINDERS;
    while ((taken = hash_set_put(&coco->remainders, *remainder + 1, error)) > 0)
        *remainder = (*remainder + 1) % REMAINDERS;
    return taken;
}

/* The ids of the next image and of its first annotation. */
static int choose_ids(const struct writer *writer, const struct record *record, int64_t *image,
                      int64_t *annotation, struct error *error)
{
    struct coco *coco = writer->state;
    uint64_t remainder;
    if (writer->options.sequential_ids) {
        *image = coco->image_count + 1;
        *annotation = coco->annotation_count + 1;
        return 0;
    }
    if (record->masks.count >= MASKS_AN_IMAGE)
        return error_set(error, ERROR_RECORD,
                         "%zu masks: stable ids have room for %d; choose sequential ids",
                         record->masks.count, MASKS_AN_IMAGE - 1);
    if (take_remainder(coco, record->image_id, &remainder, error))
        return -1;
    *image = record->image_id;
    *annotation = (int64_t)remainder * MASKS_AN_IMAGE + 1;
    return 0;
}

static int note_id(struct coco *coco, int64_t id, struct error *error)
{
    size_t count = (size_t)coco->image_count;
    if (memory_grow((void **)&coco->ids, &coco->capacity, count + 1, sizeof *coco->ids, error))
        return -1;
    coco->ids[count] = id;
    coco->image_count++;
    return 0;
}

/* Writes an image's line to the temporary file. */
static int add_image(struct coco *coco, const struct record *record, int64_t id,
                     struct error *error)
{
    struct json_text text = {0};
    size_t length;
    json_text_raw(&text, coco->image_count ? ",\n" : "\n");
    coco_text_image(&text, record, id);
    char *line = json_text_take(&text, &length, error);
    if (!line)
        return -1;
    size_t written = fwrite(line, 1, length, coco->images);
    free(line);
    if (written != length)
        return error_set_system(error, ERROR_IO, errno, "%s: its list of images cannot be written",
                                coco->file.path);
    return note_id(coco, id, error);
}

/* All annotations of a record; the ids count up from those in `first`. */
static int append_masks(struct json_text *text, const struct writer *writer,
                        const struct record *record, struct coco_annotation first,
                        struct error *error)
{
    const struct coco *coco = writer->state;
    struct coco_annotation annotation = first;
    size_t category;
    for (size_t i = 0; i < record->masks.count; i++, annotation.id++) {
        annotation.mask = &record->masks.items[i];
        annotation.absent = record_absent(record, i);
        if (category_of(writer->options.categories, record, i, &category, error))
            return -1;
        annotation.category = (int64_t)category + 1;
        json_text_raw(text, coco->annotation_count || i ? ",\n" : "\n");
        int result =
            writer->format == &format_coco_results
                ? coco_text_result(text, &annotation, error)
                : coco_text_instance(text, &annotation, writer->format == &format_polygons, error);
        if (result)
            return error_prefix(error, "annotation %zu", i);
    }
    return 0;
}

static int add_coco(struct writer *writer, const struct writer_item *item, struct error *error)
{
    struct coco *coco = writer->state;
    const struct record *record = item->record;
    struct coco_annotation first = {0};
    struct json_text text = {0};
    size_t length;
    if (choose_ids(writer, record, &first.image, &first.id, error))
        return -1;
    if (append_masks(&text, writer, record, first, error)) {
        json_text_free(&text);
        return -1;
    }
    char *lines = json_text_take(&text, &length, error);
    if (!lines)
        return -1;
    int result = add_image(coco, record, first.image, error);
    if (result == 0)
        result = atomic_append(&coco->file, lines, length, error);
    free(lines);
    coco->annotation_count += (int64_t)record->masks.count;
    return result;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int check_ids(struct coco *coco, struct error *error)
{
    if (coco->image_count)
        qsort(coco->ids, (size_t)coco->image_count, sizeof *coco->ids, compare);
    for (int64_t i = 1; i < coco->image_count; i++)
        if (coco->ids[i] == coco->ids[i - 1])
            return error_set(error, ERROR_RECORD,
                             "%s: two images have the id %lld; choose sequential ids",
                             coco->file.path, (long long)coco->ids[i]);
    return 0;
}

/* Appends the images' lines from the temporary file. */
static int append_images(struct coco *coco, struct error *error)
{
    char block[8192];
    size_t got;
    if (fflush(coco->images) || fseek(coco->images, 0, SEEK_SET))
        return error_set_system(error, ERROR_IO, errno,
                                "%s: its list of images cannot be read again", coco->file.path);
    while ((got = fread(block, 1, sizeof block, coco->images)) > 0)
        if (atomic_append(&coco->file, block, got, error))
            return -1;
    if (ferror(coco->images))
        return error_set_system(error, ERROR_IO, errno,
                                "%s: its list of images cannot be read again", coco->file.path);
    return 0;
}

/* The head was written before the classes of records were known: the file is copied behind a new one. */
static int replace_head(struct writer *writer, struct error *error)
{
    struct coco *coco = writer->state;
    struct atomic_file old = coco->file;
    const size_t from = coco->head;
    if (writer->format == &format_coco_results || coco->category_count == count_categories(writer))
        return 0;
    if (atomic_open(&coco->file, writer->out, "instances.json", error)) {
        coco->file = old;
        return -1;
    }
    int status =
        write_head(writer, &coco->file, error) || atomic_copy(&coco->file, &old, from, error) ? -1
                                                                                              : 0;
    atomic_abandon(&old);
    return status;
}

static int close_with(struct writer *writer, int (*finish)(struct coco *, struct error *),
                      struct error *error)
{
    struct coco *coco = writer->state;
    int result =
        check_ids(coco, error) || replace_head(writer, error) || finish(coco, error) ? -1 : 0;
    if (result == 0)
        result = atomic_commit(&coco->file, writer->options.batch, error);
    else
        atomic_abandon(&coco->file);
    coco_free(coco);
    return result;
}

static int finish_instances(struct coco *coco, struct error *error)
{
    if (atomic_append(&coco->file, "\n],\n\"images\": [", 15, error) || append_images(coco, error))
        return -1;
    return atomic_append(&coco->file, "\n]}\n", 4, error);
}

static int finish_results(struct coco *coco, struct error *error)
{
    return atomic_append(&coco->file, "\n]\n", 3, error);
}

static int close_instances(struct writer *writer, struct error *error)
{
    return close_with(writer, finish_instances, error);
}

static int close_results(struct writer *writer, struct error *error)
{
    return close_with(writer, finish_results, error);
}

const struct format format_coco = {
    .name = "coco",
    .kind = WRITER_WHOLE,
    .summary = "COCO instances over all images: instances.json",
    .open = open_instances,
    .add = add_coco,
    .close = close_instances,
    .abandon = abandon_coco,
};

const struct format format_polygons = {
    .name = "polygons",
    .kind = WRITER_WHOLE,
    .summary = "COCO instances with polygons instead of runs: instances.json",
    .open = open_instances,
    .add = add_coco,
    .close = close_instances,
    .abandon = abandon_coco,
};

const struct format format_coco_results = {
    .name = "coco-results",
    .kind = WRITER_WHOLE,
    .summary = "COCO's list of results, scored by predicted IoU: results.json",
    .open = open_results,
    .add = add_coco,
    .close = close_results,
    .abandon = abandon_coco,
};
