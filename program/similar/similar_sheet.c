#include "program/similar/similar_sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/atomic.h"
#include "base/error.h"
#include "base/folder.h"
#include "base/hash.h"
#include "base/hash_set.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image.h"
#include "images/image_write.h"
#include "pictures/contact_sheet.h"
#include "pictures/lettering.h"
#include "pictures/painter.h"
#include "pictures/picture.h"
#include "program/command_progress.h"
#include "program/settings.h"
#include "program/similar/similar.h"
#include "program/similar/similar_print.h"
#include "program/similar/similar_tile.h"
#include "records/image_path.h"
#include "records/record.h"
#include "search/search_index.h"

enum { ROW_MOST = 11, WEBP_QUALITY = 80 }; /* tiles in a row if nobody says how many */

/* A sheet while it is drawn. */
struct page {
    const struct similar_sheet *sheet;
    struct folder *images;                /* owned; NULL: not given */
    struct contact_sheet made;            /* owned */
    size_t columns, rows_of_group, count; /* rows_of_group: of a query with its nearest */
    struct hash_set said;                 /* owned: hashes of what was said of a tile */
};

static bool ends_with(const char *name, const char *ending)
{
    return strcasecmp(name + path_stem_length(name), ending) == 0;
}

int similar_sheet_check(const struct settings *settings, struct error *error)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".png", ".webp"};
    const char *name = settings->sheet;
    struct stat status;
    bool known = false;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        known = known || ends_with(name, endings[i]);
    if (!known)
        return error_set(error, ERROR_USAGE,
                         "--sheet %s: expected a name that ends in .jpg, .png or .webp", name);
    if (!settings->overwrite && lstat(name, &status) == 0)
        return error_set(error, ERROR_USAGE,
                         "--sheet %s: is there already; --overwrite replaces it", name);
    return 0;
}

/* How tiles lie: each query begins a row. */
static void arrange(struct page *page)
{
    const struct similar_sheet *sheet = page->sheet;
    const struct settings *settings = sheet->similar->settings;
    size_t longest = 1;
    for (size_t i = 0; i < sheet->count; i++)
        if (sheet->tiles[i].kind != SIMILAR_TILE_NONE && i % sheet->group + 1 > longest)
            longest = i % sheet->group + 1;
    const size_t rows = (longest + ROW_MOST - 1) / ROW_MOST;
    page->columns = settings->columns > 0 ? (size_t)settings->columns : (longest + rows - 1) / rows;
    page->columns = page->columns < longest ? page->columns : longest;
    page->rows_of_group = (longest + page->columns - 1) / page->columns;
    page->count = sheet->count / sheet->group * page->rows_of_group * page->columns;
}

/* The tile at a place of the page; NULL: it stays empty. */
static const struct similar_tile *tile_at(const struct page *page, size_t at)
{
    const size_t room = page->rows_of_group * page->columns;
    const size_t inner = at % room;
    if (inner >= page->sheet->group)
        return NULL;
    const struct similar_tile *tile = &page->sheet->tiles[at / room * page->sheet->group + inner];
    return tile->kind == SIMILAR_TILE_NONE ? NULL : tile;
}

/* Says what is wrong with a record or a photograph, once for all its tiles. 0 or -1 (ERROR_MEMORY). */
static int say(struct page *page, struct error *error)
{
    const uint64_t hash = hash_bytes(error->text, strlen(error->text));
    const int known = hash_set_put(&page->said, hash, error);
    if (known < 0)
        return -1;
    if (!known)
        command_progress_say(page->sheet->similar->run.progress, "similar", error->text);
    page->sheet->similar->incomplete = true;
    return 0;
}

/* Reads the record's photograph. 1, 0 (there is none, which is said), or -1 (ERROR_MEMORY). */
static int read_photograph(struct page *page, struct record *record, struct image *image,
                           struct error *error)
{
    struct image_pool *pool = page->sheet->similar->pool;
    if (!page->images)
        return 0;
    int status = record->unnamed ? image_path_complete(record, page->images, pool, error) : 0;
    if (status == 0)
        status = image_path_read(page->images, record->file_name, pool, image, error);
    if (status == 0 &&
        (image->width != (int32_t)record->width || image->height != (int32_t)record->height))
        status = error_set(error, ERROR_IMAGE, "%s: has another size than its record says",
                           record->file_name);
    if (status == 0)
        return 1;
    if (error->code == ERROR_MEMORY)
        return -1;
    return say(page, error);
}

/* A dark frame around a query. */
static void frame_query(struct image *canvas, struct rect place, int32_t width)
{
    for (int32_t y = place.y - width; y < place.y + place.height + width; y++)
        for (int32_t x = place.x - width; x < place.x + place.width + width; x++)
            if (y >= 0 && y < canvas->height && x >= 0 && x < canvas->width)
                memset(canvas->rgb + ((size_t)y * (size_t)canvas->width + (size_t)x) * 3, 0x22, 3);
}

