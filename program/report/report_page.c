#include "program/report/report_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/json_text.h"
#include "program/digest.h"
#include "program/report/report_parts.h"

enum { SHA256_BYTES = 32, SHA256_BASE64 = 45 };

/* Every page begins so, and nothing else is replaced by --overwrite. */
static const char BEGINNING[] = "<!doctype html>\n<!-- maskmill report";

/* What a policy knows an inline script or style by: the base64 of its SHA-256 (CSP level 2, 4.2.4). */
static void policy_hash(const struct report_part *part, char text[SHA256_BASE64])
{
    char hex[DIGEST_TEXT];
    unsigned char bytes[SHA256_BYTES];
    digest_bytes(part->bytes, part->size, hex);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], 0};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    base64_encode(text, bytes, SHA256_BYTES);
    text[SHA256_BASE64 - 1] = 0;
}

/* What goes into the frame. */
struct parts {
    const struct report_part *style, *worker, *code;
    const char *connect; /* of the policy: where the page may send requests */
};

static const struct parts PARTS[] = {
    [REPORT_PAGE_REPORT] = {&report_style, &report_worker, &report_code, ""},
    [REPORT_PAGE_REVIEW] = {&report_review_style, &report_review_worker, &report_review_code,
                            "connect-src 'self'; "},
};

/* Scripts: the page's own, and those that it loads itself, which are the documents. */
static void put_policy(struct json_text *text, const struct parts *parts)
{
    char code[SHA256_BASE64], style[SHA256_BASE64];
    policy_hash(parts->code, code);
    policy_hash(parts->style, style);
    json_text_raw(text, "default-src 'none'; script-src 'sha256-");
    json_text_raw(text, code);
    json_text_raw(text, "' 'strict-dynamic'; style-src 'sha256-");
    json_text_raw(text, style);
    json_text_raw(text, "'; ");
    json_text_raw(text, parts->connect);
    json_text_raw(text, "img-src 'self' file: data: blob:; worker-src blob:; base-uri 'none'; "
                        "form-action 'none'");
}

static void put_policy_element(struct json_text *text, const struct parts *parts)
{
    json_text_raw(text, "<meta http-equiv=\"Content-Security-Policy\" content=\"");
    put_policy(text, parts);
    json_text_raw(text, "\">");
}

char *report_page_policy(enum report_page_kind kind, struct error *error)
{
    struct json_text text = {0};
    put_policy(&text, &PARTS[kind]);
    json_text_raw(&text, "; frame-ancestors 'none'");
    return json_text_take(&text, NULL, error);
}

static void put_part(struct json_text *text, const char *before, const struct report_part *part,
                     const char *after)
{
    json_text_raw(text, before);
    json_text_bytes(text, part->bytes, part->size);
    json_text_raw(text, after);
}

enum place { PLACE_POLICY, PLACE_STYLE, PLACE_WORKER, PLACE_CODE, PLACE_DATA, PLACES };

/* Puts what belongs in a place of the frame. */
static void put_place(struct report_page *page, struct json_text *text, enum place place,
                      const struct parts *parts)
{
    if (place == PLACE_POLICY)
        put_policy_element(text, parts);
    else if (place == PLACE_STYLE)
        put_part(text, "<style>", parts->style, "</style>");
    else if (place == PLACE_WORKER)
        put_part(text, "<script type=\"text/plain\" id=\"worker\">", parts->worker, "</script>");
    else if (place == PLACE_CODE)
        put_part(text, "<script>", parts->code, "</script>");
    else
        page->data = text->used;
}

/* Which place begins at `at`; PLACES if none does. *length is that of its mark. */
static enum place find_place(const char *at, size_t left, size_t *length)
{
    static const char *const marks[PLACES] = {"<!-- policy -->", "<!-- style -->",
                                              "<!-- worker -->", "<!-- code -->", "<!-- data -->"};
    enum place place = 0;
    for (; place < PLACES; place++) {
        *length = strlen(marks[place]);
        if (*length <= left && memcmp(at, marks[place], *length) == 0)
            break;
    }
    return place;
}

int report_page_make(struct report_page *page, enum report_page_kind kind, struct error *error)
{
    struct json_text text = {0};
    const char *end = report_frame.bytes + report_frame.size;
    *page = (struct report_page){0};
    for (const char *at = report_frame.bytes; at < end;) {
        size_t length;
        enum place place = find_place(at, (size_t)(end - at), &length);
        if (place < PLACES) {
            put_place(page, &text, place, &PARTS[kind]);
        } else {
            const char *next = memchr(at + 1, '<', (size_t)(end - at - 1));
            length = (size_t)((next ? next : end) - at);
            json_text_bytes(&text, at, length);
        }
        at += length;
    }
    page->text = json_text_take(&text, &page->length, error);
    return page->text ? 0 : -1;
}

void report_page_free(struct report_page *page)
{
    free(page->text);
    *page = (struct report_page){0};
}

bool report_page_is(const char *start, size_t size)
{
    return size >= sizeof BEGINNING - 1 && memcmp(start, BEGINNING, sizeof BEGINNING - 1) == 0;
}
