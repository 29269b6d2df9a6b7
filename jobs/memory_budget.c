#include "jobs/memory_budget.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"

/* No limit, or an unknown one. */
static const uint64_t UNLIMITED = UINT64_MAX;

/* The number after `key`, a whole word at the start of a line; with "", the file is one number.
 * UNLIMITED if the file, the key or the number is missing, as in "max". */
static uint64_t read_number(const char *path, const char *key)
{
    char line[256];
    uint64_t number = UNLIMITED;
    size_t length = strlen(key);
    FILE *file = fopen(path, "re");
    if (!file)
        return UNLIMITED;
    while (number == UNLIMITED && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, length) != 0 || (length && !strchr(" \t:", line[length])))
            continue;
        const char *at = line + length;
        at += strspn(at, ": \t");
        if (*at >= '0' && *at <= '9')
            number = strtoull(at, NULL, 10);
    }
    fclose(file);
    return number;
}

/* A cgroup hierarchy. */
struct hierarchy {
    const char *controller; /* of v1, as in /proc/self/cgroup; "": v2 */
    const char *mount;
};

static const struct hierarchy UNIFIED = {"", "/sys/fs/cgroup"};
static const struct hierarchy MEMORY_V1 = {"memory", "/sys/fs/cgroup/memory"};
static const struct hierarchy CPU_V1 = {"cpu", "/sys/fs/cgroup/cpu"};

/* Whether a list such as "cpu,cpuacct" contains the word. */
static bool has_word(const char *list, const char *word)
{
    size_t length = strlen(word);
    if (length == 0)
        return list[0] == '\0';
    for (; *list; list += strcspn(list, ","), list += *list == ',')
        if (strcspn(list, ",") == length && strncmp(list, word, length) == 0)
            return true;
    return false;
}

/* Writes the folder of our cgroup to `folder`. False if we are in none. The lines of
 * /proc/self/cgroup are NUMBER:CONTROLLERS:PATH. */
static bool own_group(const char *root, const struct hierarchy *hierarchy, char folder[PATH_MAX])
{
    char line[PATH_MAX];
    bool found = false;
    snprintf(line, sizeof line, "%s/proc/self/cgroup", root);
    FILE *file = fopen(line, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        if (!has_word(controllers + 1, hierarchy->controller))
            continue;
        snprintf(folder, PATH_MAX, "%s%s%s", root, hierarchy->mount, path);
        found = true;
    }
    if (file)
        fclose(file);
    return found;
}

/* Goes up by one group. False above the mount. */
static bool parent_group(const char *root, const struct hierarchy *hierarchy, char folder[PATH_MAX])
{
    size_t least = strlen(root) + strlen(hierarchy->mount);
    if (strlen(folder) <= least)
        return false;
    char *slash = strrchr(folder, '/');
    *slash = '\0';
    return strlen(folder) >= least;
}

static uint64_t group_number(const char *folder, const char *file, const char *key)
{
    char path[PATH_MAX + 64];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return read_number(path, key);
}

/* The names that a version of cgroups has for the same things. */
struct memory_files {
    const char *limit, *usage;
    const char *inactive, *active, *mapped; /* in memory.stat: pages of files */
};

static const struct memory_files UNIFIED_FILES = {"memory.max", "memory.current", "inactive_file",
                                                  "active_file", "file_mapped"};
static const struct memory_files V1_FILES = {"memory.limit_in_bytes", "memory.usage_in_bytes",
                                             "total_inactive_file", "total_active_file",
                                             "total_mapped_file"};

/* Page cache that the kernel drops before memory runs out: the inactive part, and of the active part
 * what no program maps, such as a model that has just been read. */
static uint64_t group_cache(const char *folder, const struct memory_files *files)
{
    uint64_t inactive = group_number(folder, "memory.stat", files->inactive);
    uint64_t active = group_number(folder, "memory.stat", files->active);
    uint64_t mapped = group_number(folder, "memory.stat", files->mapped);
    if (inactive == UNLIMITED)
        return 0;
    if (active == UNLIMITED || mapped == UNLIMITED || active < mapped)
        return inactive;
    return inactive + active - mapped;
}

