/* The reading half of record.h. Input is untrusted; all of it is validated. */
#include "records/record.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/read_file.h"
#include "base/text_mark.h"
#include "rle/coco.h"

enum { MAX_ID_BITS = 53 }; /* what a double holds exactly */

/* The state of reading one record. */
struct reader {
    struct record *record;
    const struct record_faults *faults; /* NULL: stop at the first fault */
    long annotation;                    /* the current one; -1 outside any */
    size_t found;                       /* faults of the current annotation */
    bool no_memory;                     /* stops reading even with `faults` */
    struct error *error;
};

/* Reports a fault. Returns -1. */
static int fault(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fault(struct reader *reader, const char *format, ...)
{
    char reason[ERROR_TEXT_SIZE / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    bool first = reader->found++ == 0;
    if (reader->faults)
        reader->faults->found(reader->faults->context, reader->annotation, reason);
    else if (first && reader->annotation >= 0)
        error_set(reader->error, ERROR_RECORD, "annotation %ld: %s", reader->annotation, reason);
    else if (first)
        error_set(reader->error, ERROR_RECORD, "%s", reason);
    return -1;
}

static int no_memory(struct reader *reader)
{
    reader->no_memory = true;
    return -1;
}

static int read_integer(struct reader *reader, const json_t *object, const char *name,
                        int64_t least, int64_t most, int64_t *number)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return fault(reader, "%s is missing", name);
    if (!json_is_integer(value))
        return fault(reader, "%s is not an integer", name);
    *number = json_integer_value(value);
    if (*number < least || *number > most)
        return fault(reader, "%s is %lld, outside %lld to %lld", name, (long long)*number,
                     (long long)least, (long long)most);
    return 0;
}

static int read_real(struct reader *reader, const json_t *object, const char *name, float *number)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        return fault(reader, "%s is missing", name);
    if (!json_is_number(value))
        return fault(reader, "%s is not a number", name);
    *number = (float)json_number_value(value);
    if (!isfinite(*number))
        return fault(reader, "%s is out of range", name);
    return 0;
}

/* Reads `count` whole numbers in the range of int32_t, written as 12 or as 12.0. */
static int read_whole(struct reader *reader, const json_t *object, const char *name, size_t count,
                      int32_t *numbers)
{
    const json_t *array = json_object_get(object, name);
    if (!array)
        return fault(reader, "%s is missing", name);
    if (json_array_size(array) != count)
        return fault(reader, "%s is not a list of %zu numbers", name, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(array, i);
        double number = json_number_value(value);
        if (!json_is_number(value) || number != floor(number) || fabs(number) > INT32_MAX)
            return fault(reader, "%s[%zu] is not a whole number of pixels", name, i);
        numbers[i] = (int32_t)number;
    }
    return 0;
}

static int hexadecimal_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Hex-decodes `hex` and replaces file_name by the result. */
static int restore_bytes(struct reader *reader, const char *hex)
{
    size_t length = strlen(hex);
    char *bytes = malloc(length / 2 + 1);
    if (!bytes)
        return no_memory(reader);
    for (size_t i = 0; i + 1 < length; i += 2) {
        int high = hexadecimal_value(hex[i]), low = hexadecimal_value(hex[i + 1]);
        bytes[i / 2] = (char)(high < 0 || low < 0 ? 0 : high * 16 + low);
    }
    bytes[length / 2] = 0;
    if (length == 0 || length % 2 || strlen(bytes) != length / 2) {
        free(bytes);
        return fault(reader, "file_name_hex is not a list of bytes in hexadecimal");
    }
    free(reader->record->file_name);
    reader->record->file_name = bytes;
    return 0;
}

static int read_file_name(struct reader *reader, const json_t *image)
{
    const json_t *name = json_object_get(image, "file_name");
    const json_t *hex = json_object_get(image, "file_name_hex");
    if (!json_is_string(name) || json_string_length(name) == 0)
        return fault(reader, "image.file_name is missing or not a string");
    if (strlen(json_string_value(name)) != json_string_length(name))
        return fault(reader, "image.file_name contains a NUL");
    reader->record->file_name = strdup(json_string_value(name));
    if (!reader->record->file_name)
        return no_memory(reader);
    if (!hex)
        return 0;
    if (!json_is_string(hex))
        return fault(reader, "file_name_hex is not a string");
    return restore_bytes(reader, json_string_value(hex));
}

