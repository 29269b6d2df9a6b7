#include "program/review/review_documents.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "base/memory.h"
#include "program/report/report_json.h"
#include "program/report/report_masks.h"
#include "program/report/report_output.h"
#include "program/report/report_photo.h"
#include "program/review/review_desk.h"
#include "program/review/review_number.h"
#include "program/review/review_photos.h"
#include "program/review/review_session.h"
#include "records/record.h"

static int put_report(const struct review_desk *desk, size_t number, struct json_text *text,
                      struct error *error)
{
    (void)number;
    return report_put(&desk->session->run, NULL, text, error);
}

static int put_index(const struct review_desk *desk, size_t number, struct json_text *text,
                     struct error *error)
{
    (void)error;
    report_rows_put(&desk->session->run.rows, number, text);
    return 0;
}

/* The entry of a record, with its thumbnail. */
static struct report_entry *make_entry(const struct review_desk *desk, size_t row,
                                       struct error *error)
{
    struct record record = {0};
    struct report_photo photo = {0};
    struct report_entry *entry = NULL;
    if (review_session_record(desk->session, row, &record, error) == 0 &&
        review_photos_get(desk->photos, row, PHOTO_THUMB, &photo.thumb, error) == 0)
        entry = report_masks_entry(&record, &photo, error);
    report_photo_free(&photo);
    record_free(&record);
    return entry;
}

static int put_images(const struct review_desk *desk, size_t row, struct json_text *text,
                      struct error *error)
{
    struct report_entry *entry = make_entry(desk, row, error);
    if (!entry)
        return -1;
    json_text_raw(text, "{\"rows\":[");
    json_text_integer(text, (int64_t)row);
    json_text_raw(text, "],\"images\":[");
    json_text_bytes(text, entry->masks, entry->masks_length);
    json_text_raw(text, "]}");
    free(entry);
    return 0;
}

static int put_photo(const struct review_desk *desk, size_t row, struct json_text *text,
                     struct error *error)
{
    struct report_jpeg jpeg;
    if (review_photos_get(desk->photos, row, PHOTO_COPY, &jpeg, error))
        return -1;
    int result =
        jpeg.bytes
            ? report_masks_put_copy(&jpeg, text, error)
            : error_set(error, ERROR_IMAGE,
                        "%.200s: there is no such photograph, or it cannot be read; --images "
                        "names their folder",
                        review_session_name(desk->session, row));
    memory_free(jpeg.bytes);
    return result;
}

/* The kinds of documents. A name is the prefix, and a number if there is a limit. */
struct kind {
    const char *prefix;
    bool numbered, of_rows;
    int (*put)(const struct review_desk *desk, size_t number, struct json_text *text,
               struct error *error);
};

static const struct kind *find_kind(const struct review_desk *desk, const char *name,
                                    size_t *number)
{
    static const struct kind kinds[] = {{"report", false, false, put_report},
                                        {"index-0-", true, false, put_index},
                                        {"images-0-", true, true, put_images},
                                        {"photo-0-", true, true, put_photo}};
    *number = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].prefix);
        size_t count =
            kinds[i].of_rows ? review_session_rows(desk->session) : desk->session->run.documents;
        if (kinds[i].numbered ? strncmp(name, kinds[i].prefix, length) == 0 &&
                                    review_number(name + length, count, number)
                              : strcmp(name, kinds[i].prefix) == 0)
            return &kinds[i];
    }
    return NULL;
}

struct review_reply review_document(const struct review_desk *desk, const char *name)
{
    size_t number;
    struct error error;
    struct json_text text = {0};
    struct review_reply reply = {.status = REPLY_OK, .type = REPLY_SCRIPT};
    const struct kind *kind = find_kind(desk, name, &number);
    if (!kind)
        return review_reply_error(REPLY_NOT_FOUND, "there is no such document");
    if (kind->put(desk, number, &text, &error) == 0)
        reply.text = report_output_script(name, &text, &reply.length, &error);
    json_text_free(&text);
    return reply.text ? reply : review_reply_failed(&error);
}
