#include "jobs/memory_budget.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* The free memory of one cgroup: limit - (usage - page cache that can be dropped). */
static uint64_t group_memory(const char *folder, const char *limit_file, const char *usage_file,
                             const char *cache_key)
{
    uint64_t limit = group_number(folder, limit_file, "");
    uint64_t usage = group_number(folder, usage_file, "");
    uint64_t cache = group_number(folder, "memory.stat", cache_key);
    if (limit == UNLIMITED || usage == UNLIMITED)
        return limit;
    if (cache != UNLIMITED)
        usage -= cache < usage ? cache : usage;
    return limit > usage ? limit - usage : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t budget_memory_free(const char *root)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/proc/meminfo", root);
    uint64_t kilobytes = read_number(folder, "MemAvailable");
    uint64_t free_bytes = kilobytes < UNLIMITED / 1024 ? kilobytes * 1024 : UNLIMITED;
    if (own_group(root, &UNIFIED, folder))
        do
            free_bytes = least(
                free_bytes, group_memory(folder, "memory.max", "memory.current", "inactive_file"));
        while (parent_group(root, &UNIFIED, folder));
    if (own_group(root, &MEMORY_V1, folder))
        do
            free_bytes =
                least(free_bytes, group_memory(folder, "memory.limit_in_bytes",
                                               "memory.usage_in_bytes", "total_inactive_file"));
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

int budget_workers(uint64_t budget, uint64_t fixed, uint64_t per_worker, int cpus, int *workers,
                   struct error *error)
{
    const uint64_t mebi = 1 << 20;
    if (budget < fixed || budget - fixed < per_worker)
        return error_set(error, ERROR_MEMORY,
                         "the model and one worker need %llu MiB, but only %llu MiB may be used: "
                         "increase --memory, or use a smaller model",
                         (unsigned long long)(fixed / mebi + per_worker / mebi + 1),
                         (unsigned long long)(budget / mebi));
    uint64_t fit = per_worker ? (budget - fixed) / per_worker : INT_MAX;
    *workers = fit < (uint64_t)cpus ? (int)fit : cpus;
    return 0;
}
