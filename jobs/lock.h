/* lock.h - an advisory lock file that says who holds it.
 *
 * The holder has an fcntl(2) write lock on the file and keeps one line in it: "host pid boot-id
 * start-time beat". Whoever wants the lock asks the kernel:
 *   1. The kernel refuses: the lock is held. (The kernel frees it when its process dies, and NFS
 *      carries it between machines.)
 *   2. The kernel grants it, and the line is empty or names this machine since its last boot:
 *      nobody else holds it.
 *   3. The kernel grants it, and the line names another machine, or another boot of one with this
 *      name (it may be a clone): that machine died, or this file system does not carry locks
 *      between machines. The file is watched for LOCK_WATCH seconds. If `beat` changes, the lock is
 *      held; else it is stale and taken over. Clocks of different machines are never compared.
 *   4. The file system has no locks (ENOSYS, ENOLCK, EOPNOTSUPP, EINVAL): any line is watched as in
 *      3. Of two that take the lock at the same moment the one that wrote last has it.
 * The lock file is never removed: a lock on a removed file would protect nothing.
 */
#ifndef JOBS_LOCK_H
#define JOBS_LOCK_H

struct error;
struct folder;
struct lock;

enum {
    LOCK_BEAT = 10, /* seconds between beats of a holder */
    LOCK_WATCH = 45 /* seconds without a beat after which another machine's lock is stale */
};

enum lock_answer {
    LOCK_TAKEN,
    LOCK_HELD /* *error says "held by pid N on host H since T" */
};

/* Takes the lock on the file `name` below the run's folder, creating the file, and starts a thread
 * that writes the beats. `watch_seconds` is LOCK_WATCH, or less in tests. Returns LOCK_TAKEN with
 * *result set, LOCK_HELD, or -1 with ERROR_IO or ERROR_MEMORY. A process must not take the same
 * file twice, since fcntl locks belong to the process. Children do not inherit the lock. */
int lock_take(const struct folder *run, const char *name, int watch_seconds, struct lock **result,
              struct error *error);

/* Empties the line and releases the lock. NULL is allowed. */
void lock_release(struct lock *lock);

#endif
