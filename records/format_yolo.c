/* YOLO segmentation labels: a line for each object, "0 x y x y ..." as fractions of the image's
 * width and height. A line holds one polygon, so parts and holes of a mask are joined by cuts. */
#include <stdio.h>

#include "base/error.h"
#include "base/json_text.h"
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
    int result = 0;
    for (size_t i = 0; result == 0 && i < record->masks.count; i++) {
        result = polygons_trace(&polygons, &record->masks.items[i].rle, POLYGON_SINGLE, error);
        if (result || polygons.count == 0)
            continue;
        json_text_raw(&text, "0");
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

const struct format format_yolo = {
    .name = "yolo",
    .kind = WRITER_EACH,
    .summary = "YOLO's text of segments, NAME.txt for each image, class 0",
    .add = add_yolo,
};
