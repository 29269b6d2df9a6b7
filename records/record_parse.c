/* The reading half of record.h. Input is untrusted; all of it is validated. */
#include "records/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "records/record_document.h"
#include "records/record_known.h"
#include "records/record_reader.h"

enum { MAX_ID_BITS = 53 }; /* what a double holds exactly */

/* The record's own name stands in for its image's. */
static int name_after_record(struct record *record, const char *name)
{
    record->unnamed = true;
    record->file_name = strdup(name);
    return record->file_name ? 0 : -1;
}

static int hexadecimal_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Hex-decodes `hex` and replaces file_name by the result. */
static int restore_bytes(struct record_reader *reader, const char *hex)
{
    size_t length = strlen(hex);
    char *bytes = malloc(length / 2 + 1);
    if (!bytes)
        return reader_no_memory(reader);
    for (size_t i = 0; i + 1 < length; i += 2) {
        int high = hexadecimal_value(hex[i]), low = hexadecimal_value(hex[i + 1]);
        bytes[i / 2] = (char)(high < 0 || low < 0 ? 0 : high * 16 + low);
    }
    bytes[length / 2] = 0;
    if (length == 0 || length % 2 || strlen(bytes) != length / 2) {
        free(bytes);
        return reader_fault(reader, "file_name_hex is not a list of bytes in hexadecimal");
    }
    free(reader->record->file_name);
    reader->record->file_name = bytes;
    return 0;
}

static int read_file_name(struct record_reader *reader, const json_t *image, const char *own)
{
    const json_t *name = json_object_get(image, "file_name");
    const json_t *hex = json_object_get(image, "file_name_hex");
    if (!name && !reader->faults)
        return name_after_record(reader->record, own) ? reader_no_memory(reader) : 0;
    if (!json_is_string(name) || json_string_length(name) == 0)
        return reader_fault(reader, "image.file_name is missing or not a string");
    if (strlen(json_string_value(name)) != json_string_length(name))
        return reader_fault(reader, "image.file_name contains a NUL");
    reader->record->file_name = strdup(json_string_value(name));
    if (!reader->record->file_name)
        return reader_no_memory(reader);
    if (!hex)
        return 0;
    if (!json_is_string(hex))
        return reader_fault(reader, "file_name_hex is not a string");
    return restore_bytes(reader, json_string_value(hex));
}

/* "image_id", or "id" as COCO calls it; without either the one that this program would give. */
static int read_image_id(struct record_reader *reader, const json_t *image)
{
    static const int64_t range[2] = {0, (INT64_C(1) << MAX_ID_BITS) - 1};
    bool coco = !json_object_get(image, "image_id") && json_object_get(image, "id");
    struct record *record = reader->record;
    int result = reader_integer(reader, image, coco ? "id" : "image_id", range, &record->image_id);
    if (result == READ_ABSENT)
        record->image_id = record_image_id(record->file_name);
    return result < 0 ? -1 : 0;
}

static int read_side(struct record_reader *reader, const json_t *image, const char *name,
                     int64_t *side)
{
    static const int64_t range[2] = {1, INT32_MAX};
    int result = reader_integer(reader, image, name, range, side);
    return result == READ_ABSENT ? reader_fault(reader, "%s is missing", name) : result;
}

/* A file of known masks need not describe its image, but if it does, it must be this one. */
static int check_known_size(struct record_reader *reader, const json_t *image)
{
    static const int64_t range[2] = {1, INT32_MAX};
    const struct record *record = reader->record;
    int64_t width = record->width, height = record->height;
    if (reader_integer(reader, image, "width", range, &width) < 0 ||
        reader_integer(reader, image, "height", range, &height) < 0)
        return -1;
    return width == record->width && height == record->height
               ? 0
               : reader_fault(reader,
                              "it is of an image of %lld x %lld pixels, this one has %u x %u",
                              (long long)width, (long long)height, record->width, record->height);
}

static int read_image(struct record_reader *reader, const json_t *image, const char *own)
{
    int64_t width = 0, height = 0;
    if (reader->known)
        return check_known_size(reader, image);
    if (read_file_name(reader, image, own) || read_image_id(reader, image) ||
        read_side(reader, image, "width", &width) || read_side(reader, image, "height", &height))
        return -1;
    if (reader_check_pixels(reader, width, height))
        return -1;
    reader->record->width = (uint32_t)width;
    reader->record->height = (uint32_t)height;
    return 0;
}

