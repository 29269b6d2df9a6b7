#include "jobs/memory_room.h"

#include <assert.h>
#include <pthread.h>

#include "base/memory.h"

struct memory_room {
    uint64_t shared, alone;
    pthread_mutex_t mutex;  /* guards all below */
    pthread_cond_t changed; /* something was given back, or it is another taker's turn */
    uint64_t used;
    uint64_t arrived, served; /* takers */
    bool is_alone;            /* what is used belongs to one taker who is to be alone */
};

struct memory_room *memory_room_new(uint64_t shared, uint64_t alone, struct error *error)
{
    struct memory_room *room = memory_new(1, sizeof *room, "memory room", error);
    if (!room)
        return NULL;
    room->shared = shared;
    room->alone = alone > shared ? alone : shared;
    pthread_mutex_init(&room->mutex, NULL);
    pthread_cond_init(&room->changed, NULL);
    return room;
}

/* Whether these bytes can be had now. */
static bool is_free(const struct memory_room *room, uint64_t bytes, bool alone)
{
    if (alone || room->is_alone)
        return room->used == 0;
    return room->used <= room->shared && bytes <= room->shared - room->used;
}

bool memory_room_take(struct memory_room *room, uint64_t bytes, bool alone)
{
    assert(bytes <= room->alone);
    alone = alone || bytes > room->shared;
    pthread_mutex_lock(&room->mutex);
    uint64_t turn = room->arrived++;
    while (turn != room->served || !is_free(room, bytes, alone))
        pthread_cond_wait(&room->changed, &room->mutex);
    room->used += bytes;
    room->is_alone = alone;
    room->served++;
    pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->mutex);
    return alone;
}

void memory_room_give(struct memory_room *room, uint64_t bytes)
{
    pthread_mutex_lock(&room->mutex);
    room->used -= bytes;
    pthread_cond_broadcast(&room->changed);
    pthread_mutex_unlock(&room->mutex);
}

uint64_t memory_room_most(const struct memory_room *room)
{
    return room->alone;
}

void memory_room_free(struct memory_room *room)
{
    if (!room)
        return;
    pthread_mutex_destroy(&room->mutex);
    pthread_cond_destroy(&room->changed);
    memory_free(room);
}