static int read_image(struct reader *reader, const json_t *image)
{
    int64_t width = 0, height = 0;
    if (!json_is_object(image))
        return fault(reader, "there is no image object");
    if (read_integer(reader, image, "image_id", 0, (INT64_C(1) << MAX_ID_BITS) - 1,
                     &reader->record->image_id) ||
        read_integer(reader, image, "width", 1, INT32_MAX, &width) ||
        read_integer(reader, image, "height", 1, INT32_MAX, &height) ||
        read_file_name(reader, image))
        return -1;
    if (width * height > UINT32_MAX)
        return fault(reader, "%lld x %lld pixels are more than 2^32 - 1", (long long)width,
                     (long long)height);
    reader->record->width = (uint32_t)width;
    reader->record->height = (uint32_t)height;
    return 0;
}

/* Checks that `text` is the canonical COCO string of the mask. */
static int check_canonical(struct reader *reader, const struct rle *rle, const char *text,
                           size_t length)
{
    struct error error;
    size_t canonical_length;
    char *canonical = coco_string(rle, &canonical_length, &error);
    if (!canonical)
        return no_memory(reader);
    bool same = canonical_length == length && memcmp(canonical, text, length) == 0;
    free(canonical);
    return same ? 0 : fault(reader, "counts are not written in the canonical way");
}

static int read_segmentation(struct reader *reader, const json_t *annotation, struct rle *rle)
{
    const struct record *record = reader->record;
    const json_t *segmentation = json_object_get(annotation, "segmentation");
    const json_t *counts = json_object_get(segmentation, "counts");
    int32_t size[2];
    struct error error;
    if (!json_is_object(segmentation))
        return fault(reader, "segmentation is missing or not an object");
    if (read_whole(reader, segmentation, "size", 2, size))
        return -1;
    if (size[0] != (int64_t)record->height || size[1] != (int64_t)record->width)
        return fault(reader, "size is [%d, %d], the image's is [%u, %u]", size[0], size[1],
                     record->height, record->width);
    if (!json_is_string(counts))
        return fault(reader, "counts are missing or not a string");
    const char *text = json_string_value(counts);
    size_t length = json_string_length(counts);
    if (coco_parse(rle, text, length, record->height, record->width, &error) ||
        rle_check(rle, &error))
        return error.code == ERROR_MEMORY ? no_memory(reader) : fault(reader, "%s", error.text);
    return check_canonical(reader, rle, text, length);
}

