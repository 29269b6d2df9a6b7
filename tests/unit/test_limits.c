/* What the machine lets us have and what may be tried again: cgroups from made-up trees, sizes,
 * workers that fit, and the table of errnos. */
#include "unit.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "jobs/memory_budget.h"
#include "jobs/memory_room.h"
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
    scratch_write(&scratch, "sys/fs/cgroup/slice/memory.stat",
                  "inactive_file 200000\nactive_file 150000\nfile_mapped 50000\n");
    ck_assert_uint_eq(budget_memory_free(scratch.path), 600000);
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
    struct budget budget = {.all = 1000, .fixed = 100, .per_worker = 300};
    ck_assert_int_eq(budget_workers(&budget, 8, &workers, &error), 0);
    ck_assert_int_eq(workers, 3);
    budget.item = 200; /* comes before the third worker, but not before the first */
    ck_assert_int_eq(budget_workers(&budget, 8, &workers, &error), 0);
    ck_assert_int_eq(workers, 2);
    budget.item = 10000;
    ck_assert_int_eq(budget_workers(&budget, 8, &workers, &error), 0);
    ck_assert_int_eq(workers, 1);
    budget.all = UINT64_MAX;
    ck_assert_int_eq(budget_workers(&budget, 8, &workers, &error), 0);
    ck_assert_int_eq(workers, 8);
    budget.all = 399;
    ck_assert_int_eq(budget_workers(&budget, 8, &workers, &error), -1);
    ck_assert_int_eq(error.code, ERROR_MEMORY);
    budget = (struct budget){.all = 50, .fixed = 100};
    ck_assert_int_eq(budget_workers(&budget, 8, &workers, &error), -1);
}
END_TEST

START_TEST(limits_of_the_process_count)
{
    scratch_write(&scratch, "proc/self/status", "VmSize:\t 1000 kB\nVmData:\t 400 kB\n");
    struct rlimit before, low;
    ck_assert_int_eq(getrlimit(RLIMIT_DATA, &before), 0);
    low = (struct rlimit){(rlim_t)4 << 30, before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &low), 0);
    uint64_t left = budget_memory_free(scratch.path);
    ck_assert_int_eq(setrlimit(RLIMIT_DATA, &before), 0);
    ck_assert_uint_eq(left, ((uint64_t)4 << 30) - 400 * 1024);
}
END_TEST

/* A thread that takes from a room. */
struct taker {
    struct memory_room *room;
    uint64_t bytes;
    bool is_alone;
    atomic_bool has;
};

static void *take(void *argument)
{
    struct taker *taker = argument;
    taker->is_alone = memory_room_take(taker->room, taker->bytes, false);
    atomic_store(&taker->has, true);
    return NULL;
}

/* Whether the taker gets its bytes soon. */
static bool gets(struct taker *taker)
{
    for (int turn = 0; turn < 500 && !atomic_load(&taker->has); turn++)
        usleep(10000);
    return atomic_load(&taker->has);
}

static bool waits(struct taker *taker)
{
    usleep(50000);
    return !atomic_load(&taker->has);
}

START_TEST(memory_is_waited_for_in_turn)
{
    struct error error;
    struct memory_room *room = memory_room_new(100, 250, &error);
    ck_assert_uint_eq(memory_room_most(room), 250);
    ck_assert(!memory_room_take(room, 60, false));
    struct taker large = {.room = room, .bytes = 200}, small = {.room = room, .bytes = 10};
    pthread_t threads[2];
    ck_assert_int_eq(pthread_create(&threads[0], NULL, take, &large), 0);
    ck_assert(waits(&large));
    ck_assert_int_eq(pthread_create(&threads[1], NULL, take, &small), 0);
    ck_assert(waits(&small)); /* there is room, but the other came first */
    memory_room_give(room, 40);
    ck_assert(waits(&large));
    memory_room_give(room, 20);
    ck_assert(gets(&large));
    ck_assert(large.is_alone);
    memory_room_give(room, 150);
    ck_assert(waits(&small)); /* until all has been given back */
    memory_room_give(room, 50);
    ck_assert(gets(&small));
    ck_assert(!small.is_alone);
    memory_room_give(room, 10);
    ck_assert(memory_room_take(room, 1, true));
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    memory_room_free(room);
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
        {ECHILD, RETRY_AGAIN, RETRY_STOP_RUN, RETRY_STOP_RUN},
        {EFBIG, RETRY_STOP_RUN, RETRY_STOP_RUN, RETRY_STOP_RUN},
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
    tcase_add_test(cases, limits_of_the_process_count);
    tcase_add_test(cases, memory_is_waited_for_in_turn);
    tcase_add_test(cases, what_an_errno_leads_to);
    tcase_add_test(cases, delays_grow_and_differ);
    tcase_add_test(cases, a_mount_that_goes_away_is_noticed);
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
