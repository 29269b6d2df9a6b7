/* show_sheet.c - a contact sheet, in three walks over the records: how many there are; the sizes and names
 * of those that are taken; and the drawing of each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/memory.h"
#include "base/plain_text.h"
#include "images/image.h"
#include "pictures/contact_sheet.h"
#include "program/settings.h"
#include "program/show.h"
#include "records/image_path.h"
#include "records/record_stream.h"

enum { ENOUGH = 1 };

struct sheet {
    struct show *show;
    const char *records;
    struct folder *images; /* owned; NULL: not given */
    /* What is taken: every total-th of `wanted`, of files or of the records in a file of many. */
    size_t total, wanted, at;
    bool one_file;      /* all records are in one file */
    struct size *sizes; /* owned: [taken] */
    size_t taken, capacity;
    struct contact_sheet page; /* owned */
    size_t drawn;
};

/* Whether the next file, or record, is taken: those at k * total / wanted, rounded down. */
static bool take_next(struct sheet *sheet)
{
    size_t at = sheet->at++;
    size_t k = (at * sheet->wanted + sheet->total - 1) / sheet->total;
    return k < sheet->wanted && k * sheet->total / sheet->wanted == at;
}

static bool count_file(void *context, const char *file)
{
    struct sheet *sheet = context;
    (void)file;
    sheet->total++;
    return false;
}

static int count_record(void *context, const struct record_entry *entry, struct error *error)
{
    struct sheet *sheet = context;
    (void)entry;
    (void)error;
    sheet->total++;
    return 0;
}

static bool is_wanted(void *context, const char *file)
{
    struct sheet *sheet = context;
    (void)file;
    return sheet->one_file || take_next(sheet);
}

/* Whether the entry belongs on the sheet, if it can be drawn. */
static bool is_taken(struct sheet *sheet)
{
    return !sheet->one_file || take_next(sheet);
}

static bool can_be_drawn(const struct record_entry *entry)
{
    const uint32_t most = 1U << 30; /* a side, for contours and labels */
    return entry->usable && entry->record.width > 0 && entry->record.width < most &&
           entry->record.height < most;
}

/* Completes a record that does not say its image's name or size; one that cannot be is drawn as it is. */
static void complete(void *context, struct record_entry *entry)
{
    const struct sheet *sheet = context;
    struct error error;
    if (sheet->images && (entry->record.unnamed || entry->record.width == 0))
        image_path_complete(&entry->record, sheet->images, sheet->show->pool, &error);
}

static void say(struct sheet *sheet, const char *text)
{
    plain_line(stderr, "maskmill show: %s", text);
    sheet->show->incomplete = true;
}

static int note_size(void *context, const struct record_entry *entry, struct error *error)
{
    struct sheet *sheet = context;
    if (!is_taken(sheet))
        return 0;
    if (!can_be_drawn(entry)) {
        struct error why;
        error_set(&why, ERROR_RECORD, "%s: does not say the image's size, or too large a one",
                  entry->path);
        say(sheet, entry->usable ? why.text : entry->error.text);
        return 0;
    }
    if (memory_grow((void **)&sheet->sizes, &sheet->capacity, sheet->taken + 1,
                    sizeof *sheet->sizes, error))
        return -1;
    sheet->sizes[sheet->taken++] =
        (struct size){(int32_t)entry->record.width, (int32_t)entry->record.height};
    return sheet->taken == sheet->wanted ? ENOUGH : 0;
}

/* Reads the record's image. False, and that is said, if it cannot be read or has another size. */
static bool read_image(struct sheet *sheet, const struct record_entry *entry, struct image *image,
                       struct error *error)
{
    const struct record *record = &entry->record;
    if (image_path_read(sheet->images, record->file_name, sheet->show->pool, image, error)) {
        say(sheet, error->text);
        return false;
    }
    if (image->width == (int32_t)record->width && image->height == (int32_t)record->height)
        return true;
    error_set(error, ERROR_IMAGE, "%s%s: has %d x %d pixels, its record says %u x %u",
              sheet->images->prefix, record->file_name, image->width, image->height, record->width,
              record->height);
    say(sheet, error->text);
    return false;
}

