/* review_guests.h - the connections of a server, of which none can be kept busy by others.
 *
 * Anybody on the machine can open connections and say nothing, or say it slowly. So a connection is a
 * guest until a whole request with the cookie has come over it. Guests are few and have some seconds; one
 * more ends the oldest. Whoever has shown the cookie is a member, and stays however many guests come. Of
 * members, one too many ends the one whose last request began longest ago.
 *
 * A connection is ended by shutdown(2): its owner meets the end and closes it. Any thread may call. */
#ifndef PROGRAM_REVIEW_REVIEW_GUESTS_H
#define PROGRAM_REVIEW_REVIEW_GUESTS_H

#include <stddef.h>

struct error;
struct review_guest;
struct review_guests;

struct review_guests_limits {
    size_t guests, members; /* at most */
    double seconds;         /* that a guest has */
};

/* NULL with ERROR_MEMORY. */
struct review_guests *review_guests_new(const struct review_guests_limits *limits,
                                        struct error *error);

/* All have left. NULL is allowed. */
void review_guests_free(struct review_guests *guests);

/* A connection has come; `socket` is borrowed until it leaves. NULL if memory is short. */
struct review_guest *review_guests_arrive(struct review_guests *guests, int socket);

/* A whole request with the cookie has come over it: it is a member, and the latest one. NULL is allowed. */
void review_guests_admit(struct review_guests *guests, struct review_guest *guest);

/* It is being closed: call it before close(2). NULL is allowed. */
void review_guests_leave(struct review_guests *guests, struct review_guest *guest);

/* Ends guests whose time is over. Call it every second or so. */
void review_guests_expire(struct review_guests *guests);

#endif
