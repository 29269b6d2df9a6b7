/* lock.h - one at a time: an advisory lock file that knows who holds it.
 *
 * The file holds one line, "host pid boot-id start-time beat", and an fcntl(2) write lock on it.
 * The rule when somebody else may hold it:
 *   1. The kernel refuses the lock: it is held. (The kernel frees it when its process dies in any
 *      way, and NFS carries it between machines.)
 *   2. The kernel grants it and the line is empty or names this host: nobody holds it.
 *   3. The kernel grants it and the line names another host: either that machine died or was
 *      preempted, or this file system does not carry locks between machines. The file is watched
 * for LOCK_WATCH seconds: if `beat` changes it is held, else it is stale and taken over. No clock
 *      of another machine is ever compared.
 * The lock file is never removed: a lock on a removed file would guard nothing.
 */
#ifndef JOBS_LOCK_H
#define JOBS_LOCK_H

struct error;
struct lock;

enum {
    LOCK_BEAT = 10, /* seconds between beats of a holder */
    LOCK_WATCH = 45 /* seconds that a foreign lock without a beat counts as held */
};

enum lock_answer {
    LOCK_TAKEN,
    LOCK_HELD /* *error says "held by pid N on host H since T" */
};

/* Takes the lock on `path`, creating it. A thread of the lock's own writes the beats.
 * `watch_seconds` is LOCK_WATCH, or less in tests.
 * Returns LOCK_TAKEN with *result set, LOCK_HELD, or -1 with ERROR_IO. One process must not take
 * the same path twice: fcntl locks belong to the process. Children made by fork do not inherit it.
 */
int lock_take(const char *path, int watch_seconds, struct lock **result, struct error *error);

/* Empties the line and frees the lock; NULL is allowed. */
void lock_release(struct lock *lock);

#endif
