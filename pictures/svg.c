#include "pictures/svg.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_text.h"
#include "base/url.h"
#include "pictures/lettering.h"
#include "pictures/picture.h"
#include "pictures/scene.h"
#include "pictures/svg_words.h"
#include "records/record.h"

/* Height of capitals of sans-serif fonts, as a share of the font's size. */
static const double CAPITALS = 0.72;

__attribute__((format(printf, 2, 3))) static void append(struct json_text *to, const char *format,
                                                         ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_text_raw(to, text);
}

/* A coordinate with at most two decimals. */
static void append_number(struct json_text *to, float number, char before)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%c%.2f", before, (double)number);
    while (text[length - 1] == '0')
        length--;
    if (text[length - 1] == '.')
        length--;
    json_text_bytes(to, text, (size_t)length);
}

static void append_contour(struct json_text *to, const struct contour *contour)
{
    for (size_t i = 0; i < contour->count; i++) {
        const struct contour_ring *ring = &contour->rings[i];
        for (size_t p = 0; p < ring->count; p++) {
            const float *xy = contour->xy[ring->first + p];
            append_number(to, xy[0], p == 0 ? 'M' : 'L');
            append_number(to, xy[1], ' ');
        }
        json_text_raw(to, "Z");
    }
}

static void append_mask_title(struct json_text *to, const struct record *record, size_t place)
{
    const struct mask *mask = &record->masks.items[place];
    unsigned absent = record_absent(record, place);
    const char *category = record_category(record, place);
    append(to, "<title>mask %" PRId64, record_id(record, place));
    if (category) {
        json_text_raw(to, ", ");
        svg_words_text(to, category);
    }
    if (!(absent & RECORD_NO_IOU))
        append(to, ", predicted IoU %.3f", (double)mask->predicted_iou);
    if (!(absent & RECORD_NO_STABILITY))
        append(to, ", stability score %.3f", (double)mask->stability_score);
    append(to, ", %" PRIu64 " pixels</title>", rle_area(&mask->rle));
}

static void append_masks(struct json_text *to, const struct scene *scene,
                         const struct record *record, double alpha)
{
    append(to,
           "<g fill-rule=\"evenodd\" fill-opacity=\"%g\" stroke-width=\"%.2f\" "
           "stroke-linejoin=\"round\">\n",
           alpha, scene->outline);
    for (size_t i = 0; i < scene->count; i++) {
        const struct scene_mask *mask = &scene->masks[i];
        append(to, "<path id=\"mask-%" PRId64 "\" fill=\"#%02x%02x%02x\"",
               record_id(record, mask->place), mask->rgb[0], mask->rgb[1], mask->rgb[2]);
        if (scene->outline > 0)
            append(to, " stroke=\"#%02x%02x%02x\"", mask->rgb[0], mask->rgb[1], mask->rgb[2]);
        json_text_raw(to, " d=\"");
        append_contour(to, &mask->contour);
        json_text_raw(to, "\">");
        append_mask_title(to, record, mask->place);
        json_text_raw(to, "</path>\n");
    }
    json_text_raw(to, "</g>\n");
}

static void append_labels(struct json_text *to, const struct scene *scene)
{
    json_text_raw(to,
                  "<g font-family=\"system-ui, 'DejaVu Sans', sans-serif\" font-weight=\"600\" "
                  "text-anchor=\"middle\" fill=\"#fff\" stroke=\"#000\" stroke-opacity=\"0.72\" "
                  "stroke-linejoin=\"round\" paint-order=\"stroke\" pointer-events=\"none\">\n");
    for (size_t i = 0; i < scene->count; i++) {
        const struct scene_mask *mask = &scene->masks[i];
        const char *text = mask->label.text;
        double x = (double)mask->label_at[0] + lettering_width(text, mask->label_height) / 2;
        append(to, "<text x=\"%.2f\" y=\"%.2f\" font-size=\"%.2f\" stroke-width=\"%.2f\">", x,
               (double)mask->label_at[1], mask->label_height / CAPITALS, 0.45 * mask->label_height);
        svg_words_text(to, text);
        json_text_raw(to, "</text>\n");
    }
    json_text_raw(to, "</g>\n");
}

/* The photograph at x. */
static void append_photograph(struct json_text *to, const struct svg_photograph *photograph,
                              const struct rect *place, int32_t x)
{
    if (!photograph->path && !photograph->jpeg) {
        append(to, "<rect x=\"%d\" width=\"%d\" height=\"%d\" fill=\"#808080\"/>\n", x,
               place->width, place->height);
        return;
    }
    append(to, "<image x=\"%d\" width=\"%d\" height=\"%d\" preserveAspectRatio=\"none\" href=\"", x,
           place->width, place->height);
    if (photograph->jpeg) {
        json_text_raw(to, "data:image/jpeg;base64,");
        svg_words_base64(to, photograph->jpeg, photograph->size);
    } else {
        url_put_path(to, photograph->path);
    }
    json_text_raw(to, "\"/>\n");
}

/* The photograph alone, on the left. It is there once: a copy of the other. */
static void append_left(struct json_text *to, const struct svg_photograph *photograph,
                        const struct rect *place)
{
    json_text_raw(to, "<defs><g id=\"photograph\">\n");
    append_photograph(to, photograph, place, 0);
    append(to, "</g></defs>\n<use href=\"#photograph\"/>\n<use href=\"#photograph\" x=\"%d\"/>\n",
           place->x);
}

static void append_document(struct json_text *to, const struct record *record,
                            const struct picture_options *options,
                            const struct svg_photograph *photograph, const struct scene *scene,
                            const struct picture_layout *layout)
{
    append(to,
           "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
           "viewBox=\"0 0 %d %d\">\n<title>",
           layout->whole.width, layout->whole.height, layout->whole.width, layout->whole.height);
    svg_words_text(to, record->file_name);
    append(to, ": %zu masks</title>\n", record->masks.count);
    if (options->side_by_side)
        append_left(to, photograph, &layout->masked);
    else
        append_photograph(to, photograph, &layout->masked, 0);
    append_masks(to, scene, record, options->style.alpha);
    if (options->style.labels != LABELS_NONE)
        append_labels(to, scene);
    json_text_raw(to, "</svg>\n");
}

char *svg_text(const struct record *record, const struct picture_options *options,
               const struct svg_photograph *photograph, size_t *length, struct error *error)
{
    struct scene scene;
    struct json_text text = {0};
    char *document = NULL;
    const struct size image = {(int32_t)record->width, (int32_t)record->height};
    const struct picture_layout layout = picture_layout(options, image, 0);
    const struct scene_frame frame = picture_frame(&layout.masked, record);
    if (scene_make(&scene, record, &options->style, &frame, error) == 0) {
        append_document(&text, record, options, photograph, &scene, &layout);
        document = json_text_take(&text, length, error);
    }
    scene_free(&scene);
    return document;
}
