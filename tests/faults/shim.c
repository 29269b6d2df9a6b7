/* shim.c - loaded before libc (LD_PRELOAD): fails chosen calls that touch files below one folder,
 * and writes down what succeeded.
 *
 *   FAULT_FOLDER  the folder, an absolute path
 *   FAULT_CALL    write, fsync, rename, mkdir, open or unlink; what else belongs to each is below
 *   FAULT_AT      the number of the call that fails, from 1; 0: none
 *   FAULT_LAST    the number of the last one that fails (a fault that passes), at least FAULT_AT
 *   FAULT_ERRNO   the error that it gets
 *   FAULT_DELAY   milliseconds that each of these calls takes longer, so that a run does not end
 *                 too soon
 *   FAULT_LOG     a file to which each call below the folder is appended: "call path"
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards calls and the log */
static long calls;

static long number_of(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

static bool is_below(const char *path)
{
    const char *folder = getenv("FAULT_FOLDER");
    size_t length = folder ? strlen(folder) : 0;
    return length > 0 && strncmp(path, folder, length) == 0;
}

static void write_down(const char *call, const char *path)
{
    const char *log = getenv("FAULT_LOG");
    int fd = log ? REAL(open)(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
    char line[PATH_MAX + 32];
    if (fd < 0)
        return;
    int length = snprintf(line, sizeof line, "%s %s\n", call, path);
    if (REAL(write)(fd, line, (size_t)length) != length)
        abort();
    REAL(close)(fd);
}

static void delay(void)
{
    long milliseconds = number_of("FAULT_DELAY", 0);
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* Whether this call is to fail; errno is set then. */
static bool fails(const char *call, const char *path)
{
    const char *name = getenv("FAULT_CALL");
    bool chosen = name && strcmp(name, call) == 0;
    bool failing = false;
    if (!is_below(path))
        return false;
    if (chosen)
        delay();
    pthread_mutex_lock(&mutex);
    if (chosen) {
        long at = number_of("FAULT_AT", 0);
        calls++;
        failing = at > 0 && calls >= at && calls <= number_of("FAULT_LAST", at);
    }
    if (!failing)
        write_down(call, path);
    pthread_mutex_unlock(&mutex);
    if (failing)
        errno = (int)number_of("FAULT_ERRNO", EIO);
    return failing;
}

static bool descriptor_fails(const char *call, int fd)
{
    char link[64];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return fails(call, path);
}

/* A relative path is taken as it is: the tests use absolute ones. */
static bool path_fails(const char *call, const char *path)
{
    return fails(call, path);
}

/* The C library's own declarations have reserved names for these parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
ssize_t write(int fd, const void *bytes, size_t size)
{
    return descriptor_fails("write", fd) ? -1 : REAL(write)(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return descriptor_fails("write", fd) ? -1 : REAL(pwrite)(fd, bytes, size, at);
}

int ftruncate(int fd, off_t size)
{
    return descriptor_fails("write", fd) ? -1 : REAL(ftruncate)(fd, size);
}

int fsync(int fd)
{
    return descriptor_fails("fsync", fd) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    return descriptor_fails("fsync", fd) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
    return path_fails("rename", to) ? -1 : REAL(rename)(from, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return path_fails("rename", to) ? -1 : REAL(renameat2)(from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to)
{
    return path_fails("rename", to) ? -1 : REAL(link)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return path_fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode);
}

int unlink(const char *path)
{
    return path_fails("unlink", path) ? -1 : REAL(unlink)(path);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if ((flags & (O_WRONLY | O_RDWR)) && path_fails("open", path))
        return -1;
    return REAL(open)(path, flags, mode);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