static int draw_entry(void *context, const struct record_entry *entry, struct error *error)
{
    struct sheet *sheet = context;
    const struct record *record = &entry->record;
    struct image image = {0};
    if (!is_taken(sheet) || !can_be_drawn(entry))
        return 0;
    /* The records may have changed since they were measured. */
    if (sheet->drawn == sheet->taken ||
        sheet->sizes[sheet->drawn].width != (int32_t)record->width ||
        sheet->sizes[sheet->drawn].height != (int32_t)record->height)
        return error_set(error, ERROR_RECORD, "%s: changed while it was read; start again",
                         entry->path);
    bool there = sheet->images && read_image(sheet, entry, &image, error);
    int status = 0;
    if (sheet->images && !there && error->code == ERROR_MEMORY)
        status = -1;
    if (status == 0)
        status = picture_paint(&sheet->page.canvas, sheet->page.places[sheet->drawn],
                               there ? &image : NULL, record, &sheet->show->options.style, error);
    if (status == 0)
        status = contact_sheet_caption(&sheet->page, sheet->drawn, record->file_name,
                                       record->masks.count, error);
    image_free(&image);
    sheet->drawn++;
    if (status)
        return -1;
    return sheet->drawn == sheet->taken ? ENOUGH : 0;
}

typedef int visit_entry(void *context, const struct record_entry *entry, struct error *error);

static int walk(struct sheet *sheet, bool (*wanted)(void *context, const char *file),
                visit_entry *visit, struct error *error)
{
    const struct settings *settings = sheet->show->settings;
    const struct record_stream stream = {.trust_folder = settings->trust_folder,
                                         .max_pixels = settings->max_pixels,
                                         .pool = sheet->show->pool,
                                         .wanted = wanted,
                                         .work = complete,
                                         .visit = visit,
                                         .context = sheet};
    sheet->at = 0;
    int status = record_stream(&stream, sheet->records, error);
    return status < 0 ? -1 : 0;
}

/* Counts the files of records; if there is one alone, the records in it. */
static int count(struct sheet *sheet, struct error *error)
{
    if (walk(sheet, count_file, count_record, error))
        return -1;
    sheet->one_file = sheet->total == 1;
    if (sheet->one_file) {
        sheet->total = 0;
        if (walk(sheet, NULL, count_record, error))
            return -1;
    }
    sheet->wanted = (size_t)sheet->show->settings->count;
    sheet->wanted = sheet->wanted < sheet->total ? sheet->wanted : sheet->total;
    return sheet->total ? 0
                        : error_set(error, ERROR_RECORD, "%s: there is no record", sheet->records);
}

static int draw_sheet(struct sheet *sheet, struct error *error)
{
    const struct settings *settings = sheet->show->settings;
    const struct contact_sheet_options options = {settings->size, settings->columns};
    if (count(sheet, error) || walk(sheet, is_wanted, note_size, error))
        return -1;
    if (sheet->taken == 0)
        return error_set(error, ERROR_RECORD, "%s: none of its records can be drawn",
                         sheet->records);
    if (contact_sheet_make(&sheet->page, sheet->sizes, sheet->taken, &options, error) ||
        walk(sheet, is_wanted, draw_entry, error))
        return -1;
    return show_write_pixels(sheet->show, &sheet->page.canvas, error);
}

int show_sheet(struct show *show, const char *records, struct error *error)
{
    const struct settings *settings = show->settings;
    struct sheet sheet = {.show = show, .records = records};
    if (settings->images)
        sheet.images = folder_open(settings->images, settings->trust_folder, error);
    int status = settings->images && !sheet.images ? -1 : draw_sheet(&sheet, error);
    if (status == 0 && !settings->images)
        fputs("maskmill show: masks are drawn on gray; --images DIR finds the photographs\n",
              stderr);
    contact_sheet_free(&sheet.page);
    folder_close(sheet.images);
    free(sheet.sizes);
    return status;
}
