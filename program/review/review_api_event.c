/* What was decided about an image, and decisions. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_load.h"
#include "base/json_text.h"
#include "program/report/report_json.h"
#include "program/review/review_api.h"
#include "program/review/review_desk.h"
#include "program/review/review_log.h"
#include "program/review/review_routes.h"
#include "program/review/review_session.h"
#include "records/record.h"
#include "records/review.h"

static const char *state_of(const struct review_mask *mask)
{
    if (mask->removed)
        return "removed";
    if (mask->decision == REVIEW_UNDECIDED)
        return "open";
    return mask->decision == REVIEW_ACCEPTED ? "accepted" : "rejected";
}

static void put_mask(struct json_text *text, const struct review_mask *mask)
{
    report_json_next(text, NULL);
    json_text_raw(text, "{");
    report_json_integer(text, "id", mask->id);
    report_json_string(text, "state", state_of(mask));
    report_json_next(text, "class");
    if (mask->class_name)
        json_text_string(text, mask->class_name, strlen(mask->class_name));
    else
        json_text_raw(text, "null");
    report_json_next(text, "annotation");
    json_text_raw(text, mask->annotation ? mask->annotation : "null");
    json_text_raw(text, "}");
}

static void put_status(struct json_text *text, const struct review_image *image)
{
    report_json_next(text, "status");
    if (!image || image->status == REVIEW_OPEN_IMAGE)
        json_text_raw(text, "null");
    else
        json_text_raw(text, image->status == REVIEW_DONE ? "\"done\"" : "\"rejected\"");
}

enum { HISTORY_MOST = 1000 }; /* events: more are not undone one by one */

static void put_history(struct json_text *text, const struct review_image *image)
{
    size_t count = image ? image->event_count : 0;
    report_json_next(text, "history");
    json_text_raw(text, "[");
    for (size_t i = count > HISTORY_MOST ? count - HISTORY_MOST : 0; i < count; i++) {
        const struct review_event *event = &image->events[i].event;
        report_json_next(text, NULL);
        json_text_raw(text, "[");
        report_json_integer(text, NULL, (int64_t)event->number);
        report_json_integer(text, NULL, event->op == REVIEW_UNDO ? (int64_t)event->undoes : 0);
        json_text_raw(text, "]");
    }
    json_text_raw(text, "]");
}

/* The hash of a row's record. False: it cannot be read. */
static bool hash_record(const struct review_desk *desk, size_t row, uint64_t *hash)
{
    struct error ignored;
    struct record record = {0};
    if (review_session_record(desk->session, row, &record, &ignored))
        return false;
    bool hashed = review_record_hash(&record, hash, &ignored) == 0;
    record_free(&record);
    return hashed;
}

struct review_reply review_api_image(const struct review_desk *desk, size_t row,
                                     const struct review_request *request)
{
    uint64_t hash;
    struct json_text text = {0};
    bool hashed = hash_record(desk, row, &hash);
    const struct review *review = review_log_hold(desk->log);
    const struct review_image *image = review_of(review, review_session_name(desk->session, row));
    (void)request;
    json_text_raw(&text, "{");
    put_status(&text, image);
    report_json_next(&text, "stale");
    json_text_raw(&text, hashed && review_of_other_record(image, hash) ? "true" : "false");
    report_json_next(&text, "masks");
    json_text_raw(&text, "[");
    for (size_t i = 0; image && i < image->mask_count; i++)
        put_mask(&text, &image->masks[i]);
    json_text_raw(&text, "]");
    report_json_integer(&text, "last", image ? (int64_t)image->last : 0);
    put_history(&text, image);
    json_text_raw(&text, "}");
    review_log_release(desk->log);
    return review_reply_json(&text);
}

/* The masks that the event of that number changed: the one that it is about, or that which an undone event is
 * about. */
static void put_changed(struct json_text *text, const struct review_image *image, uint64_t number)
{
    const struct review_event *event = image ? review_event_of(image, number) : NULL;
    while (event && event->op == REVIEW_UNDO)
        event = review_event_of(image, event->undoes);
    const struct review_mask *mask =
        event && event->op != REVIEW_IMAGE ? review_mask_of(image, event->mask) : NULL;
    if (mask)
        put_mask(text, mask);
}

static struct review_reply tell(const struct review_desk *desk, size_t row, uint64_t number)
{
    struct json_text text = {0};
    const struct review *review = review_log_hold(desk->log);
    const struct review_image *image = review_of(review, review_session_name(desk->session, row));
    json_text_raw(&text, "{");
    report_json_integer(&text, "event", (int64_t)number);
    report_json_next(&text, "masks");
    json_text_raw(&text, "[");
    put_changed(&text, image, number);
    json_text_raw(&text, "]");
    put_status(&text, image);
    json_text_raw(&text, "}");
    review_log_release(desk->log);
    return review_reply_json(&text);
}

/* Takes over what the event owns. */
static struct review_reply append(const struct review_desk *desk, size_t row,
                                  struct review_event *event)
{
    struct error error;
    struct record record = {0};
    struct review_confirmed confirmed;
    int result = review_session_record(desk->session, row, &record, &error);
    if (result == 0)
        result = review_log_append(desk->log, &record, event, &confirmed, &error);
    record_free(&record);
    if (result == 0)
        return tell(desk, row, confirmed.event);
    return error.code == ERROR_USAGE ? review_reply_error(REPLY_CONFLICT, error.text)
                                     : review_reply_failed(&error);
}

struct review_reply review_api_event(const struct review_desk *desk, size_t row,
                                     const struct review_request *request)
{
    struct error error;
    struct review_event event = {0};
    json_error_t reason = {0};
    if (desk->read_only)
        return review_reply_error(REPLY_FORBIDDEN, "this review is read-only");
    json_t *object = json_load_bounded(request->body ? request->body : "", request->length,
                                       JSON_REJECT_DUPLICATES, &reason);
    int result = object ? review_event_request(&event, object, &error)
                        : error_set(&error, ERROR_RECORD, "not JSON: %s", reason.text);
    json_decref(object);
    if (result)
        return error.code == ERROR_RECORD ? review_reply_error(REPLY_BAD_REQUEST, error.text)
                                          : review_reply_failed(&error);
    struct review_reply reply = append(desk, row, &event);
    review_event_free(&event);
    return reply;
}
