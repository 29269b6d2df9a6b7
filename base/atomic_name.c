#include "base/atomic_name.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/machine.h"

#define SUFFIX ".maskmill-tmp"

/* Bytes of NAME that are kept: NAME_MAX (255) less the leading dot, the longest
 * ".HOST.PID.BIRTH.COUNTER" and the suffix. */
enum { KEPT_NAME = 200 };

uint32_t atomic_writer_host(const struct machine *machine)
{
    struct {
        struct machine machine;
        uint64_t space;
    } identity;
    struct stat status;
    memset(&identity, 0, sizeof identity);
    identity.machine = *machine;
    if (stat("/proc/self/ns/pid", &status) == 0)
        identity.space = status.st_ino;
    return (uint32_t)(hash_bytes(&identity, sizeof identity) >> 32);
}

static uint32_t own_host(void)
{
    struct machine machine;
    machine_self(&machine);
    return atomic_writer_host(&machine);
}

/* Field 22 of /proc/PID/stat is the process's start time since boot. Field 2 is its name in
 * parentheses and may hold any character. 0 if the system does not say. */
static uint32_t birth_of(pid_t pid)
{
    char path[64];
    char text[1024];
    unsigned long long start;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    const char *at = strrchr(text, ')');
    if (!at || sscanf(at + 1,
                      " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                      "%*s %llu",
                      &start) != 1)
        return 0;
    uint32_t birth = (uint32_t)(hash_bytes(&start, sizeof start) >> 32);
    return birth ? birth : 1;
}

struct atomic_writer atomic_writer_self(void)
{
    return (struct atomic_writer){own_host(), getpid(), birth_of(getpid())};
}

bool atomic_writer_is_gone(const struct atomic_writer *writer)
{
    if (writer->host != own_host())
        return false;
    if (kill(writer->pid, 0) && errno == ESRCH)
        return true;
    uint32_t birth = birth_of(writer->pid);
    return birth && writer->birth && birth != writer->birth;
}

bool atomic_writer_equal(const struct atomic_writer *one, const struct atomic_writer *other)
{
    return one->host == other->host && one->pid == other->pid && one->birth == other->birth;
}

void atomic_writer_text(const struct atomic_writer *writer, char text[ATOMIC_WRITER_TEXT])
{
    snprintf(text, ATOMIC_WRITER_TEXT, "%08x.%ld.%08x", writer->host, (long)writer->pid,
             writer->birth);
}

/* Reads a writer at the start of `text`. Returns what follows it, or NULL. */
static const char *parse_writer(const char *text, struct atomic_writer *writer)
{
    unsigned host, birth;
    long pid;
    int used = 0;
    if (sscanf(text, "%8x.%ld.%8x%n", &host, &pid, &birth, &used) != 3 || pid <= 0 || pid > INT_MAX)
        return NULL;
    *writer = (struct atomic_writer){host, (pid_t)pid, birth};
    return text + used;
}

bool atomic_writer_parse(const char *text, struct atomic_writer *writer)
{
    const char *rest = parse_writer(text, writer);
    return rest && *rest == '\0';
}

char *atomic_temporary_name(const char *path, const struct atomic_writer *writer, unsigned counter)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    char text[ATOMIC_WRITER_TEXT];
    char *temporary;
    atomic_writer_text(writer, text);
    if (asprintf(&temporary, "%.*s.%.*s.%s.%u" SUFFIX, (int)(name - path), path, KEPT_NAME, name,
                 text, counter) < 0)
        return NULL;
    return temporary;
}

bool atomic_is_temporary(const char *name, struct atomic_writer *writer)
{
    size_t length = strlen(name), suffix = strlen(SUFFIX);
    if (name[0] != '.' || length <= suffix || strcmp(name + length - suffix, SUFFIX) != 0)
        return false;
    /* Go back over COUNTER, BIRTH, PID and HOST: four dots before the suffix. */
    const char *at = name + length - suffix;
    for (int dots = 0; dots < 4; dots++)
        do
            if (--at <= name)
                return false;
        while (*at != '.');
    unsigned counter;
    int used = 0;
    struct atomic_writer found;
    const char *rest = parse_writer(at + 1, &found);
    if (!rest || sscanf(rest, ".%u%n", &counter, &used) != 1 || strcmp(rest + used, SUFFIX) != 0)
        return false;
    *writer = found;
    return true;
}
