/* What the machine lets us have and what may be tried again: cgroups from made-up trees, sizes,
 * workers that fit, and the table of errnos. */
#include "unit.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>

#include "base/error.h"
#include "jobs/memory_budget.h"
#include "jobs/retry.h"
#include "scratch.h"

static struct scratch scratch;

static void set_up(void)
{
    scratch = scratch_new();
}

static void tear_down(void)
{
    scratch_free(&scratch);
}

START_TEST(memory_of_a_machine_without_cgroups)
{
    ck_assert_uint_eq(budget_memory_free(scratch.path), UINT64_MAX);
    scratch_write(&scratch, "proc/meminfo",
                  "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:    8000000 kB\n");
    ck_assert_uint_eq(budget_memory_free(scratch.path), UINT64_C(8000000) * 1024);
    ck_assert_uint_gt(budget_memory_free(""), 0);
}
END_TEST

START_TEST(memory_of_cgroup_v2_with_a_limit_above_ours)
{
    scratch_write(&scratch, "proc/meminfo", "MemAvailable: 8000000 kB\n");
    scratch_write(&scratch, "proc/self/cgroup", "0::/slice/job\n");
    scratch_write(&scratch, "sys/fs/cgroup/slice/job/memory.max", "max\n");
    scratch_write(&scratch, "sys/fs/cgroup/slice/job/memory.current", "5\n");
    scratch_write(&scratch, "sys/fs/cgroup/slice/memory.max", "1000000\n");
    scratch_write(&scratch, "sys/fs/cgroup/slice/memory.current", "700000\n");
    ck_assert_uint_eq(budget_memory_free(scratch.path), 300000);
    scratch_write(&scratch, "sys/fs/cgroup/slice/memory.stat",
                  "anon 1\ninactive_file_x 5\ninactive_file 200000\n");
    ck_assert_uint_eq(budget_memory_free(scratch.path), 500000);
    scratch_write(&scratch, "sys/fs/cgroup/slice/memory.current", "2000000\n");
    ck_assert_uint_eq(budget_memory_free(scratch.path), 0);
}
END_TEST

