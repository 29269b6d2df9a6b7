#include "program/review/review_documents.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"
#include "images/image.h"
#include "program/report/report_json.h"
#include "program/report/report_masks.h"
#include "program/report/report_output.h"
#include "program/report/report_photo.h"
#include "program/review/review_number.h"
#include "program/review/review_session.h"
#include "records/record.h"

enum { THUMB_SIDE = 320 }; /* pixels */

static int put_report(const struct review_session *session, size_t number, struct json_text *text,
                      struct error *error)
{
    (void)number;
    return report_put(&session->run, NULL, text, error);
}

static int put_index(const struct review_session *session, size_t number, struct json_text *text,
                     struct error *error)
{
    (void)error;
    report_rows_put(&session->run.rows, number, text);
    return 0;
}

/* The entry of a record, with its thumbnail. */
static struct report_entry *make_entry(const struct review_session *session, size_t row,
                                       struct error *error)
{
    struct record record = {0};
    struct report_photo photo = {0};
    struct report_entry *entry = NULL;
    struct report_photos photos = session->source.photos;
    photos.thumb_side = THUMB_SIDE;
    photos.copy_side = 0;
    if (review_session_record(session, row, &record, error) == 0 &&
        report_photo_read(&photos, record.file_name, &photo, error) == 0)
        entry = report_masks_entry(&record, &photo, error);
    report_photo_free(&photo);
    record_free(&record);
    return entry;
}

static int put_images(const struct review_session *session, size_t row, struct json_text *text,
                      struct error *error)
{
    struct report_entry *entry = make_entry(session, row, error);
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

static int put_photo(const struct review_session *session, size_t row, struct json_text *text,
                     struct error *error)
{
    const char *name = review_session_name(session, row);
    struct report_photo photo = {0};
    int result = report_photo_read(&session->source.photos, name, &photo, error);
    if (result == 0 && !photo.copy.bytes)
        result = error_set(error, ERROR_IMAGE,
                           "%.200s: there is no such photograph, or it cannot "
                           "be read; --images names their folder",
                           name);
    if (result == 0)
        result = report_masks_put_copy(&photo.copy, text, error);
    report_photo_free(&photo);
    return result;
}

/* The kinds of documents. A name is the prefix, and a number if there is a limit. */
struct kind {
    const char *prefix;
    bool numbered, of_rows;
    int (*put)(const struct review_session *session, size_t number, struct json_text *text,
               struct error *error);
};

static const struct kind *find_kind(const struct review_session *session, const char *name,
                                    size_t *number)
{
    static const struct kind kinds[] = {{"report", false, false, put_report},
                                        {"index-0-", true, false, put_index},
                                        {"images-0-", true, true, put_images},
                                        {"photo-0-", true, true, put_photo}};
    *number = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t length = strlen(kinds[i].prefix);
        size_t count = kinds[i].of_rows ? review_session_rows(session) : session->run.documents;
        if (kinds[i].numbered ? strncmp(name, kinds[i].prefix, length) == 0 &&
                                    review_number(name + length, count, number)
                              : strcmp(name, kinds[i].prefix) == 0)
            return &kinds[i];
    }
    return NULL;
}

struct review_reply review_document(const struct review_session *session, const char *name)
{
    size_t number;
    struct error error;
    struct json_text text = {0};
    struct review_reply reply = {.status = REPLY_OK, .type = REPLY_SCRIPT};
    const struct kind *kind = find_kind(session, name, &number);
    if (!kind)
        return review_reply_error(REPLY_NOT_FOUND, "there is no such document");
    if (kind->put(session, number, &text, &error) == 0)
        reply.text = report_output_script(name, &text, &reply.length, &error);
    json_text_free(&text);
    image_thread_stop(); /* threads of the server end without a word */
    return reply.text ? reply : review_reply_failed(&error);
}
