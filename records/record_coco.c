#include "records/record_coco.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json_cursor.h"
#include "base/json_load.h"
#include "base/memory.h"
#include "records/record.h"
#include "records/record_part.h"

/* An image or an annotation of a document. */
struct member {
    int64_t image;   /* id; -1 if there is none */
    uint64_t offset; /* in the file */
    uint64_t length; /* bytes */
};

struct members {
    struct member *list; /* owned; [count] */
    size_t count, capacity;
    bool found; /* the document has such a list */
};

struct document {
    const struct record_cutter *cutter;
    int fd;
    struct members listed;    /* the images, in the order of the file */
    struct members sorted;    /* the same by id */
    struct members annotated; /* the annotations by image */
    bool results;             /* nothing but annotations, in a list */
};

/* More than any data set has. 33 million take 0.8 GB. */
enum { MEMBERS_MAX = 1 << 25 };

/* ---- first reading: where everything lies ---- */

static int syntax_error(const struct document *document, const struct json_cursor *cursor)
{
    const char *path = document->cutter->path;
    if (cursor->system)
        return error_set_system(document->cutter->error, ERROR_IO, cursor->system, "%s: %s", path,
                                cursor->fault);
    return error_set(document->cutter->error, ERROR_RECORD, "%s: JSON, line %zu: %s", path,
                     cursor->line, cursor->fault);
}

/* Reads the image id of the next value, which is its member `name`. */
static int read_member(struct json_cursor *cursor, const char *name, struct member *member)
{
    char key[JSON_KEY];
    int more;
    *member = (struct member){.image = -1, .offset = json_cursor_offset(cursor)};
    int object = json_cursor_enter(cursor, '{');
    if (object <= 0)
        more = object ? -1 : json_cursor_skip(cursor, NULL);
    else
        while ((more = json_cursor_next(cursor, key)) > 0)
            if (strcmp(key, name) == 0 ? json_cursor_integer(cursor, &member->image) < 0
                                       : json_cursor_skip(cursor, NULL))
                return -1;
    member->length = json_cursor_offset(cursor) - member->offset;
    return more;
}

/* Notes all members of the next value. If that is no list, it is passed over. */
static int note_members(const struct document *document, struct json_cursor *cursor,
                        const char *name, struct members *members)
{
    int more = json_cursor_enter(cursor, '[');
    members->found = more > 0;
    if (more == 0)
        return json_cursor_skip(cursor, NULL) ? syntax_error(document, cursor) : 0;
    members->count = 0;
    while (more > 0 && (more = json_cursor_next(cursor, NULL)) > 0) {
        if (memory_grow((void **)&members->list, &members->capacity, members->count + 1,
                        sizeof *members->list, document->cutter->error))
            return -1;
        if (members->count == MEMBERS_MAX)
            return error_set(document->cutter->error, ERROR_RECORD,
                             "%s: more than %d images or annotations; split the document",
                             document->cutter->path, MEMBERS_MAX);
        if (read_member(cursor, name, &members->list[members->count++]))
            break;
    }
    return cursor->fault ? syntax_error(document, cursor) : 0;
}

/* A list of results. */
static int note_results(struct document *document, struct json_cursor *cursor)
{
    if (note_members(document, cursor, "image_id", &document->annotated))
        return -1;
    document->results = document->annotated.found;
    return json_cursor_end(cursor) ? syntax_error(document, cursor) : 0;
}

/* Fills listed and annotated. */
static int note_all(struct document *document, struct json_cursor *cursor)
{
    char key[JSON_KEY];
    int more = json_cursor_enter(cursor, '{');
    if (more == 0)
        return document->cutter->detections ? note_results(document, cursor) : 0;
    while (more > 0 && (more = json_cursor_next(cursor, key)) > 0) {
        int status = 0;
        if (strcmp(key, "images") == 0)
            status = note_members(document, cursor, "id", &document->listed);
        else if (strcmp(key, "annotations") == 0)
            status = note_members(document, cursor, "image_id", &document->annotated);
        else
            json_cursor_skip(cursor, NULL);
        if (status)
            return -1;
    }
    return json_cursor_end(cursor) ? syntax_error(document, cursor) : 0;
}