START_TEST(memory_and_cpus_of_cgroup_v1)
{
    scratch_write(&scratch, "proc/meminfo", "MemAvailable: 8000000 kB\n");
    scratch_write(&scratch, "proc/self/cgroup",
                  "9:name=systemd:/x\n4:cpu,cpuacct:/job\n3:memory:/job\n");
    scratch_write(&scratch, "sys/fs/cgroup/memory/job/memory.limit_in_bytes", "5000\n");
    scratch_write(&scratch, "sys/fs/cgroup/memory/job/memory.usage_in_bytes", "4000\n");
    scratch_write(&scratch, "sys/fs/cgroup/memory/job/memory.stat", "total_inactive_file 500\n");
    ck_assert_uint_eq(budget_memory_free(scratch.path), 1500);
    int all = budget_cpus("/nowhere");
    scratch_write(&scratch, "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
    scratch_write(&scratch, "sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
    ck_assert_int_eq(budget_cpus(scratch.path), all);
    scratch_write(&scratch, "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "50000\n");
    ck_assert_int_eq(budget_cpus(scratch.path), 1);
}
END_TEST

START_TEST(cpus_of_cgroup_v2)
{
    cpu_set_t set;
    ck_assert_int_eq(sched_getaffinity(0, sizeof set, &set), 0);
    scratch_write(&scratch, "proc/self/cgroup", "0::/\n");
    scratch_write(&scratch, "sys/fs/cgroup/cpu.max", "max 100000\n");
    ck_assert_int_eq(budget_cpus(scratch.path), CPU_COUNT(&set));
    scratch_write(&scratch, "sys/fs/cgroup/cpu.max", "1000 100000\n");
    ck_assert_int_eq(budget_cpus(scratch.path), 1);
    scratch_write(&scratch, "sys/fs/cgroup/cpu.max", "10000000 100000\n");
    ck_assert_int_eq(budget_cpus(scratch.path), CPU_COUNT(&set));
}
END_TEST

START_TEST(workers_that_fit)
{
    struct error error = {0};
    int workers;
    ck_assert_int_eq(budget_workers(1000, 100, 300, 8, &workers, &error), 0);
    ck_assert_int_eq(workers, 3);
    ck_assert_int_eq(budget_workers(UINT64_MAX, 100, 300, 8, &workers, &error), 0);
    ck_assert_int_eq(workers, 8);
    ck_assert_int_eq(budget_workers(399, 100, 300, 8, &workers, &error), -1);
    ck_assert_int_eq(error.code, ERROR_MEMORY);
    ck_assert_int_eq(budget_workers(50, 100, 0, 8, &workers, &error), -1);
}
END_TEST

START_TEST(what_an_errno_leads_to)
{
    const struct {
        int system;
        enum retry_answer first, reading, writing; /* attempt 0 of 2; given up */
    } known[] = {
        {EIO, RETRY_AGAIN, RETRY_FAIL_ITEM, RETRY_STOP_RUN},
        {ENOSPC, RETRY_AGAIN, RETRY_STOP_RUN, RETRY_STOP_RUN},
        {EDQUOT, RETRY_AGAIN, RETRY_STOP_RUN, RETRY_STOP_RUN},
        {ESTALE, RETRY_AGAIN, RETRY_STOP_RUN, RETRY_STOP_RUN},
        {EROFS, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM, RETRY_STOP_RUN},
        {EACCES, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM, RETRY_STOP_RUN},
        {ENOENT, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM},
        {ENAMETOOLONG, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM},
        {12345, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM, RETRY_FAIL_ITEM},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        ck_assert_int_eq(retry_decide(known[i].system, RETRY_READING, 0, 2), known[i].first);
        ck_assert_int_eq(retry_decide(known[i].system, RETRY_READING, 2, 2), known[i].reading);
        ck_assert_int_eq(retry_decide(known[i].system, RETRY_WRITING, 2, 2), known[i].writing);
    }
}
END_TEST

START_TEST(delays_grow_and_differ)
{
    for (int attempt = 0; attempt < 10; attempt++)
        for (uint64_t salt = 0; salt < 5000; salt += 7) {
            double middle = attempt < 6 ? 0.5 * (1 << attempt) : 30;
            double delay = retry_delay(attempt, salt);
            ck_assert(delay >= 0.75 * middle && delay <= 1.25 * middle);
        }
    ck_assert(retry_delay(3, 1) != retry_delay(3, 2));
}
END_TEST

START_TEST(a_mount_that_goes_away_is_noticed)
{
    struct error error = {0};
    struct mount_mark mark;
    mount_note(scratch.path, &mark);
    ck_assert(mark.known);
    ck_assert_int_eq(mount_check(scratch.path, &mark, &error), 0);
    ck_assert_int_eq(mount_check("/nowhere", &mark, &error), -1);
    ck_assert_int_eq(error.code, ERROR_IO);
    mark.device++;
    ck_assert_int_eq(mount_check(scratch.path, &mark, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "unmounted"));
    mount_note("/nowhere", &mark);
    ck_assert(!mark.known);
    ck_assert_int_eq(mount_check("/nowhere", &mark, &error), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("limits");
    TCase *cases = tcase_create("limits");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, memory_of_a_machine_without_cgroups);
    tcase_add_test(cases, memory_of_cgroup_v2_with_a_limit_above_ours);
    tcase_add_test(cases, memory_and_cpus_of_cgroup_v1);
    tcase_add_test(cases, cpus_of_cgroup_v2);
    tcase_add_test(cases, workers_that_fit);
    tcase_add_test(cases, what_an_errno_leads_to);
    tcase_add_test(cases, delays_grow_and_differ);
    tcase_add_test(cases, a_mount_that_goes_away_is_noticed);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
