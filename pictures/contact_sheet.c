#include "pictures/contact_sheet.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "pictures/lettering.h"
#include "pictures/painter.h"

/* Bounds of a frame's width by its height. */
static const double NARROW = 0.5, WIDE = 2.5;

/* Shares of the sheet's width: margins and gaps, and the height of capitals, within bounds. */
static const double GAP = 0.009, CAPITALS = 0.0048;
enum { GAP_LEAST = 4, CAPITALS_LEAST = 6, CAPTION = 3 /* a caption's height in capitals */ };

/* A layout of a given width. */
struct layout {
    double width, gap, caption;
    size_t columns;
};

static double shape_of(struct size size)
{
    return fmin(fmax((double)size.width / size.height, NARROW), WIDE);
}

static struct layout layout_of(double width, size_t columns)
{
    double capitals = fmax(width * CAPITALS, CAPITALS_LEAST);
    return (struct layout){width, fmax(width * GAP, GAP_LEAST), CAPTION * capitals, columns};
}

/* The height of the row of pictures first .. first + count - 1, if it fills the width. */
static double row_height(const struct layout *layout, const struct size *sizes, size_t count)
{
    double shapes = 0;
    for (size_t i = 0; i < count; i++)
        shapes += shape_of(sizes[i]);
    return fmax((layout->width - ((double)count + 1) * layout->gap) / shapes, 1);
}

/* Lays out all frames, or, where `frames` is NULL, none. Returns the height of the whole. */
static double lay_out(const struct layout *layout, const struct size *sizes, size_t count,
                      struct rect *frames)
{
    double y = layout->gap, before = INFINITY;
    for (size_t first = 0; first < count; first += layout->columns) {
        size_t in_row = count - first < layout->columns ? count - first : layout->columns;
        double height = row_height(layout, sizes + first, in_row);
        if (in_row < layout->columns) /* a last row of few is no higher than the one above */
            height = fmin(height, before);
        double x = layout->gap;
        for (size_t i = first; frames && i < first + in_row; i++) {
            double width = height * shape_of(sizes[i]);
            int32_t left = (int32_t)lround(x), top = (int32_t)lround(y);
            frames[i] = (struct rect){left, top, (int32_t)lround(x + width) - left,
                                      (int32_t)lround(y + height) - top};
            x += width + layout->gap;
        }
        y += height + layout->caption + layout->gap;
        before = height;
    }
    return y;
}

/* The picture within its frame, in the middle. */
static struct rect fit(struct rect frame, struct size size)
{
    double scale = fmin((double)frame.width / size.width, (double)frame.height / size.height);
    int32_t width = (int32_t)fmin(fmax(round(size.width * scale), 1), frame.width);
    int32_t height = (int32_t)fmin(fmax(round(size.height * scale), 1), frame.height);
    return (struct rect){frame.x + (frame.width - width) / 2, frame.y + (frame.height - height) / 2,
                         width, height};
}

static double longest_side(const struct contact_sheet_options *options)
{
    return options->size > 0 ? options->size : CONTACT_SHEET_SIZE;
}

/* The layout of which no side is longer than asked for, if there is one. */
static struct layout choose_layout(const struct contact_sheet_options *options,
                                   const struct size *sizes, size_t count)
{
    double most = longest_side(options);
    size_t columns =
        options->columns > 0 ? (size_t)options->columns : (size_t)ceil(sqrt((double)count));
    columns = columns < count ? columns : count;
    struct layout layout = layout_of(most, columns);
    double height = lay_out(&layout, sizes, count, NULL);
    /* Gaps and captions do not shrink below their least, so once may not be enough. */
    for (int step = 0; step < 20 && height > most && layout.width > 1; step++) {
        layout = layout_of(floor(layout.width * fmin(most / height, 0.99)), columns);
        height = lay_out(&layout, sizes, count, NULL);
    }
    return layout;
}

/* Whether all frames have pixels and lie within the canvas. Gaps and captions that leave no room make
 * others. */
static bool frames_fit(const struct rect *frames, size_t count, struct size canvas)
{
    for (size_t i = 0; i < count; i++)
        if (frames[i].width < 1 || frames[i].height < 1 ||
            frames[i].x + frames[i].width > canvas.width ||
            frames[i].y + frames[i].height > canvas.height)
            return false;
    return true;
}

/* Sets the frames, and says how large the canvas is. */
static int place_frames(struct contact_sheet *sheet, const struct size *sizes, size_t count,
                        const struct contact_sheet_options *options, struct size *canvas,
                        struct error *error)
{
    const struct layout layout = choose_layout(options, sizes, count);
    double most = longest_side(options);
    double height = ceil(lay_out(&layout, sizes, count, sheet->frames));
    *canvas = (struct size){(int32_t)layout.width, (int32_t)height};
    sheet->unit = layout.caption / CAPTION;
    if (height <= most && frames_fit(sheet->frames, count, *canvas))
        return 0;
    return error_set(error, ERROR_USAGE,
                     "%zu pictures in rows of %zu do not fit on a sheet of %.0f pixels a side; ask "
                     "for fewer, other columns, or a larger sheet",
                     count, layout.columns, most);
}

int contact_sheet_make(struct contact_sheet *sheet, const struct size *sizes, size_t count,
                       const struct contact_sheet_options *options, struct error *error)
{
    struct size canvas;
    sheet->frames = memory_new(count, sizeof *sheet->frames, "a contact sheet", error);
    sheet->places = memory_new(count, sizeof *sheet->places, "a contact sheet", error);
    if (!sheet->frames || !sheet->places)
        return -1;
    sheet->count = count;
    if (place_frames(sheet, sizes, count, options, &canvas, error) ||
        image_reserve(&sheet->canvas, canvas.width, canvas.height, error))
        return -1;
    memset(sheet->canvas.rgb, 0xFF, (size_t)sheet->canvas.width * (size_t)sheet->canvas.height * 3);
    for (size_t i = 0; i < count; i++)
        sheet->places[i] = fit(sheet->frames[i], sizes[i]);
    return 0;
}

int contact_sheet_texts(struct contact_sheet *sheet, size_t index, const char *left,
                        const char *right, struct error *error)
{
    const struct rect *frame = &sheet->frames[index];
    double line = frame->y + frame->height + 2 * sheet->unit;
    double taken = lettering_width(right, sheet->unit);
    double most = frame->width - taken - 2 * sheet->unit;
    const size_t room = strlen(left) + sizeof "...";
    char *short_left = memory_new(room, 1, "a caption", error);
    if (!short_left)
        return -1;
    lettering_shorten(left, sheet->unit, most, short_left, room);
    const struct painter_text begin = {
        short_left, {(float)frame->x, (float)line}, sheet->unit, {0x33, 0x33, 0x33}};
    const struct painter_text end = {right,
                                     {(float)(frame->x + frame->width - taken), (float)line},
                                     sheet->unit,
                                     {0x80, 0x80, 0x80}};
    int status = painter_write(&sheet->canvas, &begin, error);
    if (status == 0)
        status = painter_write(&sheet->canvas, &end, error);
    memory_free(short_left);
    return status;
}

int contact_sheet_caption(struct contact_sheet *sheet, size_t index, const char *name, size_t masks,
                          struct error *error)
{
    char number[32];
    snprintf(number, sizeof number, "%zu", masks);
    return contact_sheet_texts(sheet, index, name, number, error);
}

void contact_sheet_free(struct contact_sheet *sheet)
{
    image_free(&sheet->canvas);
    memory_free(sheet->frames);
    memory_free(sheet->places);
    *sheet = (struct contact_sheet){0};
}
