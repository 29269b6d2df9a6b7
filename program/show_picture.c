/* show_picture.c - one image with its masks. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/memory.h"
#include "base/path.h"
#include "images/image.h"
#include "images/image_pool.h"
#include "pictures/svg.h"
#include "program/settings.h"
#include "program/show.h"
#include "program/show_link.h"
#include "records/record_stream.h"

/* The search for the record of an image, in two walks over the records: how well the best fits; and the drawing of
 * the first that fits as well. */
struct search {
    struct show *show;
    const char *path; /* of the image, as it was given */
    const struct image *photograph;
    bool any;           /* any record fits, whatever its image's name */
    size_t best;        /* how well the best fits: 0, not */
    bool drawing;       /* the second walk */
    size_t records;     /* usable ones seen in the last walk */
    struct error fault; /* of the first record that is not usable */
};

/* Reads "3,7" into ids, freed by the caller with free(3). */
static int read_only(const char *text, int64_t **ids, size_t *count, struct error *error)
{
    size_t capacity = 0;
    *ids = NULL;
    *count = 0;
    for (const char *at = text; at;) {
        char *end;
        long long id = strtoll(at, &end, 10);
        if (end == at || (*end && *end != ',') || id < 0)
            return error_set(error, ERROR_USAGE, "--only %s: expected ids such as 3,7", text);
        if (memory_grow((void **)ids, &capacity, *count + 1, sizeof **ids, error))
            return -1;
        (*ids)[(*count)++] = id;
        at = *end ? end + 1 : NULL;
    }
    return 0;
}

/* Refuses ids that the record does not have. */
static int check_only(const struct record *record, const struct picture_style *style,
                      struct error *error)
{
    for (size_t i = 0; style->only && i < style->only_count; i++) {
        bool found = false;
        for (size_t k = 0; k < record->masks.count && !found; k++)
            found = style->only[i] == record_id(record, k);
        if (!found)
            return error_set(error, ERROR_USAGE, "--only: the record has no mask %" PRId64,
                             style->only[i]);
    }
    return 0;
}

