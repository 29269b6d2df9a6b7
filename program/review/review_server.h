/* review_server.h - the server of a review: HTTP on 127.0.0.1 by libmicrohttpd, a thread a connection.
 *
 *   connection -> review_guests.h -> headers -> review_guard.h -> body -> review_routes.h -> reply
 *
 * Headers take at most 32 KiB, a body 1 MiB; it is counted while it comes, and one that is larger ends its
 * connection. Methods are GET and POST. */
#ifndef PROGRAM_REVIEW_REVIEW_SERVER_H
#define PROGRAM_REVIEW_REVIEW_SERVER_H

struct error;
struct review_desk;
struct review_server;

enum { REVIEW_BODY_MAX = 1 << 20 }; /* bytes */

/* Whether this program has a server: whether it was built with libmicrohttpd. */
int review_server_check(struct error *error);

/* Begins to serve on a port, or on any that is free if it is 0. The desk is borrowed. NULL with
 * ERROR_UNSUPPORTED, ERROR_IO (the port is taken) or ERROR_MEMORY. */
struct review_server *review_server_start(const struct review_desk *desk, int port,
                                          struct error *error);

/* The address to open, with the token. Lives as long as the server. */
const char *review_server_address(const struct review_server *server);

/* To be called every second or so: ends connections that say nothing. */
void review_server_tick(struct review_server *server);

/* Ends all connections; requests that are being answered are answered. NULL is allowed. */
void review_server_stop(struct review_server *server);

#endif
