/* What was decided about all images at once, for the gallery. */
#include "base/json_text.h"
#include "program/report/report_json.h"
#include "program/review/review_api.h"
#include "program/review/review_desk.h"
#include "program/review/review_log.h"
#include "program/review/review_session.h"
#include "records/review.h"

/* Appends the rows whose images have that status, and about which anything was decided that still counts. */
static void put_rows(struct json_text *text, const char *name, const struct review_desk *desk,
                     const struct review *review, enum review_status status)
{
    size_t count = review_count(review) ? review_session_rows(desk->session) : 0;
    report_json_next(text, name);
    json_text_raw(text, "[");
    for (size_t row = 0; row < count; row++) {
        const struct review_image *image =
            review_of(review, review_session_name(desk->session, row));
        if (image && image->status == status && review_says(image))
            report_json_integer(text, NULL, (int64_t)row);
    }
    json_text_raw(text, "]");
}

struct review_reply review_api_images(const struct review_desk *desk)
{
    struct json_text text = {0};
    const struct review *review = review_log_hold(desk->log);
    json_text_raw(&text, "{");
    put_rows(&text, "done", desk, review, REVIEW_DONE);
    put_rows(&text, "rejected", desk, review, REVIEW_REJECTED_IMAGE);
    put_rows(&text, "begun", desk, review, REVIEW_OPEN_IMAGE);
    json_text_raw(&text, "}");
    review_log_release(desk->log);
    return review_reply_json(&text);
}
