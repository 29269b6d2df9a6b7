/* retry.h - after an errno: try again, give up this image, or stop the run.
 *
 * given up                            while reading   while writing
 * tried again
 *   EINTR EAGAIN EIO ETIMEDOUT EBUSY    the image       the run
 *   ENOSPC EDQUOT                       the run         the run
 *   ENFILE EMFILE ENOMEM                the run         the run
 *   a mount in trouble: ESTALE ENOTCONN ENODEV ENXIO EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH
 *   ECONNRESET                          the run         the run
 * not tried again
 *   EROFS EACCES EPERM                  the image       the run
 *   all others (ENAMETOOLONG, ENOENT)   the image       the image
 *
 * ENOENT while reading also means a file system that was unmounted: ask mount_check first.
 */
#ifndef JOBS_RETRY_H
#define JOBS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct stop;

enum retry_side { RETRY_READING, RETRY_WRITING };
enum retry_answer { RETRY_AGAIN, RETRY_FAIL_IMAGE, RETRY_STOP_RUN };

/* `system` is the errno of attempt number `attempt` (0 for the first), `retries` the number of
 * further attempts allowed. */
enum retry_answer retry_decide(int system, enum retry_side side, int attempt, int retries);

/* Seconds to wait after attempt 0, 1, 2, ...: 0.5, 1, 2, 4, 8, 16, 30, 30, ... times 0.75 to 1.25,
 * which `salt` (a hash of the image) decides, so that a thousand workers do not come back at once.
 */
double retry_delay(int attempt, uint64_t salt);

/* A folder as it was at the start. */
struct mount_mark {
    uint64_t device;
    bool known;
};

/* Notes which file system `folder` is on. A folder that cannot be looked at gives known = false. */
void mount_note(const char *folder, struct mount_mark *mark);

/* 0 while the folder is there and on the same file system, else -1 with ERROR_IO saying which. */
int mount_check(const char *folder, const struct mount_mark *mark, struct error *error);

#endif
