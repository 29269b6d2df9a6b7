/* retry.h - what to do after an errno: try again, give up the item, or stop the run.
 *
 *                                       given up after the last attempt
 *                                       while reading   while writing
 * tried again
 *   EINTR EAGAIN EIO ETIMEDOUT EBUSY    the item       the run
 *   ENOSPC EDQUOT                       the run         the run
 *   ENFILE EMFILE ENOMEM                the run         the run
 *   ESTALE ENOTCONN ENODEV ENXIO        the run         the run      (a mount in trouble)
 *   EHOSTDOWN EHOSTUNREACH ENETDOWN     the run         the run
 *   ENETUNREACH ECONNRESET              the run         the run
 *   ENOBUFS ETOOMANYREFS                the run         the run
 *   ECHILD                              the run         the run      (a process was killed)
 * not tried again
 *   EFBIG                               the run         the run      (a limit on file size)
 *   EROFS EACCES EPERM                  the item       the run
 *   all others (ENAMETOOLONG, ENOENT)   the item       the item
 *
 * ENOENT while reading may also mean that a file system was unmounted: call mount_check first.
 */
#ifndef JOBS_RETRY_H
#define JOBS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct stop;

enum retry_side { RETRY_READING, RETRY_WRITING };
enum retry_answer { RETRY_AGAIN, RETRY_FAIL_ITEM, RETRY_STOP_RUN };

/* What to do after attempt number `attempt` (0 is the first) failed with errno `system`, if
 * `retries` more attempts are allowed. */
enum retry_answer retry_decide(int system, enum retry_side side, int attempt, int retries);

/* Seconds to wait after attempt 0, 1, 2, ...: 0.5, 1, 2, 4, 8, 16, 30, 30, ... times a factor from
 * 0.75 to 1.25. `salt`, a hash of the item's name, decides the factor, so that a thousand workers
 * do not come back at once. */
double retry_delay(int attempt, uint64_t salt);

/* The file system of a folder at the start. */
struct mount_mark {
    uint64_t device;
    bool known;
};

/* Notes which file system `folder` is on; mark->known is false if stat fails. */
void mount_note(const char *folder, struct mount_mark *mark);

/* Returns 0 if the folder is there, on the same file system, or was not known; else -1 with
 * ERROR_IO. */
int mount_check(const char *folder, const struct mount_mark *mark, struct error *error);

#endif
