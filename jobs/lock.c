#include "jobs/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/machine.h"
#include "base/memory.h"

enum { TEXT_SIZE = 512 };

struct lock {
    const struct folder *run; /* until the lock is taken */
    const char *name;
    char *path; /* owned: for messages */
    int fd;
    uint64_t beat;
    pthread_t beater;
    pthread_mutex_t mutex; /* guards ending */
    pthread_cond_t changed;
    bool ending;
    bool started;   /* the beater */
    bool by_kernel; /* the file system has locks; else only the beats tell */
    char start_time[32];
};

/* What the file says about its holder. */
struct holder {
    struct machine machine;
    char pid[24];
    char since[32];
    unsigned long long beat;
};

/* Writes the holder's line to the start of the file. Lines of one holder never get shorter. */
static int write_line(struct lock *lock)
{
    struct machine self;
    char text[TEXT_SIZE];
    machine_self(&self);
    int length = snprintf(text, sizeof text, "%s %ld %s %s %llu\n", self.name, (long)getpid(),
                          self.boot, lock->start_time, (unsigned long long)lock->beat++);
    return pwrite(lock->fd, text, (size_t)length, 0) == length ? 0 : -1;
}

/* False if the file names no holder. */
static bool read_holder(int fd, struct holder *holder)
{
    char text[TEXT_SIZE];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length <= 0)
        return false;
    text[length] = '\0';
    return sscanf(text, "%255s %23s %63s %31s %llu", holder->machine.name, holder->pid,
                  holder->machine.boot, holder->since, &holder->beat) == 5;
}

static int held(const struct holder *holder, bool known, const char *path, struct error *error)
{
    if (!known)
        error_set(error, ERROR_STOPPED, "'%s' is held by another process", path);
    else
        error_set(error, ERROR_STOPPED, "'%s' is held by pid %s on host %s since %s", path,
                  holder->pid, holder->machine.name, holder->since);
    return LOCK_HELD;
}

/* Asks the kernel for the lock. Returns 0 or an errno. */
static int kernel_lock(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int status;
    do
        status = fcntl(fd, F_SETLK, &whole);
    while (status < 0 && errno == EINTR);
    return status ? errno : 0;
}

/* Whether an errno says that the file system has no locks: Lustre without flock, NFS without
 * lockd, some FUSE ones. */
static bool has_no_locks(int reason)
{
    return reason == ENOSYS || reason == ENOLCK || reason == EOPNOTSUPP || reason == EINVAL;
}

/* Whether the file still has our line a while after we wrote it. Without locks of the kernel two
 * processes may both have found the file free; the one that wrote last has it. */
static bool is_ours(const struct lock *lock)
{
    struct machine self;
    struct holder holder;
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
    struct error ignored;
    int fd = folder_open_file(lock->run, lock->name, O_RDONLY, &ignored);
    bool known = fd >= 0 && read_holder(fd, &holder);
    if (fd >= 0)
        close(fd);
    machine_self(&self);
    return known && machine_equal(&holder.machine, &self) &&
           strtol(holder.pid, NULL, 10) == getpid() && strcmp(holder.since, lock->start_time) == 0;
}

/* Whether a holder still beats. Opens the file again for each look, since network
 * file systems promise fresh contents only then. Closing the old descriptor drops our own lock, so
 * the lock is taken again. */
static bool still_beats(struct lock *lock, const struct holder *seen, int watch_seconds)
{
    for (int second = 0; second < watch_seconds; second++) {
        struct holder holder;
        struct error ignored;
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        int fd = folder_open_file(lock->run, lock->name, O_RDWR, &ignored);
        if (fd < 0)
            continue;
        bool known = read_holder(fd, &holder);
        close(lock->fd);
        lock->fd = fd;
        if (lock->by_kernel && kernel_lock(fd))
            return true;
        if (!known)
            return false;
        if (holder.beat != seen->beat || strcmp(holder.since, seen->since) != 0)
            return true;
    }
    return false;
}

