/* memory_room.h - bytes of memory lent to work in progress; who needs more than is left waits.
 *
 *   |<------------------------- alone ------------------------->|
 *   |<-------- shared -------->|<- what all workers but one hold ->|
 *
 * Concurrency contract
 * - Any thread may call any function. Takers are served in the order in which they came.
 * - A taker must hold nothing while it waits, and must not hold what another needs to give back.
 *   Then nobody waits for ever: those who hold bytes need no more of them to come to an end.
 */
#ifndef JOBS_MEMORY_ROOM_H
#define JOBS_MEMORY_ROOM_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct memory_room;

/* `shared` bytes are lent to many at a time. One alone gets up to `alone` >= shared, which counts
 * on what others free while they have nothing to do. NULL with ERROR_MEMORY. */
struct memory_room *memory_room_new(uint64_t shared, uint64_t alone, struct error *error);

/* Takes `bytes` <= memory_room_most and waits until they are there. For more than `shared`, or with
 * `alone` set, waits until everything has been given back; then the taker is alone, and nobody else
 * takes any until these bytes have been given back. Returns whether it is alone. */
bool memory_room_take(struct memory_room *room, uint64_t bytes, bool alone);

/* Gives back some or all of the bytes that were taken. */
void memory_room_give(struct memory_room *room, uint64_t bytes);

/* The bytes that can be had at most. */
uint64_t memory_room_most(const struct memory_room *room);

/* Nobody may use it any more. NULL is allowed. */
void memory_room_free(struct memory_room *room);

#endif
