#include "base/atomic_name.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

#define SUFFIX ".maskmill-tmp"

/* Bytes of NAME that are kept: NAME_MAX (255) less the longest ".HOST.PID.COUNTER" and the suffix.
 */
enum { KEPT_NAME = 200 };

size_t atomic_folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return 0;
    return slash == path ? 1 : (size_t)(slash - path);
}

uint32_t atomic_host(void)
{
    struct {
        char name[256];
        uint64_t space;
    } identity;
    struct stat status;
    memset(&identity, 0, sizeof identity);
    gethostname(identity.name, sizeof identity.name - 1);
    if (stat("/proc/self/ns/pid", &status) == 0)
        identity.space = status.st_ino;
    return (uint32_t)(hash_bytes(&identity, sizeof identity) >> 32);
}

char *atomic_temporary_name(const char *path, uint32_t host, pid_t pid, unsigned counter)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char *temporary;
    if (asprintf(&temporary, "%.*s.%.*s.%08x.%ld.%u" SUFFIX, (int)(name - path), path, KEPT_NAME,
                 name, host, (long)pid, counter) < 0)
        return NULL;
    return temporary;
}

bool atomic_is_temporary(const char *name, uint32_t *host, pid_t *pid)
{
    size_t length = strlen(name), suffix = strlen(SUFFIX);
    if (name[0] != '.' || length <= suffix || strcmp(name + length - suffix, SUFFIX) != 0)
        return false;
    /* Back over COUNTER, PID and HOST: three points before the suffix. */
    const char *at = name + length - suffix;
    for (int points = 0; points < 3; points++)
        do
            if (--at <= name)
                return false;
        while (*at != '.');
    unsigned found_host, counter;
    long found_pid;
    int used = 0;
    if (sscanf(at, ".%8x.%ld.%u%n", &found_host, &found_pid, &counter, &used) != 3 ||
        strcmp(at + used, SUFFIX) != 0 || found_pid <= 0 || found_pid > INT_MAX)
        return false;
    *host = found_host;
    *pid = (pid_t)found_pid;
    return true;
}
