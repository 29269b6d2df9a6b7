#include "program/report/report_url.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"

/* Appends a path, percent-encoded but for its slashes. */
static void put_path(struct json_text *text, const char *path)
{
    for (; *path; path++) {
        char code[4];
        unsigned char byte = (unsigned char)*path;
        bool plain = byte < 128 && (isalnum(byte) || strchr("-._~/", byte));
        snprintf(code, sizeof code, plain ? "%c" : "%%%02X", byte);
        json_text_raw(text, code);
    }
}

/* Length of the longest common path of whole components; both are absolute. */
static size_t common(const char *one, const char *other)
{
    size_t length = 0;
    for (size_t i = 0;; i++) {
        bool one_ends = one[i] == 0 || one[i] == '/', other_ends = other[i] == 0 || other[i] == '/';
        if (one_ends && other_ends)
            length = i;
        if (one[i] != other[i] || one[i] == 0)
            return length;
    }
}

static char *relative(const char *from, const char *to, struct error *error)
{
    struct json_text text = {0};
    size_t shared = common(from, to);
    for (const char *at = from + shared; *at; at++)
        if (*at == '/' && at[1])
            json_text_raw(&text, "../");
    const char *rest = to + shared;
    rest += *rest == '/';
    put_path(&text, rest);
    if (*rest)
        json_text_raw(&text, "/");
    if (text.used == 0)
        json_text_raw(&text, "./");
    return json_text_take(&text, NULL, error);
}

char *report_url_relative(const char *from, const char *to, struct error *error)
{
    char *url = NULL;
    char *whole_from = realpath(from, NULL);
    int reason = whole_from ? 0 : errno;
    char *whole_to = realpath(to, NULL);
    reason = whole_to ? reason : errno;
    if (whole_from && whole_to)
        url = relative(whole_from, whole_to, error);
    else
        error_set_system(error, ERROR_IO, reason, "%s: cannot be reached from %s", to, from);
    free(whole_from);
    free(whole_to);
    return url;
}
