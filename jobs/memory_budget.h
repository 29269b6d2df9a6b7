/* memory_budget.h - the memory and the CPUs that this machine or our cgroup allows us. */
#ifndef JOBS_MEMORY_BUDGET_H
#define JOBS_MEMORY_BUDGET_H

#include <stdint.h>

struct error;

/* Free memory in bytes: the least of MemAvailable in /proc/meminfo and, for every cgroup (v2, or
 * the v1 memory controller) from ours up to the root, its limit less its usage without page cache
 * that can be dropped; and what is left of RLIMIT_AS and RLIMIT_DATA. UINT64_MAX if nothing can be read. `root` is a prefix of "/proc" and "/sys"
 * for tests, else "". */
uint64_t budget_memory_free(const char *root);

/* Resident memory of this process in bytes (VmRSS); 0 if it cannot be read. */
uint64_t budget_memory_used(const char *root);

/* The CPUs that we may use, at least 1: the lesser of sched_getaffinity and the quota of the
 * cgroup, rounded up (cpu.max in v2, cpu.cfs_quota_us in v1). */
int budget_cpus(const char *root);

/* What the memory of a run is for, in bytes. */
struct budget {
    uint64_t all;
    uint64_t fixed; /* what is there once, such as the model */
    uint64_t per_worker;
    uint64_t item; /* what an item of ordinary size takes beside these */
};

/* How many workers to run: one a CPU, or as many as fit beside an item of ordinary size. One is run
 * even if that item does not fit. Returns 0, or -1 with ERROR_MEMORY if not even one worker fits. */
int budget_workers(const struct budget *budget, int cpus, int *workers, struct error *error);

#endif
