#include "program/review/review_reply.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"

struct review_reply review_reply_error(int status, const char *text)
{
    struct error ignored;
    struct json_text json = {0};
    struct review_reply reply = {.status = status, .type = REPLY_JSON};
    json_text_raw(&json, "{\"error\": ");
    json_text_string(&json, text, strlen(text));
    json_text_raw(&json, "}");
    reply.text = json_text_take(&json, &reply.length, &ignored);
    return reply;
}

struct review_reply review_reply_failed(const struct error *error)
{
    static const int statuses[] = {
        [ERROR_USAGE] = REPLY_BAD_REQUEST,  [ERROR_IMAGE] = REPLY_NOT_FOUND,
        [ERROR_RECORD] = REPLY_NOT_FOUND,   [ERROR_MEMORY] = REPLY_UNAVAILABLE,
        [ERROR_UNSUPPORTED] = REPLY_BROKEN,
    };
    int status = statuses[error->code];
    return review_reply_error(status ? status : REPLY_BROKEN, error->text);
}

struct review_reply review_reply_json(struct json_text *text)
{
    struct error error;
    struct review_reply reply = {.status = REPLY_OK, .type = REPLY_JSON};
    reply.text = json_text_take(text, &reply.length, &error);
    return reply.text ? reply : review_reply_failed(&error);
}

void review_reply_free(struct review_reply *reply)
{
    free(reply->text);
    *reply = (struct review_reply){0};
}