/* The free memory of one cgroup: limit - (usage - page cache that can be dropped). */
static uint64_t group_memory(const char *folder, const struct memory_files *files)
{
    uint64_t limit = group_number(folder, files->limit, "");
    uint64_t usage = group_number(folder, files->usage, "");
    if (limit == UNLIMITED || usage == UNLIMITED)
        return limit;
    uint64_t cache = group_cache(folder, files);
    usage -= cache < usage ? cache : usage;
    return limit > usage ? limit - usage : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What is left of a limit of this process; `used` is the line of /proc/self/status that counts
 * against it, in kB. */
static uint64_t limit_left(const char *root, __rlimit_resource_t resource, const char *used)
{
    char path[PATH_MAX];
    struct rlimit limit;
    if (getrlimit(resource, &limit) || limit.rlim_cur == RLIM_INFINITY)
        return UNLIMITED;
    snprintf(path, sizeof path, "%s/proc/self/status", root);
    uint64_t kib = read_number(path, used);
    uint64_t bytes = kib == UNLIMITED ? 0 : kib << 10;
    return limit.rlim_cur > bytes ? limit.rlim_cur - bytes : 0;
}

uint64_t budget_memory_free(const char *root)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/proc/meminfo", root);
    uint64_t kilobytes = read_number(folder, "MemAvailable");
    uint64_t free_bytes = kilobytes < UNLIMITED / 1024 ? kilobytes * 1024 : UNLIMITED;
    free_bytes = least(free_bytes, limit_left(root, RLIMIT_AS, "VmSize"));
    free_bytes = least(free_bytes, limit_left(root, RLIMIT_DATA, "VmData"));
    if (own_group(root, &UNIFIED, folder))
        do
            free_bytes = least(free_bytes, group_memory(folder, &UNIFIED_FILES));
        while (parent_group(root, &UNIFIED, folder));
    if (own_group(root, &MEMORY_V1, folder))
        do
            free_bytes = least(free_bytes, group_memory(folder, &V1_FILES));
        while (parent_group(root, &MEMORY_V1, folder));
    return free_bytes;
}

/* quota / period in CPUs, rounded up; INT_MAX without a quota. */
static int cpus_of(uint64_t quota, uint64_t period)
{
    if (quota == UNLIMITED || period == UNLIMITED || period == 0)
        return INT_MAX;
    uint64_t cpus = quota / period + (quota % period != 0);
    return cpus >= INT_MAX ? INT_MAX : cpus < 1 ? 1 : (int)cpus;
}

/* cpu.max is "QUOTA PERIOD" or "max PERIOD". */
static int unified_cpus(const char *folder)
{
    char path[PATH_MAX + 64];
    unsigned long long quota;
    unsigned long long period;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *file = fopen(path, "re");
    int fields = file ? fscanf(file, "%llu %llu", &quota, &period) : 0;
    if (file)
        fclose(file);
    return fields == 2 ? cpus_of(quota, period) : INT_MAX;
}

uint64_t budget_memory_used(const char *root)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/proc/self/status", root);
    uint64_t kib = read_number(path, "VmRSS");
    return kib == UNLIMITED ? 0 : kib << 10;
}

int budget_cpus(const char *root)
{
    char folder[PATH_MAX];
    cpu_set_t set;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (own_group(root, &UNIFIED, folder))
        do
            cpus = (int)least((uint64_t)cpus, (uint64_t)unified_cpus(folder));
        while (parent_group(root, &UNIFIED, folder));
    if (own_group(root, &CPU_V1, folder))
        do {
            int here = cpus_of(group_number(folder, "cpu.cfs_quota_us", ""),
                               group_number(folder, "cpu.cfs_period_us", ""));
            cpus = (int)least((uint64_t)cpus, (uint64_t)here);
        } while (parent_group(root, &CPU_V1, folder));
    return cpus < 1 ? 1 : cpus;
}

int budget_workers(const struct budget *budget, int cpus, int *workers, struct error *error)
{
    const uint64_t mebi = 1 << 20;
    if (budget->all < budget->fixed || budget->all - budget->fixed < budget->per_worker)
        return error_set(error, ERROR_MEMORY,
                         "the model and one worker need %llu MiB, but only %llu MiB may be used: "
                         "increase --memory, or use a smaller model",
                         (unsigned long long)(budget->fixed / mebi + budget->per_worker / mebi + 1),
                         (unsigned long long)(budget->all / mebi));
    uint64_t left = budget->all - budget->fixed;
    left -= left < budget->item ? left : budget->item;
    uint64_t fit = budget->per_worker ? left / budget->per_worker : INT_MAX;
    *workers = fit < 1 ? 1 : fit < (uint64_t)cpus ? (int)fit : cpus;
    return 0;
}
