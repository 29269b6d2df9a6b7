#include "program/review/review_server.h"

#include <stddef.h>

#include "base/error.h"

#ifdef HAVE_LIBMICROHTTPD

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "program/report/report_page.h"
#include "program/review/review_guard.h"
#include "program/review/review_guests.h"
#include "program/review/review_reply.h"
#include "program/review/review_routes.h"

enum {
    GUESTS = 64,         /* connections that have not shown the cookie */
    MEMBERS = 128,       /* those that have; a browser has six */
    CONNECTIONS = 256,   /* in all, with those that are being closed */
    GUEST_SECONDS = 10,  /* for the first request */
    IDLE_SECONDS = 120,  /* of a connection on which nothing moves */
    HEADER_BYTES = 32768 /* of a request, and of what is sent at a time */
};

struct review_server {
    const struct review_desk *desk; /* borrowed */
    struct review_guard guard;
    struct review_guests *guests;
    struct report_page page;
    char *policy; /* owned: Content-Security-Policy of the page */
    char address[64 + GUARD_SECRET];
    struct MHD_Daemon *daemon;
};

/* A request while it comes. */
struct incoming {
    char *body; /* [used] owned */
    size_t used, capacity;
};

int review_server_check(struct error *error)
{
    (void)error;
    return 0;
}

/* ---- connections */

static void on_connection(void *context, struct MHD_Connection *connection, void **guest,
                          enum MHD_ConnectionNotificationCode code)
{
    struct review_server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        review_guests_leave(server->guests, *guest);
        *guest = NULL;
    } else {
        *guest = info ? review_guests_arrive(server->guests, info->connect_fd) : NULL;
    }
}

static void admit(const struct review_server *server, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    review_guests_admit(server->guests, info ? info->socket_context : NULL);
}

/* ---- replies */

static const char *type_of(enum reply_type type)
{
    static const char *const types[] = {[REPLY_JSON] = "application/json",
                                        [REPLY_SCRIPT] = "text/javascript; charset=utf-8",
                                        [REPLY_PAGE] = "text/html; charset=utf-8"};
    return types[type];
}