static int write_caption(struct page *page, size_t at, const struct similar_tile *tile,
                         const struct record *record, size_t mask, struct error *error)
{
    char name[512], similarity[32] = "";
    snprintf(name, sizeof name, "%s:%" PRId64, path_base(record->file_name),
             record_id(record, mask));
    if (tile->kind == SIMILAR_TILE_HIT)
        snprintf(similarity, sizeof similarity, "%.3f", similar_shown(tile->similarity));
    return contact_sheet_texts(&page->made, at, name, similarity, error);
}

/* The text in the middle of its place, in a query's frame. */
static int draw_text(struct page *page, size_t at, const char *text, struct error *error)
{
    struct contact_sheet *made = &page->made;
    const struct rect place = made->frames[at];
    const double most = place.width - 2 * made->unit;
    const size_t room = strlen(text) + sizeof "...";
    char *words = memory_new(room, 1, "a text", error);
    if (!words)
        return -1;
    lettering_shorten(text, made->unit, most, words, room);
    const double width = lettering_width(words, made->unit);
    const struct painter_text painted = {words,
                                         {(float)(place.x + (place.width - width) / 2),
                                          (float)(place.y + (place.height + made->unit) / 2)},
                                         made->unit,
                                         {0x33, 0x33, 0x33}};
    frame_query(&made->canvas, place, (int32_t)(made->unit / 3) + 1);
    similar_tile_clear(&made->canvas, place);
    int status = painter_write(&made->canvas, &painted, error);
    memory_free(words);
    return status;
}

static int draw_tile(struct page *page, size_t at, const struct similar_tile *tile,
                     struct error *error)
{
    const struct similar *similar = page->sheet->similar;
    const uint64_t place = search_index_place(similar->run.index, tile->row);
    const size_t mask = (size_t)(tile->row - search_index_item(similar->run.index, place).first);
    struct record record = {0};
    struct image image = {0};
    struct contact_sheet *made = &page->made;
    int status = similar_masks_read(similar->masks, place, &record, error);
    if (status && error->code != ERROR_MEMORY)
        return say(page, error);
    if (tile->kind == SIMILAR_TILE_QUERY)
        frame_query(&made->canvas, made->frames[at], (int32_t)(made->unit / 3) + 1);
    int there = status == 0 ? read_photograph(page, &record, &image, error) : -1;
    status = there < 0 ? -1
                       : similar_tile_draw(&made->canvas, made->frames[at], there ? &image : NULL,
                                           &record, mask, error);
    if (status == 0)
        status = write_caption(page, at, tile, &record, mask, error);
    image_free(&image);
    record_free(&record);
    return status;
}

static int draw_tiles(struct page *page, struct error *error)
{
    const struct settings *settings = page->sheet->similar->settings;
    const struct contact_sheet_options options = {settings->size, (int32_t)page->columns};
    struct size *sizes = memory_new(page->count, sizeof *sizes, "a contact sheet", error);
    for (size_t i = 0; sizes && i < page->count; i++)
        sizes[i] = (struct size){1, 1};
    int status = sizes ? contact_sheet_make(&page->made, sizes, page->count, &options, error) : -1;
    memory_free(sizes);
    for (size_t i = 0; status == 0 && i < page->count; i++) {
        const struct similar_tile *tile = tile_at(page, i);
        if (tile)
            status = tile->kind == SIMILAR_TILE_TEXT ? draw_text(page, i, tile->text, error)
                                                     : draw_tile(page, i, tile, error);
    }
    return status;
}

static int write_file(const struct page *page, const char *path, struct error *error)
{
    const struct image *canvas = &page->made.canvas;
    const char *name;
    uint8_t *bytes = NULL;
    size_t size;
    struct folder *folder = folder_of(path, &name, error);
    if (!folder)
        return -1;
    int status = ends_with(path, ".png") ? image_write_png(canvas, &bytes, &size, error)
                 : ends_with(path, ".webp")
                     ? image_write_webp(canvas, WEBP_QUALITY, &bytes, &size, error)
                     : image_jpeg(canvas, PICTURE_JPEG_QUALITY, &bytes, &size, error);
    if (status == 0)
        status = atomic_write(folder, name, bytes, size, NULL, error);
    memory_free(bytes);
    folder_close(folder);
    return status;
}

int similar_sheet_write(const struct similar_sheet *sheet, struct error *error)
{
    const struct settings *settings = sheet->similar->settings;
    struct page page = {.sheet = sheet};
    int status = image_library_start(error);
    if (status == 0 && settings->images) {
        page.images = folder_open(settings->images, settings->trust_folder, error);
        status = page.images ? 0 : -1;
    }
    arrange(&page);
    if (status == 0)
        status = draw_tiles(&page, error);
    if (status == 0)
        status = write_file(&page, settings->sheet, error);
    if (status == 0 && !settings->images)
        fputs("maskmill similar: masks are drawn on gray; --images DIR finds the photographs\n",
              stderr);
    contact_sheet_free(&page.made);
    hash_set_free(&page.said);
    folder_close(page.images);
    return status;
}