/* Whether browsers show the image's format. */
static bool is_for_browsers(const char *name)
{
    static const char *const endings[] = {".jpg", ".jpeg", ".jpe",  ".jfif",
                                          ".png", ".webp", ".avif", ".gif"};
    const char *ending = name + path_stem_length(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

/* The photograph of an SVG: a link to its file if that can be, or the picture itself. */
static int draw_svg(const struct search *search, const struct record *record,
                    const struct picture_options *options, struct error *error)
{
    const struct settings *settings = search->show->settings;
    struct svg_photograph photograph = {0};
    char *link = NULL, *text = NULL;
    uint8_t *jpeg = NULL;
    size_t length;
    int status;
    if (settings->embed || !is_for_browsers(search->path)) {
        status =
            image_jpeg(search->photograph, PICTURE_JPEG_QUALITY, &jpeg, &photograph.size, error);
        photograph.jpeg = jpeg;
    } else {
        status = show_link(&link, settings->output, search->path, error);
        photograph.path = link;
    }
    if (status == 0 && !(text = svg_text(record, options, &photograph, &length, error)))
        status = -1;
    if (status == 0)
        status = show_write(search->show, text, length, error);
    free(text);
    free(link);
    memory_free(jpeg);
    return status;
}

static int draw_pixels(const struct search *search, const struct record *record,
                       const struct picture_options *options, struct error *error)
{
    struct image canvas = {0};
    int32_t most = search->show->format == SHOW_JPEG ? PICTURE_JPEG_SIDE : 0;
    int status = picture_make(&canvas, search->photograph, record, options, most, error);
    if (status == 0)
        status = show_write_pixels(search->show, &canvas, error);
    image_free(&canvas);
    return status;
}

static int draw(const struct search *search, const struct record *record, struct error *error)
{
    struct picture_options options = search->show->options;
    const struct image *photograph = search->photograph;
    struct record sized = *record; /* one without masks may not know the size */
    int64_t *only = NULL;
    int status = 0;
    if (record->width == 0) {
        sized.width = (uint32_t)photograph->width;
        sized.height = (uint32_t)photograph->height;
    }
    if (sized.width != (uint32_t)photograph->width || sized.height != (uint32_t)photograph->height)
        return error_set(error, ERROR_RECORD,
                         "the record says %u x %u pixels, the image has %d x %d", record->width,
                         record->height, photograph->width, photograph->height);
    if (search->show->settings->only)
        status = read_only(search->show->settings->only, &only, &options.style.only_count, error);
    options.style.only = only;
    if (status == 0 && check_only(record, &options.style, error) == 0)
        status = search->show->format == SHOW_SVG ? draw_svg(search, &sized, &options, error)
                                                  : draw_pixels(search, &sized, &options, error);
    else
        status = -1;
    free(only);
    return status;
}

/* Whether a path ends with the components of the other. */
static bool ends_with(const char *path, const char *end)
{
    size_t length = strlen(path), own = strlen(end);
    return own <= length && strcmp(path + length - own, end) == 0 &&
           (own == length || path[length - own - 1] == '/');
}

/* How well the record fits the image: the length of the path that its name and the image's path both end with, one
 * of them being no longer; 1 where it does not say a name, but is called as the image; 0 if it is about another. */
static size_t fit(const struct search *search, const struct record *record)
{
    const char *path = search->path, *base = path_base(path), *own = record->file_name;
    size_t stem = path_stem_length(base);
    if (search->any)
        return 1;
    if (record->unnamed)
        return strlen(path_base(own)) == stem && strncmp(path_base(own), base, stem) == 0;
    return ends_with(path, own) ? strlen(own) : ends_with(own, path) ? strlen(path) : 0;
}

enum { FOUND = 1 };

static int visit(void *context, const struct record_entry *entry, struct error *error)
{
    struct search *search = context;
    if (!entry->usable) {
        if (search->fault.code == ERROR_NONE)
            search->fault = entry->error;
        return 0;
    }
    search->records++;
    size_t fits = fit(search, &entry->record);
    if (fits > search->best)
        search->best = fits;
    if (!search->drawing || fits < search->best)
        return 0;
    if (draw(search, &entry->record, error) == 0)
        return FOUND;
    if (error->code == ERROR_RECORD)
        error_prefix(error, "%s", entry->path);
    return -1;
}

/* Why no record was found. */
static int refuse(const struct search *search, const char *records, struct error *error)
{
    if (search->fault.code != ERROR_NONE) {
        *error = search->fault;
        return -1;
    }
    if (search->records == 0)
        return error_set(error, ERROR_RECORD, "%s: there is no record", records);
    return error_set(error, ERROR_RECORD, "%s: none of its %zu records is about %s", records,
                     search->records, search->path);
}

/* Whether a file is called as the image's record in a run is, or may hold records of many images. */
static bool is_likely(void *context, const char *file)
{
    const struct search *search = context;
    const char *base = path_base(search->path), *name = path_base(file);
    size_t stem = path_stem_length(base), own = path_stem_length(name);
    return strcmp(name + own, ".json") != 0 || (own == stem && strncmp(name, base, own) == 0);
}

static int walk(struct search *search, const char *records,
                bool (*wanted)(void *context, const char *file), struct error *error)
{
    const struct settings *settings = search->show->settings;
    const struct record_stream stream = {.trust_folder = settings->trust_folder,
                                         .max_pixels = settings->max_pixels,
                                         .pool = search->show->pool,
                                         .wanted = wanted,
                                         .visit = visit,
                                         .context = search};
    search->records = 0;
    search->fault.code = ERROR_NONE;
    return record_stream(&stream, records, error);
}

/* Draws the record that fits best, if one fits. Returns FOUND; 0 if none does; or -1. */
static int draw_best(struct search *search, const char *records,
                     bool (*wanted)(void *context, const char *file), struct error *error)
{
    search->best = 0;
    search->drawing = false;
    if (walk(search, records, wanted, error))
        return -1;
    search->drawing = true;
    return search->best ? walk(search, records, wanted, error) : 0;
}

/* First the records that are called as the image, which spares reading all of a large run; then all; then, if
 * there is but one, that one whatever it says. */
static int find_and_draw(struct search *search, const char *records, struct error *error)
{
    int status = draw_best(search, records, is_likely, error);
    if (status == 0)
        status = draw_best(search, records, NULL, error);
    if (status == 0 && search->records == 1) {
        search->any = true;
        status = draw_best(search, records, NULL, error);
    }
    if (status == FOUND)
        return 0;
    return status ? -1 : refuse(search, records, error);
}

int show_picture(struct show *show, const char *image, const char *records, struct error *error)
{
    struct image photograph = {0};
    const struct image_input input = {image, -1};
    struct search search = {.show = show, .path = image, .photograph = &photograph};
    int status = image_pool_read(show->pool, &input, &photograph, error);
    if (status == 0)
        status = find_and_draw(&search, records, error);
    image_free(&photograph);
    return status;
}
