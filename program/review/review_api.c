#include "program/review/review_api.h"

#include "base/error.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "program/prompts/image_cache.h"
#include "program/report/report_json.h"
#include "program/review/review_desk.h"
#include "program/review/review_engine.h"
#include "program/review/review_photos.h"
#include "program/review/review_routes.h"
#include "program/review/review_session.h"
#include "records/image_path.h"

enum { AHEAD = 4 }; /* rows that are encoded ahead if nobody says which */

static void put_flag(struct json_text *text, const char *name, bool value)
{
    report_json_next(text, name);
    json_text_raw(text, value ? "true" : "false");
}

struct review_reply review_api_session(const struct review_desk *desk)
{
    struct json_text text = {0};
    json_text_raw(&text, "{");
    put_flag(&text, "read_only", desk->read_only);
    report_json_string(&text, "by", desk->by);
    report_json_next(&text, "classes");
    json_text_raw(&text, "[");
    for (size_t i = 0; i < desk->class_count; i++)
        report_json_string(&text, NULL, desk->classes[i]);
    json_text_raw(&text, "]");
    report_json_string(&text, "program", "maskmill " MASKMILL_VERSION);
    report_json_string(&text, "model", desk->model);
    put_flag(&text, "photos", desk->session->images);
    json_text_raw(&text, "}");
    return review_reply_json(&text);
}

/* The photograph of a row. False: it has none that may be read. */
static bool find_file(const struct review_desk *desk, size_t row, struct cache_image *file)
{
    struct error ignored;
    const struct report_row *image = &desk->session->run.rows.items[row];
    *file = (struct cache_image){.folder = desk->session->images, .name = image->name};
    return file->folder && !image->missing && image_path_check(image->name, &ignored) == 0;
}

/* The rows that follow `row`, as read_next. */
static int take_following(const struct review_desk *desk, size_t row,
                          size_t rows[IMAGE_CACHE_AHEAD])
{
    int count = 0;
    for (size_t i = row + 1; i < review_session_rows(desk->session) && count < AHEAD; i++)
        rows[count++] = i;
    return count;
}

/* Reads which rows to encode after `row`: {"next": [ROW, ...]}, at most IMAGE_CACHE_AHEAD - 1 of them, or
 * without that those that follow. Returns how many, or -1 with ERROR_USAGE. */
static int read_next(const struct review_desk *desk, size_t row,
                     const struct review_request *request, size_t rows[IMAGE_CACHE_AHEAD],
                     struct error *error)
{
    int count = 0;
    size_t i;
    const json_t *item;
    if (request->length == 0)
        return take_following(desk, row, rows);
    json_t *object = json_load_bounded(request->body, request->length, 0, NULL);
    const json_t *next = json_object_get(object, "next");
    bool sound = json_is_object(object) && (!next || json_is_array(next));
    json_array_foreach(next, i, item)
    {
        json_int_t number = json_integer_value(item);
        sound = sound && json_is_integer(item) && number >= 0 &&
                (size_t)number < review_session_rows(desk->session);
        if (sound && count < IMAGE_CACHE_AHEAD - 1)
            rows[count++] = (size_t)number;
    }
    if (sound && !next)
        count = take_following(desk, row, rows);
    json_decref(object);
    return sound ? count : error_set(error, ERROR_USAGE, "expected {\"next\": [ROW, ...]}");
}

struct review_reply review_api_open(const struct review_desk *desk, size_t row,
                                    const struct review_request *request)
{
    struct error error;
    size_t rows[1 + IMAGE_CACHE_AHEAD] = {row};
    struct cache_image files[1 + IMAGE_CACHE_AHEAD];
    size_t count = 0;
    struct json_text text = {0};
    int next = read_next(desk, row, request, rows + 1, &error);
    if (next < 0)
        return review_reply_failed(&error);
    for (int i = 0; i <= next; i++)
        count += find_file(desk, rows[i], &files[count]);
    review_engine_ahead(desk->engine, files, count);
    review_photos_ahead(desk->photos, rows, (size_t)next + 1);
    json_text_raw(&text, "{}");
    return review_reply_json(&text);
}

struct review_reply review_api_predict(const struct review_desk *desk, size_t row,
                                       const struct review_request *request)
{
    struct error error;
    struct json_text text = {0};
    struct cache_image file;
    const struct report_row *place = &desk->session->run.rows.items[row];
    const struct engine_image image = {&file, row, place->width, place->height};
    if (!find_file(desk, row, &file))
        return review_reply_error(REPLY_NOT_FOUND,
                                  "the image's photograph is not known; --images names its folder");
    if (review_engine_predict(desk->engine, &image, request->body, request->length, &text,
                              &error) == 0)
        return review_reply_json(&text);
    json_text_free(&text);
    return review_reply_failed(&error);
}
