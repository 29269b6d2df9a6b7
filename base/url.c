#include "base/url.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json_text.h"

void url_put_path(struct json_text *to, const char *path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    for (; *path; path++) {
        char code[4];
        snprintf(code, sizeof code, strchr(plain, *path) ? "%c" : "%%%02X", (unsigned char)*path);
        json_text_raw(to, code);
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

/* Of absolute paths without links. */
static char *way(const char *from, const char *to, struct error *error)
{
    struct json_text text = {0};
    size_t shared = common(from, to);
    const char *rest = to + shared;
    rest += *rest == '/';
    for (const char *at = from + shared; *at; at++)
        if (*at == '/' && at[1])
            json_text_raw(&text, *rest || strchr(at + 1, '/') ? "../" : "..");
    json_text_raw(&text, rest);
    return json_text_take(&text, NULL, error);
}

char *url_way(const char *from, const char *to, struct error *error)
{
    char *found = NULL;
    char *whole_from = realpath(from, NULL);
    int reason = whole_from ? 0 : errno;
    char *whole_to = realpath(to, NULL);
    reason = whole_to ? reason : errno;
    if (whole_from && whole_to)
        found = way(whole_from, whole_to, error);
    else
        error_set_system(error, ERROR_IO, reason, "%s: cannot be reached from %s", to, from);
    free(whole_from);
    free(whole_to);
    return found;
}