static void put_headers(const struct review_server *server, struct MHD_Response *response,
                        enum reply_type type)
{
    const char *const headers[][2] = {
        {"Content-Type", type_of(type)},
        {"Cache-Control", "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Content-Security-Policy",
         type == REPLY_PAGE ? server->policy : "default-src 'none'; frame-ancestors 'none'"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

static enum MHD_Result send_response(struct MHD_Connection *connection, int status,
                                     struct MHD_Response *response)
{
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return result;
}

/* The reply as a response, which takes its text. NULL: memory is short, and the connection is to be closed. */
static struct MHD_Response *make_response(const struct review_server *server,
                                          struct review_reply *reply)
{
    struct MHD_Response *response =
        reply->text
            ? MHD_create_response_from_buffer(reply->length, reply->text, MHD_RESPMEM_MUST_FREE)
            : NULL;
    if (!response) {
        review_reply_free(reply);
        return NULL;
    }
    put_headers(server, response, reply->type);
    if (reply->status == REPLY_NOT_ALLOWED)
        MHD_add_response_header(response, "Allow", "GET, POST");
    return response;
}

/* Sends the reply and frees it. */
static enum MHD_Result send_reply(const struct review_server *server,
                                  struct MHD_Connection *connection, struct review_reply *reply)
{
    struct MHD_Response *response = make_response(server, reply);
    return response ? send_response(connection, reply->status, response) : MHD_NO;
}

/* Refuses a request before its body was read, and the connection with it. */
static enum MHD_Result refuse(const struct review_server *server, struct MHD_Connection *connection,
                              int status, const char *reason)
{
    struct review_reply reply = review_reply_error(status, reason);
    struct MHD_Response *response = make_response(server, &reply);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Connection", "close");
    return send_response(connection, status, response);
}

static enum MHD_Result send_page(const struct review_server *server,
                                 struct MHD_Connection *connection)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        server->page.length, server->page.text, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    put_headers(server, response, REPLY_PAGE);
    return send_response(connection, REPLY_OK, response);
}

/* Whoever knows the token gets the cookie, and the page without the token in its address. */
static enum MHD_Result send_cookie(const struct review_server *server,
                                   struct MHD_Connection *connection)
{
    char cookie[sizeof server->guard.cookie_name + GUARD_SECRET + 64];
    struct MHD_Response *response = MHD_create_response_from_buffer(0, "", MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    snprintf(cookie, sizeof cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=/",
             server->guard.cookie_name, server->guard.cookie);
    put_headers(server, response, REPLY_JSON);
    MHD_add_response_header(response, "Set-Cookie", cookie);
    MHD_add_response_header(response, "Location", "/");
    return send_response(connection, REPLY_SEE_OTHER, response);
}

/* ---- requests */

struct count {
    const char *name;
    int found;
};

static enum MHD_Result count_name(void *context, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct count *count = context;
    (void)kind, (void)value;
    count->found += strcasecmp(name, count->name) == 0;
    return MHD_YES;
}

/* The value of a header; *doubled is set if it is there twice. */
static const char *header(struct MHD_Connection *connection, const char *name, bool *doubled)
{
    struct count count = {.name = name};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_name, &count);
    *doubled = *doubled || count.found > 1;
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

/* Judges a request by its headers. *reason is NULL, or why it is refused. */
static enum guard_answer judge(const struct review_server *server,
                               struct MHD_Connection *connection, const char *path,
                               const char *method, const char **reason)
{
    struct guard_request request = {.changes = strcmp(method, MHD_HTTP_METHOD_GET) != 0};
    request.host = header(connection, MHD_HTTP_HEADER_HOST, &request.doubled);
    request.origin = header(connection, MHD_HTTP_HEADER_ORIGIN, &request.doubled);
    request.cookies = header(connection, MHD_HTTP_HEADER_COOKIE, &request.doubled);
    request.site = header(connection, "Sec-Fetch-Site", &request.doubled);
    if (strcmp(path, "/") == 0)
        request.token = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token");
    *reason = NULL;
    return review_guard_judge(&server->guard, &request, reason);
}

/* Whether Content-Length says more than a body may have. */
static bool is_too_long(struct MHD_Connection *connection)
{
    const char *length =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length && strtoull(length, NULL, 10) > REVIEW_BODY_MAX;
}

/* Looks at a request whose headers have come. */
static enum MHD_Result begin(struct review_server *server, struct MHD_Connection *connection,
                             const char *path, const char *method, void **context)
{
    const char *reason;
    enum guard_answer answer = judge(server, connection, path, method, &reason);
    if (answer == GUARD_REFUSE)
        return refuse(server, connection, REPLY_FORBIDDEN, reason);
    if (answer == GUARD_ENTER)
        return send_cookie(server, connection);
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_POST) != 0)
        return refuse(server, connection, REPLY_NOT_ALLOWED, "GET and POST are the methods here");
    if (is_too_long(connection))
        return refuse(server, connection, REPLY_TOO_LARGE, "a request has at most 1 MiB");
    *context = calloc(1, sizeof(struct incoming));
    return *context ? MHD_YES : MHD_NO;
}

/* Takes a part of the body. */
static enum MHD_Result take(struct incoming *incoming, const char *bytes, size_t *size)
{
    struct error ignored;
    if (*size > REVIEW_BODY_MAX - incoming->used ||
        memory_grow((void **)&incoming->body, &incoming->capacity, incoming->used + *size, 1,
                    &ignored))
        return MHD_NO; /* closes the connection */
    memcpy(incoming->body + incoming->used, bytes, *size);
    incoming->used += *size;
    *size = 0;
    return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *bytes, size_t *size, void **of_request)
{
    struct review_server *server = context;
    struct incoming *incoming = *of_request;
    (void)version;
    if (!incoming)
        return begin(server, connection, path, method, of_request);
    if (*size > 0)
        return take(incoming, bytes, size);
    admit(server, connection);
    bool post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    if (!post && strcmp(path, "/") == 0)
        return send_page(server, connection);
    const struct review_request request = {
        .path = path, .post = post, .body = incoming->body, .length = incoming->used};
    struct review_reply reply = review_route(server->desk, &request);
    return send_reply(server, connection, &reply);
}

static void on_end(void *context, struct MHD_Connection *connection, void **of_request,
                   enum MHD_RequestTerminationCode code)
{
    struct incoming *incoming = *of_request;
    (void)context, (void)connection, (void)code;
    if (incoming)
        free(incoming->body);
    free(incoming);
    *of_request = NULL;
}

/* Addresses have no escapes here: what has one is no address of ours. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

/* ---- life */

/* A socket that listens on 127.0.0.1; *port becomes its port. -1 on errors. */
static int listen_on(uint16_t *port, struct error *error)
{
    int yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(*port),
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener >= 0 && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(listener, SOMAXCONN) == 0 &&
        getsockname(listener, (struct sockaddr *)&address, &size) == 0) {
        *port = ntohs(address.sin_port);
        return listener;
    }
    error_set_system(error, ERROR_IO, errno, "127.0.0.1, port %u: cannot listen", *port);
    if (listener >= 0)
        close(listener);
    return -1;
}

