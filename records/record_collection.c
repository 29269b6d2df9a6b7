#include "records/record_collection.h"

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/read_file.h"
#include "base/text_mark.h"
#include "records/record.h"

/* Where the parts go. */
struct cutter {
    const char *path;
    record_part_visit *visit;
    void *context;
    struct error *error;
};

static int no_memory(const struct cutter *cutter)
{
    return error_set(cutter->error, ERROR_MEMORY, "%s: no memory to read it", cutter->path);
}

/* Gives a text to the caller as the record of image `file_name`. Takes over text and label. */
static int give(const struct cutter *cutter, char *text, char *label, const char *file_name)
{
    struct record_part part = {.text = text, .label = label};
    if (text && label)
        part.name = strndup(file_name, path_stem_length(file_name));
    if (part.name) {
        part.length = strlen(text);
        return cutter->visit(cutter->context, &part, cutter->error);
    }
    free(text);
    free(label);
    return no_memory(cutter);
}

/* ---- NDJSON ---- */

bool record_collection_is_ndjson(const char *path)
{
    const char *dot = strrchr(path_base(path), '.');
    return dot && (strcmp(dot, ".ndjson") == 0 || strcmp(dot, ".jsonl") == 0);
}

/* The file_name in a line, or "" if it is damaged: reading it again tells why. */
static char *name_in_line(const char *line, size_t length)
{
    json_t *root = json_loadb(line, length, 0, NULL);
    const json_t *image = json_object_get(root, "image");
    const char *name = json_string_value(json_object_get(image, "file_name"));
    char *copy = strdup(name ? name : "");
    json_decref(root);
    return copy;
}

static int give_line(const struct cutter *cutter, const char *line, size_t length,
                     unsigned long long number)
{
    char *label;
    char *name = name_in_line(line, length);
    if (asprintf(&label, "%s, line %llu", cutter->path, number) < 0)
        label = NULL;
    int status = name ? give(cutter, strndup(line, length), label, name) : no_memory(cutter);
    if (!name)
        free(label);
    free(name);
    return status;
}

static int cut_lines(const struct cutter *cutter)
{
    FILE *file = fopen(cutter->path, "re");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    int status = 0;
    if (!file)
        return error_set_system(cutter->error, ERROR_IO, errno, "%s: cannot be opened",
                                cutter->path);
    for (unsigned long long number = 1;
         status == 0 && (length = getline(&line, &capacity, file)) > 0; number++)
        if (strspn(line, " \t\r\n") < (size_t)length)
            status = give_line(cutter, line, (size_t)length, number);
    if (status == 0 && ferror(file))
        status =
            error_set_system(cutter->error, ERROR_IO, errno, "%s: cannot be read", cutter->path);
    free(line);
    fclose(file);
    return status;
}

/* ---- COCO ---- */

/* An image or an annotation of a document. */
struct member {
    int64_t image; /* id; -1 if it is no number */
    size_t index;
};

struct members {
    struct member *list; /* [count], sorted by image, then by index */
    size_t count;
};

static int compare(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->image != y->image)
        return x->image < y->image ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int sort_members(struct members *members, const json_t *list, const char *id,
                        struct error *error)
{
    members->count = json_array_size(list);
    members->list = memory_new(members->count, sizeof *members->list, "a COCO document", error);
    if (!members->list)
        return -1;
    for (size_t i = 0; i < members->count; i++) {
        const json_t *image = json_object_get(json_array_get(list, i), id);
        members->list[i] =
            (struct member){json_is_integer(image) ? json_integer_value(image) : -1, i};
    }
    qsort(members->list, members->count, sizeof *members->list, compare);
    return 0;
}

/* The first member of an image, or where it would stand. */
static size_t find(const struct members *members, int64_t image)
{
    size_t low = 0, high = members->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (members->list[middle].image < image)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const struct members *members, int64_t image)
{
    size_t at = find(members, image);
    return at < members->count && members->list[at].image == image;
}

struct document {
    const json_t *images, *annotations;
    struct members listed;    /* the images */
    struct members annotated; /* the annotations */
};

/* {"images": [IMAGE], "annotations": [those of that image]} as text; NULL if memory is short. */
static char *text_of(const struct document *document, json_t *image, int64_t id)
{
    json_t *annotations = json_array();
    size_t at = find(&document->annotated, id);
    for (; at < document->annotated.count && document->annotated.list[at].image == id; at++)
        json_array_append(
            annotations, json_array_get(document->annotations, document->annotated.list[at].index));
    json_t *root = json_pack("{s:[O], s:o}", "images", image, "annotations", annotations);
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

static int give_image(const struct cutter *cutter, const struct document *document, size_t index)
{
    json_t *image = json_array_get(document->images, index);
    const json_t *id = json_object_get(image, "id");
    const int64_t number = json_is_integer(id) ? json_integer_value(id) : -1;
    const char *name = json_string_value(json_object_get(image, "file_name"));
    char unnamed[32], *label;
    snprintf(unnamed, sizeof unnamed, "image %lld", (long long)number);
    name = name ? name : unnamed;
    if (asprintf(&label, "%s: %s", cutter->path, name) < 0)
        label = NULL;
    return give(cutter, text_of(document, image, number), label, name);
}

/* The annotations of an image that is not listed: a record that cannot be read. */
static int give_unlisted(const struct cutter *cutter, const struct document *document, int64_t id)
{
    char *label;
    json_t *image = json_pack("{s:I}", "id", (json_int_t)id);
    char *text = image ? text_of(document, image, id) : NULL;
    json_decref(image);
    if (asprintf(&label, "%s: annotations of image %lld, which it does not list", cutter->path,
                 (long long)id) < 0)
        label = NULL;
    return give(cutter, text, label, "");
}

static int cut_document(const struct cutter *cutter, struct document *document)
{
    const struct members *annotated = &document->annotated;
    int status = sort_members(&document->listed, document->images, "id", cutter->error);
    if (status == 0)
        status =
            sort_members(&document->annotated, document->annotations, "image_id", cutter->error);
    for (size_t i = 0; status == 0 && i < document->listed.count; i++)
        status = give_image(cutter, document, i);
    for (size_t i = 0; status == 0 && i < annotated->count; i++) {
        int64_t id = annotated->list[i].image;
        if ((i == 0 || annotated->list[i - 1].image != id) && !has(&document->listed, id))
            status = give_unlisted(cutter, document, id);
    }
    memory_free(document->listed.list);
    memory_free(document->annotated.list);
    return status;
}

/* Returns 1 if the file is a COCO document of many images and was cut, 0 if not, or as `visit`. */
static int cut_coco(const struct cutter *cutter)
{
    char *bytes;
    size_t length;
    if (read_file(cutter->path, RECORD_FILE_MAX, &bytes, &length, cutter->error))
        return -1;
    size_t mark = text_mark(bytes, length);
    json_t *root = json_loadb(bytes + mark, length - mark, JSON_REJECT_DUPLICATES, NULL);
    free(bytes);
    struct document document = {.images = json_object_get(root, "images"),
                                .annotations = json_object_get(root, "annotations")};
    int status = 0;
    if (json_is_array(document.images) && json_is_array(document.annotations) &&
        json_array_size(document.images) != 1) {
        status = cut_document(cutter, &document);
        status = status ? status : 1;
    }
    json_decref(root);
    return status;
}

int record_collection_read(const char *path, record_part_visit *visit, void *context,
                           struct error *error)
{
    const struct cutter cutter = {path, visit, context, error};
    if (!record_collection_is_ndjson(path))
        return cut_coco(&cutter);
    int status = cut_lines(&cutter);
    return status ? status : 1;
}
