/* YOLO segmentation labels: a line for each object, "CLASS x y x y ..." as fractions of the image's
 * width and height; data.yaml has the names of the classes, if masks have any. A line holds one polygon, so parts and holes of a mask are joined by cuts. */
#include <stdio.h>

#include "base/error.h"
#include "base/json_text.h"
#include "records/category.h"
#include "records/format.h"
#include "records/record.h"
#include "rle/polygon.h"

/* Rounded to a millionth: a fortieth of a pixel at 25,000 pixels. */
static void append_fraction(struct json_text *text, int32_t place, uint32_t pixels)
{
    char number[32];
    uint64_t millionths = ((uint64_t)place * 1000000 + pixels / 2) / pixels;
    int length = snprintf(number, sizeof number, " %u.%06u", (unsigned)(millionths / 1000000),
                          (unsigned)(millionths % 1000000));
    json_text_bytes(text, number, (size_t)length);
}

static int add_yolo(struct writer *writer, const struct writer_item *item, struct error *error)
{
    const struct record *record = item->record;
    struct polygons polygons = {0};
    struct json_text text = {0};
    size_t number;
    int result = 0;
    for (size_t i = 0; result == 0 && i < record->masks.count; i++) {
        result = polygons_trace(&polygons, &record->masks.items[i].rle, POLYGON_SINGLE, error);
        if (result || polygons.count == 0)
            continue;
        result = category_of(writer->options.categories, record, i, &number, error);
        json_text_integer(&text, (int64_t)number);
        for (size_t j = 0; j < polygons.items[0].count; j++) {
            const int32_t *corner = polygons.xy[polygons.items[0].first + j];
            append_fraction(&text, corner[0], record->width);
            append_fraction(&text, corner[1], record->height);
        }
        json_text_raw(&text, "\n");
    }
    polygons_free(&polygons);
    size_t length = 0;
    char *lines = result ? NULL : json_text_take(&text, &length, error);
    json_text_free(&text);
    return format_write(writer, item->name, ".txt", lines, length, error);
}

/* A name in YAML's double quotes. It is plain text (record_is_category). */
static void append_quoted(struct json_text *text, const char *name)
{
    json_text_raw(text, "\"");
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            json_text_raw(text, "\\");
        json_text_bytes(text, name, 1);
    }
    json_text_raw(text, "\"\n");
}

/* Names the classes, if there are any beside "object". */
static int close_yolo(struct writer *writer, struct error *error)
{
    const struct name_index *categories = writer->options.categories;
    struct json_text text = {0};
    if (!categories || categories->count < 2)
        return 0;
    json_text_raw(&text, "names:\n");
    for (size_t i = 0; i < categories->count; i++) {
        json_text_raw(&text, "  ");
        json_text_integer(&text, (int64_t)i);
        json_text_raw(&text, ": ");
        append_quoted(&text, categories->names[i]);
    }
    size_t length = 0;
    char *names = json_text_take(&text, &length, error);
    return format_write(writer, "data", ".yaml", names, length, error);
}

const struct format format_yolo = {
    .name = "yolo",
    .kind = WRITER_EACH,
    .summary = "YOLO's text of segments, NAME.txt for each image",
    .add = add_yolo,
    .close = close_yolo,
};
