#include "base/folder_lookup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"

/* Opens one component. A link gives ELOOP, also where the kernel says ENOTDIR. */
static int open_step(int folder, const char *name, int flags, mode_t mode)
{
    struct stat status;
    int fd;
    do
        fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    if (fd < 0 && errno == ENOTDIR)
        errno = fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode)
                    ? ELOOP
                    : ENOTDIR;
    return fd;
}

/* Replaces *at, a descriptor that is closed unless it is `first`. Keeps errno. */
static void replace(int *at, int first, int next)
{
    int reason = errno;
    if (*at != first)
        close(*at);
    *at = next;
    errno = reason;
}

int folder_lookup_steps(int folder, const char *name, int flags, mode_t mode)
{
    char part[NAME_MAX + 1];
    int at = folder;
    if (name[0] == '/' || path_has_parent(name)) {
        errno = EXDEV;
        return -1;
    }
    for (const char *slash; (slash = strchr(name, '/')) && slash[strspn(slash, "/")];) {
        size_t length = (size_t)(slash - name);
        if (length > NAME_MAX) {
            errno = ENAMETOOLONG;
            replace(&at, folder, -1);
            return -1;
        }
        memcpy(part, name, length);
        part[length] = '\0';
        replace(&at, folder, open_step(at, length ? part : ".", O_PATH | O_DIRECTORY, 0));
        if (at < 0)
            return -1;
        name = slash + strspn(slash, "/");
    }
    int fd = open_step(at, name, flags, mode);
    replace(&at, folder, -1);
    return fd;
}

int folder_lookup(int folder, const char *name, int flags, mode_t mode)
{
    bool makes = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE; /* else mode must be 0 */
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                           .mode = makes ? mode : 0,
                           .resolve =
                               RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    long fd;
    do
        fd = syscall(SYS_openat2, folder, name, &how, sizeof how);
    while (fd < 0 && errno == EINTR);
    /* EPERM: sandboxes of old refuse what they do not know. EAGAIN: a rename came in between. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
        return folder_lookup_steps(folder, name, flags, mode);
    return (int)fd;
}
