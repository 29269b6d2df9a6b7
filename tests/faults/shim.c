/* shim.c - loaded before libc (LD_PRELOAD): fails chosen calls that touch files below one folder,
 * and writes down what succeeded.
 *
 *   FAULT_FOLDER  the folder, an absolute path
 *   FAULT_CALL    read, write, fsync, rename, mkdir, open or unlink; what else belongs to each is
 *                 below. Each process has its own count; reads stand in the log only where they
 *                 are the chosen call. Or fork or spawn (posix_spawn), wherever they are called from:
 *                 a forked child goes on counting where its parent was
 *   FAULT_AT      the number of the call that fails, from 1; 0: none
 *   FAULT_LAST    the number of the last one that fails (a fault that passes), at least FAULT_AT
 *   FAULT_ERRNO   the error that it gets
 *   FAULT_BYTES   instead: every aligned_alloc of exactly so many bytes fails
 *   FAULT_DELAY   milliseconds that each of these calls takes longer, so that a run does not end
 *                 too soon
 *   FAULT_LOG     a file to which each call below the folder is appended: "call path"
 *   FAULT_TRACE   a file to which each call that succeeded is appended with all that is needed to
 * do it again, in order, fields ended by tabs (power.py reads it): create PATH, write PATH OFFSET
 * HEX, truncate PATH SIZE, sync PATH, rename FROM TO, link FROM TO, mkdir PATH, unlink PATH
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

static bool is_chosen(const char *call)
{
    const char *name = getenv("FAULT_CALL");
    return name && strcmp(name, call) == 0;
}

/* Whether this call is to fail; errno is set then. */
static bool fails(const char *call, const char *path)
{
    bool chosen = is_chosen(call);
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

void *aligned_alloc(size_t alignment, size_t size)
{
    if (number_of("FAULT_BYTES", -1) != (long)size)
        return REAL(aligned_alloc)(alignment, size);
    errno = ENOMEM;
    return NULL;
}

/* Whether this start of a process is to fail. */
static bool process_fails(const char *call)
{
    if (!is_chosen(call))
        return false;
    long at = number_of("FAULT_AT", 0);
    pthread_mutex_lock(&mutex);
    calls++;
    bool failing = at > 0 && calls >= at && calls <= number_of("FAULT_LAST", at);
    write_down(call, failing ? "fails" : "succeeds");
    pthread_mutex_unlock(&mutex);
    return failing;
}

/* Whether a descriptor is an image's in a process that may not ask for paths (images/cage.h), nor for
 * what a file is. Sockets have no position there, and what lies in /proc has no end. */
static bool is_caged_image(int fd)
{
    if (errno != EPERM)
        return false;
    off_t at = lseek(fd, 0, SEEK_CUR);
    off_t end = at < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (at >= 0)
        lseek(fd, at, SEEK_SET);
    return end > 0;
}

/* The path of an open file; false where it has none. */
static bool descriptor_path(int fd, char path[PATH_MAX])
{
    char link[64];
    const char *folder = getenv("FAULT_FOLDER");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0 && folder && is_caged_image(fd))
        length = snprintf(path, PATH_MAX, "%s/an image", folder);
    path[length < 0 ? 0 : length] = '\0';
    return length > 0;
}

static bool descriptor_fails(const char *call, int fd)
{
    char path[PATH_MAX];
    return descriptor_path(fd, path) && fails(call, path);
}

/* The path of a name in an open folder. One that is relative to the working folder is taken as it
 * is: the tests use absolute ones. */
static void whole_path(int folder, const char *name, char path[PATH_MAX])
{
    char top[PATH_MAX];
    if (name[0] == '/' || folder == AT_FDCWD || !descriptor_path(folder, top))
        snprintf(path, PATH_MAX, "%s", name);
    else if (snprintf(path, PATH_MAX, "%s/%s", top, name) >= PATH_MAX)
        path[0] = '\0';
}

/* The trace: calls are made one at a time, so that their order is that of the lines. */
static pthread_mutex_t tracing = PTHREAD_MUTEX_INITIALIZER;

/* Begins a call whose line may follow; false where none is wanted. */
static bool trace_begin(void)
{
    if (!getenv("FAULT_TRACE"))
        return false;
    pthread_mutex_lock(&tracing);
    return true;
}

static void trace_end(bool traced)
{
    int reason = errno;
    if (traced)
        pthread_mutex_unlock(&tracing);
    errno = reason;
}

/* Appends a line: "call\tpath\targument", and `size` bytes in hexadecimal. */
static void trace_line(const char *call, const char *path, const char *argument, const void *bytes,
                       size_t size)
{
    int reason = errno;
    int fd = REAL(open)(getenv("FAULT_TRACE"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    FILE *file = fd >= 0 && is_below(path) ? fdopen(fd, "a") : NULL;
    if (file) {
        fprintf(file, "%s\t%s\t%s\t", call, path, argument);
        for (size_t i = 0; i < size; i++)
            fprintf(file, "%02x", ((const unsigned char *)bytes)[i]);
        fputc('\n', file);
        fclose(file);
    } else if (fd >= 0) {
        REAL(close)(fd);
    }
    errno = reason;
}

/* The line of a call on an open file, with a number. */
static void trace_descriptor(const char *call, int fd, off_t number, const void *bytes, size_t size)
{
    char path[PATH_MAX];
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)number);
    if (descriptor_path(fd, path))
        trace_line(call, path, text, bytes, size);
}

