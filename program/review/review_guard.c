#include "program/review/review_guard.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/error.h"

enum { SECRET_BYTES = GUARD_SECRET / 2 };

static int draw(char text[GUARD_SECRET + 1], struct error *error)
{
    unsigned char bytes[SECRET_BYTES];
    size_t got = 0;
    while (got < sizeof bytes) {
        ssize_t now = getrandom(bytes + got, sizeof bytes - got, 0);
        if (now < 0 && errno != EINTR)
            return error_set_system(error, ERROR_UNSUPPORTED, errno, "no random bytes");
        got += now > 0 ? (size_t)now : 0;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int review_guard_make(struct review_guard *guard, uint16_t port, struct error *error)
{
    enum { PLAIN = 80 }; /* the port that browsers leave out */
    char suffix[8] = "";
    if (port != PLAIN)
        snprintf(suffix, sizeof suffix, ":%u", port);
    snprintf(guard->cookie_name, sizeof guard->cookie_name, "maskmill_review_%u", port);
    snprintf(guard->hosts[0], sizeof guard->hosts[0], "127.0.0.1%s", suffix);
    snprintf(guard->hosts[1], sizeof guard->hosts[1], "localhost%s", suffix);
    return draw(guard->token, error) || draw(guard->cookie, error) ? -1 : 0;
}

/* Whether `given` of `length` bytes is the secret. All bytes are looked at, wherever they differ. */
static bool is_secret(const char secret[GUARD_SECRET + 1], const char *given, size_t length)
{
    volatile unsigned char difference = length != GUARD_SECRET;
    for (size_t i = 0; i < GUARD_SECRET; i++)
        difference = (unsigned char)(difference | (secret[i] ^ (i < length ? given[i] : '\0')));
    return difference == 0;
}

/* Whether one of the cookies "NAME=VALUE; NAME=VALUE" is ours. */
static bool has_cookie(const struct review_guard *guard, const char *cookies)
{
    size_t name = strlen(guard->cookie_name);
    while (cookies && *cookies) {
        cookies += strspn(cookies, "; ");
        size_t length = strcspn(cookies, ";");
        if (length > name && cookies[name] == '=' &&
            memcmp(cookies, guard->cookie_name, name) == 0 &&
            is_secret(guard->cookie, cookies + name + 1, length - name - 1))
            return true;
        cookies += length;
    }
    return false;
}

static bool is_own_host(const struct review_guard *guard, const char *host)
{
    return host &&
           (strcasecmp(host, guard->hosts[0]) == 0 || strcasecmp(host, guard->hosts[1]) == 0);
}

/* Whether the origin is the host that was asked. */
static bool is_own_origin(const char *host, const char *origin)
{
    static const char SCHEME[] = "http://";
    return strncasecmp(origin, SCHEME, sizeof SCHEME - 1) == 0 &&
           strcasecmp(origin + sizeof SCHEME - 1, host) == 0;
}

/* Whether the request comes from the page, or, if it changes nothing, from the user himself. A browser
 * says so in Sec-Fetch-Site: another port of this machine is another page, although it is the same site
 * and gets the cookie. */
static bool is_from_page(const struct guard_request *request)
{
    const char *site = request->site;
    if (request->origin && !is_own_origin(request->host, request->origin))
        return false;
    if (site && strcmp(site, "same-origin") != 0)
        return !request->changes && strcmp(site, "none") == 0;
    return !request->changes || request->origin || site;
}

enum guard_answer review_guard_judge(const struct review_guard *guard,
                                     const struct guard_request *request, const char **reason)
{
    if (request->doubled || !is_own_host(guard, request->host)) {
        *reason = "the request names another server: use the address and the port that maskmill "
                  "review has printed";
        return GUARD_REFUSE;
    }
    if (request->token && !request->changes) {
        if (is_secret(guard->token, request->token, strlen(request->token)))
            return GUARD_ENTER;
        *reason = "this token is not that of the address that maskmill review has printed";
        return GUARD_REFUSE;
    }
    if (!is_from_page(request)) {
        *reason = "the request comes from another page";
        return GUARD_REFUSE;
    }
    if (has_cookie(guard, request->cookies))
        return GUARD_PASS;
    *reason = "open the address that maskmill review has printed, with its token";
    return GUARD_REFUSE;
}
