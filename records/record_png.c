#include "records/record_png.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image_pool.h"
#include "records/record.h"
#include "rle/coco.h"
#include "rle/rle.h"

/* The columns of metadata.csv. */
enum { ID, AREA, BBOX, POINT = BBOX + 4, IOU = POINT + 2, STABILITY, CROP, COLUMNS = CROP + 4 };

/* What is needed to read a folder. */
struct reading {
    const struct folder *folder;
    const char *file; /* metadata.csv, in `folder` */
    struct json_text text;
    struct image image;
    struct rle rle;
    struct image_pool *pool;
    struct error *error;
};

bool record_png_is(const char *file)
{
    return strcmp(path_base(file), RECORD_PNG_METADATA) == 0;
}

/* Cuts a line at its commas. Returns whether there are as many columns as there should be. */
static bool cut(char *line, const char *columns[COLUMNS])
{
    size_t count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *column; (column = strsep(&line, ","));) {
        if (count == COLUMNS)
            return false;
        columns[count++] = column;
    }
    return count == COLUMNS;
}

static bool is_number(const char *column)
{
    char *end;
    strtod(column, &end);
    return end != column && *end == '\0';
}

/* Appends ", "NAME": [A, B, ...]", or nothing if a column is empty. */
static void append(struct reading *reading, const char *name, const char *const *columns,
                   size_t count, const char *const brackets[2])
{
    struct json_text *text = &reading->text;
    for (size_t i = 0; i < count; i++)
        if (!is_number(columns[i]))
            return;
    json_text_raw(text, ", \"");
    json_text_raw(text, name);
    json_text_raw(text, "\": ");
    json_text_raw(text, brackets[0]);
    for (size_t i = 0; i < count; i++) {
        json_text_raw(text, i ? ", " : "");
        json_text_raw(text, columns[i]);
    }
    json_text_raw(text, brackets[1]);
}

/* Reads NUMBER.png beside metadata.csv into reading->image. */
static int read_image(struct reading *reading, const char *number)
{
    const char *file = reading->file, *prefix = reading->folder->prefix;
    char *path; /* with the folder's, for messages */
    if (asprintf(&path, "%s%.*s%s.png", prefix, (int)(path_base(file) - file), file, number) < 0)
        return error_set(reading->error, ERROR_MEMORY, "%s%s: no memory", prefix, file);
    struct image_input place = {path, -1};
    place.descriptor =
        folder_open_file(reading->folder, path + strlen(prefix), O_RDONLY, reading->error);
    int status = place.descriptor < 0
                     ? -1
                     : image_pool_read(reading->pool, &place, &reading->image, reading->error);
    if (place.descriptor >= 0)
        close(place.descriptor);
    if (status && reading->error->code == ERROR_IO)
        reading->error->code = ERROR_IMAGE; /* as where a decoder cannot read it */
    free(path);
    return status;
}

/* Reads NUMBER.png beside metadata.csv into reading->rle. */
static int read_mask(struct reading *reading, const char *number)
{
    struct image *image = &reading->image;
    if (read_image(reading, number))
        return -1;
    size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *bits = memory_new(pixels, 1, "a mask", reading->error);
    if (!bits)
        return -1;
    for (size_t i = 0; i < pixels; i++)
        bits[i] = image->rgb[3 * i] | image->rgb[3 * i + 1] | image->rgb[3 * i + 2];
    int status = rle_from_bitmap(&reading->rle, bits, (uint32_t)image->height,
                                 (uint32_t)image->width, (size_t)image->width, reading->error);
    memory_free(bits);
    return status;
}

static int append_mask(struct reading *reading, const char *const *columns)
{
    static const char *const none[2] = {"", ""}, *const list[2] = {"[", "]"},
                             *const pairs[2] = {"[[", "]]"};
    struct json_text *text = &reading->text;
    const struct rle *rle = &reading->rle;
    size_t length;
    if (read_mask(reading, columns[ID]))
        return -1;
    char *counts = coco_string(rle, &length, reading->error);
    if (!counts)
        return -1;
    json_text_raw(text, text->used > 1 ? ", " : "");
    json_text_raw(text, "{\"segmentation\": {\"size\": [");
    json_text_integer(text, rle->height);
    json_text_raw(text, ", ");
    json_text_integer(text, rle->width);
    json_text_raw(text, "], \"counts\": ");
    json_text_string(text, counts, length);
    json_text_raw(text, "}");
    free(counts);
    append(reading, "area", columns + AREA, 1, none);
    append(reading, "bbox", columns + BBOX, 4, list);
    append(reading, "point_coords", columns + POINT, 2, pairs);
    append(reading, "predicted_iou", columns + IOU, 1, none);
    append(reading, "stability_score", columns + STABILITY, 1, none);
    append(reading, "crop_box", columns + CROP, 4, list);
    append(reading, "id", columns + ID, 1, none);
    json_text_raw(text, "}");
    return 0;
}

/* Reads the lines of a text, which is cut up. The first one names the columns. */
static int read_lines(struct reading *reading, char *text)
{
    const char *columns[COLUMNS];
    int status = 0;
    unsigned long number = 1;
    for (char *line; status == 0 && (line = strsep(&text, "\n")); number++) {
        if (!text && !*line) /* behind the last newline */
            break;
        if (!cut(line, columns) ||
            (number > 1 && strspn(columns[ID], "0123456789") != strlen(columns[ID])))
            status =
                error_set(reading->error, ERROR_RECORD, "line %lu: not a line of amg.py's", number);
        else if (number > 1)
            status = append_mask(reading, columns);
    }
    return status;
}

char *record_png_text(const struct folder *folder, const char *file, struct image_pool *pool,
                      size_t *length, struct error *error)
{
    struct reading reading = {.folder = folder, .file = file, .pool = pool, .error = error};
    char *lines;
    size_t size;
    if (folder_read(folder, file, RECORD_FILE_MAX, &lines, &size, error))
        return NULL;
    json_text_raw(&reading.text, "[");
    int status = strlen(lines) == size
                     ? read_lines(&reading, lines)
                     : error_set(error, ERROR_RECORD, "it is no text: there is a NUL in it");
    free(lines);
    image_free(&reading.image);
    rle_free(&reading.rle);
    json_text_raw(&reading.text, "]");
    if (status == 0)
        return json_text_take(&reading.text, length, error);
    json_text_free(&reading.text);
    return NULL;
}