static void *beat(void *argument)
{
    struct lock *lock = argument;
    pthread_mutex_lock(&lock->mutex);
    while (!lock->ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += LOCK_BEAT;
        if (pthread_cond_timedwait(&lock->changed, &lock->mutex, &until) == ETIMEDOUT)
            (void)write_line(lock); /* if a beat fails, the next one follows */
    }
    pthread_mutex_unlock(&lock->mutex);
    return NULL;
}

/* Whether somebody else holds the lock, as far as the line in the file can tell. */
static bool is_held(struct lock *lock, const struct holder *holder, int watch_seconds)
{
    struct machine self;
    machine_self(&self);
    /* On this machine the kernel's lock has answered already. */
    bool told = lock->by_kernel && machine_equal(&holder->machine, &self);
    return !told && still_beats(lock, holder, watch_seconds);
}

/* Returns LOCK_TAKEN, LOCK_HELD or -1. */
static int take_file(struct lock *lock, int watch_seconds, struct error *error)
{
    struct holder holder;
    const char *path = lock->path;
    lock->fd = folder_open_file(lock->run, lock->name, O_RDWR | O_CREAT, error);
    if (lock->fd < 0)
        return -1;
    int refused = kernel_lock(lock->fd);
    lock->by_kernel = refused == 0;
    bool known = read_holder(lock->fd, &holder);
    if (refused == EACCES || refused == EAGAIN)
        return held(&holder, known, path, error);
    if (refused && !has_no_locks(refused))
        return error_set_system(error, ERROR_IO, refused, "cannot lock '%s'", path);
    if (known && is_held(lock, &holder, watch_seconds))
        return held(&holder, known, path, error);
    if (ftruncate(lock->fd, 0) || write_line(lock))
        return error_set_system(error, ERROR_IO, errno, "cannot write to the lock '%s'", path);
    if (!lock->by_kernel && !is_ours(lock))
        return held(&holder, false, path, error);
    return LOCK_TAKEN;
}

/* A lock that is not taken yet. NULL with ERROR_MEMORY. */
static struct lock *lock_new(const struct folder *run, const char *name, struct error *error)
{
    pthread_condattr_t monotonic;
    time_t now = time(NULL);
    struct tm utc;
    char *path;
    struct lock *lock = memory_new(1, sizeof *lock, "lock", error);
    if (!lock)
        return NULL;
    if (asprintf(&path, "%s%s", run->prefix, name) < 0) {
        error_set(error, ERROR_MEMORY, "%s: no memory for its path", name);
        memory_free(lock);
        return NULL;
    }
    lock->fd = -1;
    lock->run = run;
    lock->name = name;
    lock->path = path;
    pthread_mutex_init(&lock->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&lock->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    gmtime_r(&now, &utc);
    strftime(lock->start_time, sizeof lock->start_time, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return lock;
}

int lock_take(const struct folder *run, const char *name, int watch_seconds, struct lock **result,
              struct error *error)
{
    struct lock *lock = lock_new(run, name, error);
    *result = NULL;
    if (!lock)
        return -1;
    int answer = take_file(lock, watch_seconds, error);
    if (answer == LOCK_TAKEN) {
        int failed = pthread_create(&lock->beater, NULL, beat, lock);
        lock->started = failed == 0;
        if (failed)
            answer = error_set_system(error, ERROR_MEMORY, failed, "cannot start a thread");
    }
    if (answer == LOCK_TAKEN)
        *result = lock;
    else
        lock_release(lock);
    return answer;
}

void lock_release(struct lock *lock)
{
    if (!lock)
        return;
    if (lock->started) {
        pthread_mutex_lock(&lock->mutex);
        lock->ending = true;
        pthread_cond_signal(&lock->changed);
        pthread_mutex_unlock(&lock->mutex);
        pthread_join(lock->beater, NULL);
        /* If this fails, the line is stale, which others can handle. */
        (void)!ftruncate(lock->fd, 0);
    }
    if (lock->fd >= 0)
        close(lock->fd);
    free(lock->path);
    pthread_mutex_destroy(&lock->mutex);
    pthread_cond_destroy(&lock->changed);
    memory_free(lock);
}
