#include "program/review/review_guests.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"

struct review_guest {
    struct review_guest *older, *newer; /* in the list of guests */
    int socket;
    double since; /* clock_now */
    bool listed;  /* neither admitted nor ended */
};

struct review_guests {
    pthread_mutex_t mutex;
    struct review_guest *oldest, *newest;
    size_t count, most;
    double seconds;
};

struct review_guests *review_guests_new(size_t most, double seconds, struct error *error)
{
    struct review_guests *guests = calloc(1, sizeof *guests);
    if (!guests) {
        error_set(error, ERROR_MEMORY, "no memory for connections");
        return NULL;
    }
    pthread_mutex_init(&guests->mutex, NULL);
    guests->most = most;
    guests->seconds = seconds;
    return guests;
}

void review_guests_free(struct review_guests *guests)
{
    if (!guests)
        return;
    pthread_mutex_destroy(&guests->mutex);
    free(guests);
}

static void unlist(struct review_guests *guests, struct review_guest *guest)
{
    if (!guest->listed)
        return;
    *(guest->older ? &guest->older->newer : &guests->oldest) = guest->newer;
    *(guest->newer ? &guest->newer->older : &guests->newest) = guest->older;
    guest->listed = false;
    guests->count--;
}

/* Ends the oldest guest. */
static void end_oldest(struct review_guests *guests)
{
    struct review_guest *guest = guests->oldest;
    unlist(guests, guest);
    shutdown(guest->socket, SHUT_RDWR);
}

struct review_guest *review_guests_arrive(struct review_guests *guests, int socket)
{
    struct review_guest *guest = malloc(sizeof *guest);
    if (!guest)
        return NULL;
    pthread_mutex_lock(&guests->mutex);
    if (guests->count >= guests->most)
        end_oldest(guests);
    *guest = (struct review_guest){
        .older = guests->newest, .socket = socket, .since = clock_now(), .listed = true};
    *(guests->newest ? &guests->newest->newer : &guests->oldest) = guest;
    guests->newest = guest;
    guests->count++;
    pthread_mutex_unlock(&guests->mutex);
    return guest;
}

void review_guests_admit(struct review_guests *guests, struct review_guest *guest)
{
    if (!guest)
        return;
    pthread_mutex_lock(&guests->mutex);
    unlist(guests, guest);
    pthread_mutex_unlock(&guests->mutex);
}

void review_guests_leave(struct review_guests *guests, struct review_guest *guest)
{
    review_guests_admit(guests, guest);
    free(guest);
}

void review_guests_expire(struct review_guests *guests)
{
    double end = clock_now() - guests->seconds;
    pthread_mutex_lock(&guests->mutex);
    while (guests->oldest && guests->oldest->since < end)
        end_oldest(guests);
    pthread_mutex_unlock(&guests->mutex);
}