/* The result of a call on two paths or one, `other` being "". */
static int trace_result(bool traced, int result, const char *call, const char *path,
                        const char *other)
{
    if (traced && result == 0)
        trace_line(call, path, other, NULL, 0);
    trace_end(traced);
    return result;
}

/* The C library's own declarations have reserved names for these parameters.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
ssize_t read(int fd, void *bytes, size_t size)
{
    return is_chosen("read") && descriptor_fails("read", fd) ? -1 : REAL(read)(fd, bytes, size);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at)
{
    return is_chosen("read") && descriptor_fails("read", fd) ? -1
                                                             : REAL(pread)(fd, bytes, size, at);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (descriptor_fails("write", fd))
        return -1;
    bool traced = trace_begin();
    ssize_t written = REAL(write)(fd, bytes, size);
    if (traced && written > 0)
        trace_descriptor("write", fd, lseek(fd, 0, SEEK_CUR) - written, bytes, (size_t)written);
    trace_end(traced);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    if (descriptor_fails("write", fd))
        return -1;
    bool traced = trace_begin();
    ssize_t written = REAL(pwrite)(fd, bytes, size, at);
    if (traced && written > 0)
        trace_descriptor("write", fd, at, bytes, (size_t)written);
    trace_end(traced);
    return written;
}

int ftruncate(int fd, off_t size)
{
    if (descriptor_fails("write", fd))
        return -1;
    bool traced = trace_begin();
    int result = REAL(ftruncate)(fd, size);
    if (traced && result == 0)
        trace_descriptor("truncate", fd, size, NULL, 0);
    trace_end(traced);
    return result;
}

/* fsync or fdatasync. */
static int sync_file(int fd, int (*call)(int))
{
    if (descriptor_fails("fsync", fd))
        return -1;
    bool traced = trace_begin();
    int result = call(fd);
    if (traced && result == 0)
        trace_descriptor("sync", fd, 0, NULL, 0);
    trace_end(traced);
    return result;
}

int fsync(int fd)
{
    return sync_file(fd, REAL(fsync));
}

int fdatasync(int fd)
{
    return sync_file(fd, REAL(fdatasync));
}

int rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    return renameat2(from_folder, from, to_folder, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    char old[PATH_MAX], new[PATH_MAX];
    whole_path(from_folder, from, old);
    whole_path(to_folder, to, new);
    if (fails("rename", new))
        return -1;
    bool traced = trace_begin();
    return trace_result(traced, REAL(renameat2)(from_folder, from, to_folder, to, flags), "rename",
                        old, new);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    char old[PATH_MAX], new[PATH_MAX];
    whole_path(from_folder, from, old);
    whole_path(to_folder, to, new);
    if (fails("rename", new))
        return -1;
    bool traced = trace_begin();
    return trace_result(traced, REAL(linkat)(from_folder, from, to_folder, to, flags), "link", old,
                        new);
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int mkdirat(int folder, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    whole_path(folder, name, path);
    if (fails("mkdir", path))
        return -1;
    bool traced = trace_begin();
    return trace_result(traced, REAL(mkdirat)(folder, name, mode), "mkdir", path, "");
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int unlinkat(int folder, const char *name, int flags)
{
    char path[PATH_MAX];
    whole_path(folder, name, path);
    if (fails("unlink", path))
        return -1;
    bool traced = trace_begin();
    return trace_result(traced, REAL(unlinkat)(folder, name, flags), "unlink", path, "");
}

pid_t fork(void)
{
    if (!process_fails("fork"))
        return REAL(fork)();
    errno = (int)number_of("FAULT_ERRNO", EAGAIN);
    return -1;
}

int posix_spawn(pid_t *process, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const arguments[],
                char *const environment[])
{
    if (process_fails("spawn"))
        return (int)number_of("FAULT_ERRNO", EAGAIN);
    return REAL(posix_spawn)(process, path, actions, attributes, arguments, environment);
}

/* What open, openat and openat2 have in common. `how` is NULL but for openat2. */
static int open_file(int folder, const char *name, int flags, mode_t mode,
                     const struct open_how *how)
{
    char path[PATH_MAX];
    bool writes = flags & (O_WRONLY | O_RDWR);
    whole_path(folder, name, path);
    if (writes && fails("open", path))
        return -1;
    bool traced = writes && trace_begin();
    bool is_new = traced && (flags & O_CREAT) && access(path, F_OK);
    int fd = how ? (int)REAL(syscall)(SYS_openat2, folder, name, how, sizeof *how)
                 : REAL(openat)(folder, name, flags, mode);
    if (traced && fd >= 0 && is_new)
        trace_line("create", path, "", NULL, 0);
    else if (traced && fd >= 0 && (flags & O_TRUNC))
        trace_line("truncate", path, "0", NULL, 0);
    trace_end(traced);
    return fd;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_file(AT_FDCWD, path, flags, mode, NULL);
}

int openat(int folder, const char *name, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_file(folder, name, flags, mode, NULL);
}

/* The C library has no function for openat2. */
long syscall(long number, ...)
{
    va_list arguments;
    long words[6];
    va_start(arguments, number);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        words[i] = va_arg(arguments, long);
    va_end(arguments);
    if (number != SYS_openat2)
        return REAL(syscall)(number, words[0], words[1], words[2], words[3], words[4], words[5]);
    const struct open_how *how = (const struct open_how *)words[2];
    return open_file((int)words[0], (const char *)words[1], (int)how->flags, (mode_t)how->mode,
                     how);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