static int start_daemon(struct review_server *server, int listener, struct error *error)
{
    enum { FLAGS = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL };
    server->daemon = MHD_start_daemon(
        FLAGS, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED, on_end,
        server, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, server, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_END);
    if (server->daemon)
        return 0;
    close(listener);
    return error_set(error, ERROR_MEMORY, "the server cannot start: no memory or thread is left");
}

static int start(struct review_server *server, int wanted, struct error *error)
{
    static const struct review_guests_limits LIMITS = {GUESTS, MEMBERS, GUEST_SECONDS};
    uint16_t port = (uint16_t)wanted;
    server->guests = review_guests_new(&LIMITS, error);
    server->policy = report_page_policy(REPORT_PAGE_REVIEW, error);
    if (!server->guests || !server->policy ||
        report_page_make(&server->page, REPORT_PAGE_REVIEW, error))
        return -1;
    int listener = listen_on(&port, error);
    if (listener < 0 || review_guard_make(&server->guard, port, error)) {
        if (listener >= 0)
            close(listener);
        return -1;
    }
    snprintf(server->address, sizeof server->address, "http://127.0.0.1:%u/?token=%s", port,
             server->guard.token);
    return start_daemon(server, listener, error);
}

struct review_server *review_server_start(const struct review_desk *desk, int port,
                                          struct error *error)
{
    struct review_server *server = memory_new(1, sizeof *server, "server", error);
    if (!server)
        return NULL;
    server->desk = desk;
    if (start(server, port, error) == 0)
        return server;
    review_server_stop(server);
    return NULL;
}

const char *review_server_address(const struct review_server *server)
{
    return server->address;
}

void review_server_tick(struct review_server *server)
{
    review_guests_expire(server->guests);
}

void review_server_stop(struct review_server *server)
{
    if (!server)
        return;
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    review_guests_free(server->guests);
    report_page_free(&server->page);
    free(server->policy);
    memory_free(server);
}

#else

int review_server_check(struct error *error)
{
    return error_set(
        error, ERROR_UNSUPPORTED,
        "this maskmill was built without libmicrohttpd, which serves the page; install "
        "libmicrohttpd-dev and build it again");
}

struct review_server *review_server_start(const struct review_desk *desk, int port,
                                          struct error *error)
{
    (void)desk, (void)port;
    review_server_check(error);
    return NULL;
}

const char *review_server_address(const struct review_server *server)
{
    (void)server;
    return "";
}

void review_server_tick(struct review_server *server)
{
    (void)server;
}

void review_server_stop(struct review_server *server)
{
    (void)server;
}

#endif