static int compare(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    if (x->image != y->image)
        return x->image < y->image ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

static int sort(struct document *document)
{
    const struct members *listed = &document->listed;
    struct members *sorted = &document->sorted, *annotated = &document->annotated;
    if (memory_grow((void **)&sorted->list, &sorted->capacity, listed->count, sizeof *sorted->list,
                    document->cutter->error))
        return -1;
    sorted->count = listed->count;
    if (listed->count) {
        memcpy(sorted->list, listed->list, listed->count * sizeof *listed->list);
        qsort(sorted->list, sorted->count, sizeof *sorted->list, compare);
    }
    if (annotated->count)
        qsort(annotated->list, annotated->count, sizeof *annotated->list, compare);
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

/* ---- second reading: a document for each image ---- */

/* Appends a piece of the file to a text that has the room. */
static int append(const struct document *document, const struct member *member, char *text,
                  size_t *used)
{
    size_t done = 0;
    while (done < member->length) {
        ssize_t got = pread(document->fd, text + *used + done, member->length - done,
                            (off_t)(member->offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return error_set_system(document->cutter->error, ERROR_IO, got ? errno : EIO,
                                    "%s: cannot be read (did it change meanwhile?)",
                                    document->cutter->path);
        done += (size_t)got;
    }
    *used += done;
    return 0;
}

static void append_text(char *text, size_t *used, const char *more)
{
    size_t length = strlen(more);
    memcpy(text + *used, more, length + 1);
    *used += length;
}

/* Whether {"images": [IMAGE], "annotations": [those of id]} has a size that is read; *size is it.
 * `from` is the first of the annotations. */
static bool fits(const struct document *document, const struct member *image, size_t from,
                 int64_t id, uint64_t *size)
{
    const struct members *annotated = &document->annotated;
    *size = (image ? image->length : 0) + 64;
    for (size_t i = from; i < annotated->count && annotated->list[i].image == id; i++)
        if ((*size += annotated->list[i].length + 1) > RECORD_FILE_MAX)
            return false;
    return *size <= RECORD_FILE_MAX;
}

/* Makes the text of an image's document; image NULL: {"id": id}. Returns 0, or -1 with ERROR_IO. */
static int make_text(const struct document *document, const struct member *image, int64_t id,
                     struct record_part *part)
{
    const struct members *annotated = &document->annotated;
    uint64_t size;
    size_t at = find(annotated, id), from = at;
    if (!fits(document, image, from, id, &size)) {
        error_set(&part->error, ERROR_RECORD,
                  "%s: its annotations have more than the %d bytes that are read",
                  part->label ? part->label : document->cutter->path, RECORD_FILE_MAX);
        part->text = strdup("");
        return 0;
    }
    part->text = malloc(size + 1);
    if (!part->text)
        return 0;
    char *text = part->text;
    append_text(text, &part->length, "{\"images\":[");
    if (!image)
        part->length += (size_t)snprintf(text + part->length, 32, "{\"id\":%lld}", (long long)id);
    else if (append(document, image, text, &part->length))
        return -1;
    append_text(text, &part->length, "],\"annotations\":[");
    for (; at < annotated->count && annotated->list[at].image == id; at++) {
        if (at > from)
            append_text(text, &part->length, ",");
        if (append(document, &annotated->list[at], text, &part->length))
            return -1;
    }
    append_text(text, &part->length, "]}");
    text[part->length] = 0;
    return 0;
}

/* Builds the object that describes an image; NULL if it is damaged or too large. Returns 0, or -1 with
 * ERROR_IO or ERROR_MEMORY. */
static int build_image(const struct document *document, const struct member *image, json_t **built)
{
    size_t used = 0;
    *built = NULL;
    if (image->length > RECORD_FILE_MAX)
        return 0;
    char *text = malloc(image->length + 1);
    if (!text)
        return error_set(document->cutter->error, ERROR_MEMORY, "%s: no memory to read it",
                         document->cutter->path);
    int status = append(document, image, text, &used);
    if (status == 0)
        *built = json_load_bounded(text, used, 0, NULL);
    free(text);
    return status;
}

/* The image's file_name, freed by the caller. Returns 1; 0 without a name; -1 with ERROR_IO or
 * ERROR_MEMORY. */
static int file_name_of(const struct document *document, const struct member *image, char **name)
{
    json_t *built;
    int status = build_image(document, image, &built);
    const char *said = json_string_value(json_object_get(built, "file_name"));
    *name = said ? strdup(said) : NULL;
    if (said && !*name)
        status = error_set(document->cutter->error, ERROR_MEMORY, "%s: no memory for a name",
                           document->cutter->path);
    json_decref(built);
    return status ? -1 : said != NULL;
}

/* The same; "image ID" if it has none. */
static char *name_of(const struct document *document, const struct member *image)
{
    char *name;
    if (file_name_of(document, image, &name) <= 0 &&
        asprintf(&name, "image %lld", (long long)image->image) < 0)
        name = NULL;
    return name;
}

static int abandon(struct record_part *part)
{
    free(part->text);
    free(part->label);
    return -1;
}

static int give_image(const struct document *document, size_t index)
{
    const struct member *image = &document->listed.list[index];
    const struct members *sorted = &document->sorted;
    struct record_part part = {0};
    char *name = name_of(document, image);
    int status = 0;
    if (name && asprintf(&part.label, "%s: %s", document->cutter->path, name) < 0)
        part.label = NULL;
    if (sorted->list[find(sorted, image->image)].offset != image->offset) {
        error_set(&part.error, ERROR_RECORD, "%s: an image before it in the document has its id",
                  part.label ? part.label : "");
        part.text = strdup("");
    } else {
        status = make_text(document, image, image->image, &part);
    }
    status = status ? abandon(&part) : record_part_give(document->cutter, &part, name ? name : "");
    free(name);
    return status;
}

/* The annotations of an image that is not listed: a record that cannot be read, or results. */
static int give_unlisted(const struct document *document, int64_t id)
{
    struct record_part part = {0};
    const char *format = document->results
                             ? "%s: image %lld"
                             : "%s: annotations of image %lld, which it does not list";
    if (asprintf(&part.label, format, document->cutter->path, (long long)id) < 0)
        part.label = NULL;
    if (make_text(document, NULL, id, &part))
        return abandon(&part);
    return record_part_give(document->cutter, &part, "");
}

static int give_all(struct document *document)
{
    const struct members *annotated = &document->annotated;
    int status = sort(document);
    for (size_t i = 0; status == 0 && i < document->listed.count; i++)
        status = give_image(document, i);
    for (size_t i = 0; status == 0 && i < annotated->count; i++) {
        int64_t id = annotated->list[i].image;
        if ((i == 0 || annotated->list[i - 1].image != id) && !has(&document->sorted, id))
            status = give_unlisted(document, id);
    }
    return status;
}

/* Whether the document is one that is cut. */
static bool is_cut(const struct document *document)
{
    bool both = document->listed.found && document->annotated.found;
    return document->results ||
           (both && (document->listed.count != 1 || document->cutter->detections));
}

int record_coco_cut(const struct record_cutter *cutter, int fd)
{
    struct document document = {.cutter = cutter, .fd = fd};
    struct json_cursor cursor;
    int status = json_cursor_file(&cursor, fd, cutter->error);
    if (status == 0)
        status = note_all(&document, &cursor);
    if (status == 0 && is_cut(&document)) {
        status = give_all(&document);
        status = status ? status : 1;
    }
    json_cursor_free(&cursor);
    free(document.listed.list);
    free(document.sorted.list);
    free(document.annotated.list);
    return status;
}

/* ---- images one by one ---- */

struct record_coco {
    struct document document; /* its cutter and fd are set for each call */
    bool described;
};

/* Whether the list that the cursor is at the beginning of has results: objects with an "image_id". */
static int holds_results(struct json_cursor *cursor)
{
    char key[JSON_KEY];
    int more = json_cursor_enter(cursor, '[');
    if (more > 0)
        more = json_cursor_next(cursor, NULL);
    if (more > 0)
        more = json_cursor_enter(cursor, '{');
    while (more > 0 && json_cursor_next(cursor, key) > 0) {
        if (strcmp(key, "image_id") == 0)
            return 1;
        if (json_cursor_skip(cursor, NULL))
            break;
    }
    return 0;
}

/* Lists the images that results are of, one after the other; those without a number are no one's. */
static int list_results(struct document *document)
{
    const struct members *annotated = &document->annotated;
    struct members *listed = &document->listed;
    if (annotated->count)
        qsort(annotated->list, annotated->count, sizeof *annotated->list, compare);
    for (size_t i = 0; i < annotated->count; i++) {
        int64_t id = annotated->list[i].image;
        if (id < 0 || (i > 0 && annotated->list[i - 1].image == id))
            continue;
        if (memory_grow((void **)&listed->list, &listed->capacity, listed->count + 1,
                        sizeof *listed->list, document->cutter->error))
            return -1;
        listed->list[listed->count++] = (struct member){.image = id};
    }
    return 0;
}

/* A list of results, and the images that they are of. */
static int note_results_by_image(struct document *document, struct json_cursor *cursor)
{
    if (note_results(document, cursor) || list_results(document))
        return -1;
    return 1;
}

/* Two images of one id would have the same annotations. */
static int check_repeats(const struct document *document)
{
    const struct members *sorted = &document->sorted;
    for (size_t i = 1; i < sorted->count; i++)
        if (sorted->list[i].image == sorted->list[i - 1].image)
            return error_set(document->cutter->error, ERROR_RECORD,
                             "%s: two images have the id %lld", document->cutter->path,
                             (long long)sorted->list[i].image);
    return 1;
}

/* Begins at the start of the file. */
static int restart(struct json_cursor *cursor, const struct document *document)
{
    json_cursor_free(cursor);
    *cursor = (struct json_cursor){0};
    if (lseek(document->fd, 0, SEEK_SET) < 0)
        return error_set_system(document->cutter->error, ERROR_IO, errno, "%s: cannot be read",
                                document->cutter->path);
    return json_cursor_file(cursor, document->fd, document->cutter->error);
}

/* As record_coco_note. */
static int note_any(struct record_coco *coco, struct json_cursor *cursor)
{
    struct document *document = &coco->document;
    if (restart(cursor, document))
        return -1;
    bool results = holds_results(cursor) > 0;
    if (restart(cursor, document))
        return -1;
    if (results)
        return note_results_by_image(document, cursor);
    if (note_all(document, cursor))
        return -1;
    if (!document->listed.found)
        return 0;
    coco->described = true;
    return sort(document) ? -1 : check_repeats(document);
}

int record_coco_note(struct record_coco **coco, const struct record_cutter *cutter, int fd)
{
    struct json_cursor cursor = {0};
    struct record_coco *made = calloc(1, sizeof *made);
    *coco = NULL;
    if (!made)
        return error_set(cutter->error, ERROR_MEMORY, "%s: no memory to read it", cutter->path);
    made->document = (struct document){.cutter = cutter, .fd = fd};
    int status = note_any(made, &cursor);
    json_cursor_free(&cursor);
    if (status > 0 || made->described)
        *coco = made;
    else
        record_coco_free(made);
    return status;
}

void record_coco_free(struct record_coco *coco)
{
    if (!coco)
        return;
    free(coco->document.listed.list);
    free(coco->document.sorted.list);
    free(coco->document.annotated.list);
    free(coco);
}

size_t record_coco_count(const struct record_coco *coco)
{
    return coco->document.listed.count;
}

bool record_coco_described(const struct record_coco *coco)
{
    return coco->described;
}

int64_t record_coco_id(const struct record_coco *coco, size_t index)
{
    return coco->document.listed.list[index].image;
}

uint64_t record_coco_bytes(const struct record_coco *coco, size_t index)
{
    const struct members *annotated = &coco->document.annotated;
    const struct member *image = &coco->document.listed.list[index];
    uint64_t size = 0;
    for (size_t i = find(annotated, image->image);
         i < annotated->count && annotated->list[i].image == image->image; i++)
        size += annotated->list[i].length + 1;
    return size ? size + image->length : 0;
}

int record_coco_name(const struct record_coco *coco, const struct record_cutter *cutter, int fd,
                     size_t index, char **name)
{
    struct document document = coco->document;
    document.cutter = cutter;
    document.fd = fd;
    return file_name_of(&document, &document.listed.list[index], name);
}

int record_coco_image(const struct record_coco *coco, const struct record_cutter *cutter, int fd,
                      size_t index, json_t **image)
{
    struct document document = coco->document;
    document.cutter = cutter;
    document.fd = fd;
    return build_image(&document, &document.listed.list[index], image);
}

int record_coco_text(const struct record_coco *coco, const struct record_cutter *cutter, int fd,
                     size_t index, struct record_part *part)
{
    struct document document = coco->document;
    document.cutter = cutter;
    document.fd = fd;
    const struct member *image = &document.listed.list[index];
    if (make_text(&document, coco->described ? image : NULL, image->image, part) == 0) {
        if (part->text)
            return 0;
        return error_set(cutter->error, ERROR_MEMORY, "%s: no memory to read it", cutter->path);
    }
    free(part->text);
    part->text = NULL;
    return -1;
}
