#include "program/review/review_api.h"

#include "base/json_text.h"
#include "program/report/report_json.h"
#include "program/review/review_desk.h"
#include "program/review/review_session.h"

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

struct review_reply review_api_image(const struct review_desk *desk, size_t row,
                                     const struct review_request *request)
{
    struct json_text text = {0};
    (void)desk, (void)row, (void)request;
    json_text_raw(&text, "{\"status\":null,\"masks\":[],\"last\":0}");
    return review_reply_json(&text);
}
