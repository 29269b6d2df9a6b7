#include "program/review/review_guests.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/error.h"

/* Connections, the latest last. */
struct queue {
    struct review_guest *oldest, *newest;
    size_t count, most;
};

struct review_guest {
    struct review_guest *older, *newer;
    struct queue *queue; /* that it is in; NULL: it was ended */
    int socket;
    double since; /* clock_now: when it came */
};

struct review_guests {
    pthread_mutex_t mutex;
    struct queue guests, members;
    double seconds;
};

struct review_guests *review_guests_new(const struct review_guests_limits *limits,
                                        struct error *error)
{
    struct review_guests *guests = calloc(1, sizeof *guests);
    if (!guests) {
        error_set(error, ERROR_MEMORY, "no memory for connections");
        return NULL;
    }
    pthread_mutex_init(&guests->mutex, NULL);
    guests->guests.most = limits->guests;
    guests->members.most = limits->members;
    guests->seconds = limits->seconds;
    return guests;
}

void review_guests_free(struct review_guests *guests)
{
    if (!guests)
        return;
    pthread_mutex_destroy(&guests->mutex);
    free(guests);
}

static void take_out(struct review_guest *guest)
{
    struct queue *queue = guest->queue;
    if (!queue)
        return;
    *(guest->older ? &guest->older->newer : &queue->oldest) = guest->newer;
    *(guest->newer ? &guest->newer->older : &queue->newest) = guest->older;
    guest->queue = NULL;
    queue->count--;
}

static void end_oldest(struct queue *queue)
{
    struct review_guest *guest = queue->oldest;
    take_out(guest);
    shutdown(guest->socket, SHUT_RDWR);
}

/* Appends to a queue; if it is full, its oldest is ended. */
static void put_in(struct queue *queue, struct review_guest *guest)
{
    if (queue->count >= queue->most)
        end_oldest(queue);
    guest->older = queue->newest;
    guest->newer = NULL;
    guest->queue = queue;
    *(queue->newest ? &queue->newest->newer : &queue->oldest) = guest;
    queue->newest = guest;
    queue->count++;
}

struct review_guest *review_guests_arrive(struct review_guests *guests, int socket)
{
    struct review_guest *guest = malloc(sizeof *guest);
    if (!guest)
        return NULL;
    *guest = (struct review_guest){.socket = socket, .since = clock_now()};
    pthread_mutex_lock(&guests->mutex);
    put_in(&guests->guests, guest);
    pthread_mutex_unlock(&guests->mutex);
    return guest;
}

void review_guests_admit(struct review_guests *guests, struct review_guest *guest)
{
    if (!guest)
        return;
    pthread_mutex_lock(&guests->mutex);
    if (guest->queue) {
        take_out(guest);
        put_in(&guests->members, guest);
    }
    pthread_mutex_unlock(&guests->mutex);
}

void review_guests_leave(struct review_guests *guests, struct review_guest *guest)
{
    if (!guest)
        return;
    pthread_mutex_lock(&guests->mutex);
    take_out(guest);
    pthread_mutex_unlock(&guests->mutex);
    free(guest);
}

void review_guests_expire(struct review_guests *guests)
{
    double end = clock_now() - guests->seconds;
    pthread_mutex_lock(&guests->mutex);
    while (guests->guests.oldest && guests->guests.oldest->since < end)
        end_oldest(&guests->guests);
    pthread_mutex_unlock(&guests->mutex);
}