/* Checks area and bbox against the runs. */
static int check_against_runs(struct reader *reader, const json_t *annotation, struct mask *mask)
{
    int64_t area = 0;
    int32_t bbox[4];
    struct box box = rle_box(&mask->rle);
    mask->area = rle_area(&mask->rle);
    mask->box = box;
    if (mask->area == 0)
        fault(reader, "the mask is empty");
    if (read_integer(reader, annotation, "area", 0, UINT32_MAX, &area) == 0 &&
        (uint64_t)area != mask->area)
        fault(reader, "area is %lld, the runs have %llu", (long long)area,
              (unsigned long long)mask->area);
    if (read_whole(reader, annotation, "bbox", 4, bbox) == 0 &&
        (bbox[0] != box.x0 || bbox[1] != box.y0 || bbox[2] != box.x1 - box.x0 ||
         bbox[3] != box.y1 - box.y0))
        fault(reader, "bbox is [%d, %d, %d, %d], the runs have [%d, %d, %d, %d]", bbox[0], bbox[1],
              bbox[2], bbox[3], box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
    return reader->found ? -1 : 0;
}

static int read_point(struct reader *reader, const json_t *annotation, double point[2])
{
    const json_t *list = json_object_get(annotation, "point_coords");
    const json_t *pair = json_array_get(list, 0);
    if (json_array_size(list) != 1 || json_array_size(pair) != 2 ||
        !json_is_number(json_array_get(pair, 0)) || !json_is_number(json_array_get(pair, 1)))
        return fault(reader, "point_coords is not a list of one [x, y]");
    for (size_t i = 0; i < 2; i++)
        point[i] = json_number_value(json_array_get(pair, i));
    if (!(point[0] >= 0 && point[0] <= reader->record->width && point[1] >= 0 &&
          point[1] <= reader->record->height))
        return fault(reader, "point_coords [%g, %g] lie outside the image", point[0], point[1]);
    return 0;
}

static int read_crop(struct reader *reader, const json_t *annotation, struct rect *crop)
{
    int32_t box[4];
    if (read_whole(reader, annotation, "crop_box", 4, box))
        return -1;
    if (box[0] < 0 || box[1] < 0 || box[2] < 1 || box[3] < 1 ||
        (int64_t)box[0] + box[2] > reader->record->width ||
        (int64_t)box[1] + box[3] > reader->record->height)
        return fault(reader, "crop_box [%d, %d, %d, %d] lies outside the image", box[0], box[1],
                     box[2], box[3]);
    *crop = (struct rect){box[0], box[1], box[2], box[3]};
    return 0;
}

static void read_scores(struct reader *reader, const json_t *annotation, struct mask *mask)
{
    float stability = 0;
    read_real(reader, annotation, "predicted_iou", &mask->predicted_iou);
    if (read_real(reader, annotation, "stability_score", &stability) == 0) {
        if (stability < 0 || stability > 1)
            fault(reader, "stability_score is %g, outside 0 to 1", (double)stability);
        mask->stability_score = stability;
    }
}

/* Adds one annotation to the record, unless it has faults. Returns -1 to stop reading. */
static int read_annotation(struct reader *reader, const json_t *annotation)
{
    struct mask mask = {0};
    struct record *record = reader->record;
    reader->found = 0;
    if (!json_is_object(annotation)) {
        fault(reader, "not an object");
    } else {
        if (read_segmentation(reader, annotation, &mask.rle) == 0)
            check_against_runs(reader, annotation, &mask);
        read_scores(reader, annotation, &mask);
        read_point(reader, annotation, mask.point);
        read_crop(reader, annotation, &mask.crop);
        read_integer(reader, annotation, "id", 0, INT64_MAX, &record->ids[record->masks.count]);
    }
    if (reader->found == 0 && !reader->no_memory &&
        mask_list_add(&record->masks, &mask, reader->error))
        no_memory(reader);
    rle_free(&mask.rle);
    return reader->no_memory || (reader->found && !reader->faults) ? -1 : 0;
}

static int compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int check_ids(struct reader *reader)
{
    size_t count = reader->record->masks.count;
    if (count < 2)
        return 0;
    int64_t *sorted = malloc(count * sizeof *sorted);
    if (!sorted)
        return no_memory(reader);
    memcpy(sorted, reader->record->ids, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, compare_ids);
    for (size_t i = 1; i < count; i++)
        if ((i < 2 || sorted[i] != sorted[i - 2]) && sorted[i] == sorted[i - 1])
            fault(reader, "id %lld stands in more than one annotation", (long long)sorted[i]);
    free(sorted);
    return reader->found && !reader->faults ? -1 : 0;
}

static int read_document(struct reader *reader, const json_t *root)
{
    const json_t *annotations = json_object_get(root, "annotations");
    if (!json_is_object(root))
        return fault(reader, "not a JSON object");
    if (read_image(reader, json_object_get(root, "image")))
        return -1;
    if (!json_is_array(annotations))
        return fault(reader, "there is no list of annotations");
    size_t count = json_array_size(annotations);
    reader->record->ids = calloc(count ? count : 1, sizeof *reader->record->ids);
    if (!reader->record->ids)
        return no_memory(reader);
    for (size_t i = 0; i < count; i++) {
        reader->annotation = (long)i;
        if (read_annotation(reader, json_array_get(annotations, i)))
            return -1;
    }
    reader->annotation = -1;
    reader->found = 0;
    return check_ids(reader);
}

int record_parse(struct record *record, const char *text, size_t length,
                 const struct record_faults *faults, struct error *error)
{
    struct reader reader = {.record = record, .faults = faults, .annotation = -1, .error = error};
    json_error_t syntax;
    *record = (struct record){0};
    const char *wide = text_wide(text, length);
    size_t mark = text_mark(text, length);
    json_t *root =
        wide ? NULL : json_loadb(text + mark, length - mark, JSON_REJECT_DUPLICATES, &syntax);
    error_set(error, ERROR_RECORD, "unusable record");
    int result = root   ? read_document(&reader, root)
                 : wide ? fault(&reader, "this is %s text; save it as UTF-8", wide)
                        : fault(&reader, "JSON, line %d: %s", syntax.line, syntax.text);
    json_decref(root);
    if (reader.no_memory)
        result = error_set(error, ERROR_MEMORY, "no memory for a record of %zu bytes", length);
    if (result)
        record_free(record);
    return result;
}

int record_read(struct record *record, const char *path, const struct record_faults *faults,
                struct error *error)
{
    char *text;
    size_t length;
    *record = (struct record){0};
    if (read_file(path, RECORD_FILE_MAX, &text, &length, error))
        return -1;
    int result = record_parse(record, text, length, faults, error);
    free(text);
    return result ? error_prefix(error, "%s", path) : 0;
}
