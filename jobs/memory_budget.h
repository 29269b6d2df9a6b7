/* memory_budget.h - what this machine, or the cgroup that we are in, lets us have. */
#ifndef JOBS_MEMORY_BUDGET_H
#define JOBS_MEMORY_BUDGET_H

#include <stdint.h>

struct error;

/* Bytes that may still be taken: MemAvailable of /proc/meminfo, and for every cgroup (v2, or v1
 * memory controller) from ours up to the root its limit less what it holds beyond page cache that
 * can be dropped. The least of them; UINT64_MAX where nothing can be read. `root` is put before
 * "/proc" and "/sys" ("" but in tests). */
uint64_t budget_memory_free(const char *root);

/* Bytes of memory that this process holds (resident, VmRSS); 0 where it cannot be read. */
uint64_t budget_memory_used(const char *root);

/* CPUs for us: sched_getaffinity, and the quota of cgroup cpu.max (v2) or cpu.cfs_quota_us (v1),
 * rounded up; at least 1. */
int budget_cpus(const char *root);

/* Workers that fit: as many as there are CPUs, fewer where `fixed` (the model's bytes) and
 * `per_worker` bytes each are more than the budget, at least 1.
 * Returns 0, or -1 with ERROR_MEMORY where not even one fits, saying how much is missing. */
int budget_workers(uint64_t budget, uint64_t fixed, uint64_t per_worker, int cpus, int *workers,
                   struct error *error);

#endif
