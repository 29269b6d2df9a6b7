/* review_guests.h - connections that have not shown the cookie yet: guests.
 *
 * Anybody on the machine can open connections and say nothing. So guests are few: one more ends the
 * oldest, and each has some seconds. Whoever shows the cookie is no guest any more, and stays however
 * many come after him. Ended is a connection by shutdown(2): its owner meets the end and closes it.
 * Any thread may call. */
#ifndef PROGRAM_REVIEW_REVIEW_GUESTS_H
#define PROGRAM_REVIEW_REVIEW_GUESTS_H

#include <stddef.h>

struct error;
struct review_guest;
struct review_guests;

/* At most `most` guests, for `seconds` each. NULL with ERROR_MEMORY. */
struct review_guests *review_guests_new(size_t most, double seconds, struct error *error);

/* All have left. NULL is allowed. */
void review_guests_free(struct review_guests *guests);

/* A connection has come; `socket` is borrowed until it leaves. NULL if memory is short. */
struct review_guest *review_guests_arrive(struct review_guests *guests, int socket);

/* It has shown the cookie. NULL is allowed. */
void review_guests_admit(struct review_guests *guests, struct review_guest *guest);

/* It is being closed, guest or not: call it before close(2). NULL is allowed. */
void review_guests_leave(struct review_guests *guests, struct review_guest *guest);

/* Ends guests whose time is over. Call it every second or so. */
void review_guests_expire(struct review_guests *guests);

#endif
