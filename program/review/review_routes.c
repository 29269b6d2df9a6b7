#include "program/review/review_routes.h"

#include <string.h>

#include "program/review/review_api.h"
#include "program/review/review_desk.h"
#include "program/review/review_documents.h"
#include "program/review/review_number.h"
#include "program/review/review_session.h"

enum { NAME_MOST = 64 }; /* of a document */

static struct review_reply not_found(void)
{
    return review_reply_error(REPLY_NOT_FOUND, "there is nothing at this address");
}

static struct review_reply wrong_method(void)
{
    return review_reply_error(REPLY_NOT_ALLOWED, "this address takes another method");
}

/* What follows a prefix of the path; NULL: it has another one. */
static const char *after(const char *path, const char *prefix)
{
    size_t length = strlen(prefix);
    return strncmp(path, prefix, length) == 0 ? path + length : NULL;
}

/* "NAME.js" */
static struct review_reply route_data(const struct review_desk *desk,
                                      const struct review_request *request, const char *file)
{
    char name[NAME_MOST];
    size_t length = strlen(file);
    if (length < sizeof ".js" || length >= NAME_MOST || strcmp(file + length - 3, ".js") != 0)
        return not_found();
    if (request->post)
        return wrong_method();
    memcpy(name, file, length - 3);
    name[length - 3] = 0;
    return review_document(desk, name);
}

/* "ROW", "ROW/event", ... */
static struct review_reply route_image(const struct review_desk *desk,
                                       const struct review_request *request, const char *rest)
{
    static const struct {
        const char *action;
        bool post;
        review_api *answer;
    } actions[] = {
        {"", false, review_api_image},
        {"/event", true, review_api_event},
        {"/open", true, review_api_open},
        {"/predict", true, review_api_predict},
    };
    char digits[24];
    size_t row, length = strcspn(rest, "/");
    if (length >= sizeof digits)
        return not_found();
    memcpy(digits, rest, length);
    digits[length] = 0;
    if (!review_number(digits, review_session_rows(desk->session), &row))
        return not_found();
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (strcmp(rest + length, actions[i].action) == 0)
            return request->post == actions[i].post ? actions[i].answer(desk, row, request)
                                                    : wrong_method();
    return not_found();
}

struct review_reply review_route(const struct review_desk *desk,
                                 const struct review_request *request)
{
    const char *rest;
    if (strcmp(request->path, "/api/session") == 0)
        return request->post ? wrong_method() : review_api_session(desk);
    if (strcmp(request->path, "/api/images") == 0)
        return request->post ? wrong_method() : review_api_images(desk);
    if ((rest = after(request->path, "/data/")))
        return route_data(desk, request, rest);
    if ((rest = after(request->path, "/api/image/")))
        return route_image(desk, request, rest);
    return not_found();
}