/* The image of a document that does not describe it. Its masks say the size. */
static int infer_image(struct record_reader *reader, const char *own)
{
    if (name_after_record(reader->record, own))
        return reader_no_memory(reader);
    reader->record->image_id = record_image_id(own);
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int check_ids(struct record_reader *reader)
{
    size_t count = reader->record->masks.count;
    if (count < 2)
        return 0;
    int64_t *sorted = malloc(count * sizeof *sorted);
    if (!sorted)
        return reader_no_memory(reader);
    memcpy(sorted, reader->record->ids, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_ids);
    for (size_t i = 1; i < count; i++)
        if ((i < 2 || sorted[i] != sorted[i - 2]) && sorted[i] == sorted[i - 1])
            reader_fault(reader, "id %lld stands in more than one annotation",
                         (long long)sorted[i]);
    free(sorted);
    return reader->found && !reader->faults ? -1 : 0;
}

/* Makes room for one more annotation's id. */
static int make_room(struct record_reader *reader)
{
    struct record *record = reader->record;
    if (record->masks.count < reader->room)
        return 0;
    size_t room = reader->room ? 2 * reader->room : 64;
    int64_t *ids = reallocarray(record->ids, room, sizeof *ids);
    if (!ids)
        return reader_no_memory(reader);
    record->ids = ids;
    reader->room = room;
    return 0;
}

/* Reads one annotation, which may be damaged. */
static int take_annotation(struct record_reader *reader, const struct record_document *document,
                           const json_t *annotation, const struct error *damage)
{
    if (annotation && make_room(reader))
        return -1;
    if (annotation)
        return reader->known ? record_known_take(reader, document, annotation)
                             : reader_annotation(reader, annotation);
    if (damage->code == ERROR_MEMORY)
        return reader_no_memory(reader);
    reader->found = 0;
    reader_fault(reader, "%s", damage->text);
    return reader->faults ? 0 : -1;
}

static int read_annotations(struct record_reader *reader, struct record_document *document)
{
    struct error damage;
    json_t *annotation;
    int status = make_room(reader);
    for (long i = 0; status == 0; i++) {
        reader->annotation = i;
        if (record_document_next(document, &annotation, &damage) == 0)
            break;
        status = take_annotation(reader, document, annotation, &damage);
        json_decref(annotation);
    }
    reader->annotation = -1;
    reader->found = 0;
    return status;
}

static int read_document(struct record_reader *reader, struct record_document *document,
                         const char *own)
{
    reader->sa1b = document->image && !document->coco;
    if (document->image  ? read_image(reader, document->image, own)
        : !reader->known ? infer_image(reader, own)
                         : 0)
        return -1;
    if (read_annotations(reader, document))
        return -1;
    return reader->known ? record_known_end(reader) : check_ids(reader);
}

int reader_record(struct record_reader *reader, const struct record_source *text)
{
    struct record_document document;
    struct error own = {0};
    int result = record_document_open(&document, text->bytes, text->length, &own);
    error_set(reader->error, ERROR_RECORD, "unusable record");
    if (result && own.code == ERROR_MEMORY)
        reader_no_memory(reader);
    else if (result)
        reader_fault(reader, "%s", own.text);
    else
        result = read_document(reader, &document, text->name);
    record_document_close(&document);
    if (reader->no_memory)
        result = error_set(reader->error, ERROR_MEMORY, "no memory for a record of %zu bytes",
                           text->length);
    if (result)
        record_free(reader->record);
    return result;
}

int record_reader_one(struct record *record, const json_t *annotation, struct error *error)
{
    struct record_reader reader = {.record = record,
                                   .annotation = -1,
                                   .outline = {.record = OUTLINE_OF_RECORD},
                                   .error = error};
    *record = (struct record){0};
    if (make_room(&reader) == 0 && reader_annotation(&reader, annotation) == 0)
        return 0;
    if (reader.no_memory)
        error_set(error, ERROR_MEMORY, "no memory for an annotation");
    record_free(record);
    return -1;
}

int record_parse(struct record *record, const struct record_source *text,
                 const struct record_faults *faults, struct error *error)
{
    struct record_reader reader = {.record = record,
                                   .faults = faults,
                                   .max_pixels = text->max_pixels,
                                   .annotation = -1,
                                   .outline = {.record = OUTLINE_OF_RECORD},
                                   .error = error};
    *record = (struct record){0};
    return reader_record(&reader, text);
}

int record_read(struct record *record, const struct folder *folder, const char *name,
                const struct record_source *as, const struct record_faults *faults,
                struct error *error)
{
    struct record_source text = *as;
    char *bytes;
    *record = (struct record){0};
    if (folder_read(folder, name, RECORD_FILE_MAX, &bytes, &text.length, error))
        return -1;
    text.bytes = bytes;
    int result = record_parse(record, &text, faults, error);
    free(bytes);
    return result ? error_prefix(error, "%s%s", folder->prefix, name) : 0;
}
