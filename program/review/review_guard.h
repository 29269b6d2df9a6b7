/* review_guard.h - who may ask the server of a review anything.
 *
 * It listens on 127.0.0.1, where every program of the machine can reach it, and every page in the
 * user's browser. So a request must
 *   - name this server in its Host (a page of evil.example whose name leads to 127.0.0.1 does not);
 *   - come from the page itself, not from another one (Origin, Sec-Fetch-Site);
 *   - show the cookie, which whoever knows the token of the printed address gets.
 */
#ifndef PROGRAM_REVIEW_REVIEW_GUARD_H
#define PROGRAM_REVIEW_REVIEW_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct error;

enum { GUARD_SECRET = 64 }; /* hexadecimal digits: 256 bits */

struct review_guard {
    char token[GUARD_SECRET + 1];
    char cookie[GUARD_SECRET + 1];
    char cookie_name[32]; /* browsers send cookies to all ports of a host, so it has the port */
    char hosts[2][32];    /* what Host may be */
};

/* What a request says of itself. NULL: the header is not there. */
struct guard_request {
    const char *host, *origin, *cookies;
    const char *site;  /* Sec-Fetch-Site */
    const char *token; /* of the address; of `GET /` only, else NULL */
    bool doubled;      /* one of these headers is there twice */
    bool changes;      /* any method but GET */
};

enum guard_answer {
    GUARD_PASS,
    GUARD_ENTER, /* the token is right: it gets the cookie */
    GUARD_REFUSE
};

/* Draws the secrets. 0, or -1 with ERROR_UNSUPPORTED if the system gives no random bytes. */
int review_guard_make(struct review_guard *guard, uint16_t port, struct error *error);

/* Secrets are compared in a time that does not depend on them. *reason says why it is refused, in one
 * line that names nothing of the request. */
enum guard_answer review_guard_judge(const struct review_guard *guard,
                                     const struct guard_request *request, const char **reason);

#endif
