/* A process in the cage tries what an attacker would: each attempt ends it, or is refused. What
 * decoders need still works. */
#include "scratch.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "images/cage.h"

/* What the attempts are about; set before the fork. */
struct prey {
    struct scratch scratch;
    char *file, *fresh; /* a file of "secret", and one that is not there */
    int descriptor;     /* of the file, for reading */
    int memory;         /* a memfd of a page */
    char *page;         /* its mapping */
    pid_t parent;
    volatile int word; /* in the parent's memory */
};
static struct prey prey;

/* How a forked process ended that entered the cage and called `attempt`: the status of waitpid. It
 * exits with the attempt's answer, or 99 without a cage. */
static int run_caged(int (*attempt)(void))
{
    pid_t child = fork();
    if (child == 0) {
        struct error error;
        _exit(cage_enter(&error) ? 99 : attempt());
    }
    int status = 0;
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

/* Exit status of an attempt. */
enum { REFUSED = 0, DONE = 1, OTHERWISE = 2 };

static int answer_of(long result)
{
    if (result >= 0)
        return DONE;
    return errno == EPERM || errno == EACCES ? REFUSED : OTHERWISE;
}

static int open_file(void)
{
    return answer_of(syscall(SYS_openat, AT_FDCWD, prey.file, O_RDONLY));
}

static int open_by_libc(void)
{
    return fopen(prey.file, "r") ? DONE : REFUSED;
}

static int open_fresh(void)
{
    return answer_of(open(prey.fresh, O_WRONLY | O_CREAT, 0600));
}

static int open_folder(void)
{
    return answer_of(open("/", O_RDONLY | O_DIRECTORY));
}

static int open_through_proc(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", prey.memory);
    return answer_of(open(path, O_RDWR));
}

static int open_parents_memory(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)prey.parent);
    return answer_of(open(path, O_RDWR));
}

static int open_by_new_call(void)
{
    const uint64_t how[3] = {O_RDONLY, 0, 0};
    return answer_of(syscall(437 /* openat2 */, AT_FDCWD, prey.file, how, sizeof how));
}

static int look_at_file(void)
{
    struct stat status;
    return answer_of(stat(prey.file, &status));
}

static int read_link(void)
{
    char name[64];
    return answer_of(readlink("/proc/self/exe", name, sizeof name));
}

static int remove_file(void)
{
    return answer_of(unlink(prey.file));
}

static int rename_file(void)
{
    return answer_of(rename(prey.file, prey.fresh));
}

static int link_file(void)
{
    return answer_of(link(prey.file, prey.fresh));
}

static int link_by_name(void)
{
    return answer_of(symlink(prey.file, prey.fresh));
}

static int make_folder(void)
{
    return answer_of(mkdir(prey.fresh, 0700));
}

static int make_pipe_file(void)
{
    return answer_of(mkfifo(prey.fresh, 0600));
}

static int change_mode(void)
{
    return answer_of(chmod(prey.file, 0777));
}

static int change_mode_of_descriptor(void)
{
    return answer_of(fchmod(prey.descriptor, 0777));
}

static int change_owner(void)
{
    return answer_of(fchown(prey.descriptor, 12345, 12345));
}

static int cut_file(void)
{
    return answer_of(truncate(prey.file, 0));
}

static int grow_memory_file(void)
{
    return answer_of(ftruncate(prey.memory, 1 << 30));
}

static int write_behind_memory_file(void)
{
    signal(SIGXFSZ, SIG_IGN);
    ssize_t written = lseek(prey.memory, 0, SEEK_END) < 0 ? 1 : write(prey.memory, "x", 1);
    return written < 0 && errno == EFBIG ? REFUSED : DONE;
}

static int seal_memory_file(void)
{
    return answer_of(fcntl(prey.memory, F_ADD_SEALS, F_SEAL_GROW));
}

static int make_memory_file(void)
{
    return answer_of(memfd_create("code", 0));
}

static int change_folder(void)
{
    return answer_of(chdir("/"));
}

static int execute(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    return answer_of(execv("/bin/true", arguments));
}

static int execute_descriptor(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    return answer_of(fexecve(prey.descriptor, arguments, arguments + 1));
}

static int make_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return answer_of(child);
}

static int make_process_by_new_call(void)
{
    const uint64_t flags[8] = {0, 0, 0, 0, SIGCHLD};
    long child = syscall(435 /* clone3 */, flags, sizeof flags);
    if (child == 0)
        _exit(0);
    return child < 0 && errno == ENOSYS ? REFUSED : DONE;
}

static int spawn(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    pid_t child;
    return posix_spawn(&child, "/bin/true", NULL, NULL, arguments, arguments + 1) ? REFUSED : DONE;
}

static int leave_namespace(void)
{
    return answer_of(unshare(CLONE_NEWUSER));
}

static int clone_into_namespace(void)
{
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        _exit(0);
    return answer_of(child);
}

static int trace_parent(void)
{
    return answer_of(ptrace(PTRACE_ATTACH, prey.parent, NULL, NULL));
}

static int write_to_parent(void)
{
    int word = 13;
    const struct iovec from = {&word, sizeof word};
    const struct iovec to = {(void *)&prey.word, sizeof word};
    return answer_of(process_vm_writev(prey.parent, &from, 1, &to, 1, 0));
}

static int read_from_parent(void)
{
    int word = 13;
    const struct iovec to = {&word, sizeof word};
    const struct iovec from = {(void *)&prey.word, sizeof word};
    return answer_of(process_vm_readv(prey.parent, &to, 1, &from, 1, 0));
}

static int signal_parent(void)
{
    return answer_of(kill(prey.parent, SIGTERM));
}

static int signal_thread_of_parent(void)
{
    return answer_of(syscall(SYS_tgkill, prey.parent, prey.parent, SIGTERM));
}

static int hold_parent(void)
{
    return answer_of(syscall(434 /* pidfd_open */, prey.parent, 0));
}

static int limit_parent(void)
{
    const struct rlimit none = {0, 0};
    return answer_of(prlimit(prey.parent, RLIMIT_DATA, &none, NULL));
}

static int raise_limit(void)
{
    const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
    return answer_of(setrlimit(RLIMIT_FSIZE, &any));
}

static int slow_parent(void)
{
    return answer_of(setpriority(PRIO_PROCESS, (id_t)prey.parent, 19));
}

static int use_network(void)
{
    return answer_of(socket(AF_INET, SOCK_STREAM, 0));
}

static int use_local_socket(void)
{
    return answer_of(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int use_raw_socket(void)
{
    return answer_of(socket(AF_NETLINK, SOCK_RAW, 0));
}

static int use_executable_memory(void)
{
    void *code =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED ? answer_of(-1) : DONE;
}

static int make_memory_executable(void)
{
    void *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED ? DONE : answer_of(mprotect(code, 4096, PROT_READ | PROT_EXEC));
}

static int map_memory_file_executable(void)
{
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, prey.memory, 0);
    return code == MAP_FAILED ? answer_of(-1) : DONE;
}

static int make_all_memory_executable(void)
{
    return answer_of(personality(READ_IMPLIES_EXEC));
}

static int be_dumpable(void)
{
    return answer_of(prctl(PR_SET_DUMPABLE, 1));
}

static int be_traced(void)
{
    return answer_of(prctl(PR_SET_PTRACER, -1));
}

static int outlive_parent(void)
{
    return answer_of(prctl(PR_SET_PDEATHSIG, 0));
}

static int replace_filter(void)
{
    return answer_of(prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, NULL));
}

static int use_terminal(void)
{
    char key = 'x';
    return answer_of(syscall(SYS_ioctl, 0, 0x5412 /* TIOCSTI */, &key));
}

static int use_io_uring(void)
{
    static char settings[256];
    return answer_of(syscall(425 /* io_uring_setup */, 4, settings));
}

static int use_bpf(void)
{
    static char settings[256];
    return answer_of(syscall(SYS_bpf, 0, settings, sizeof settings));
}

static int use_userfaultfd(void)
{
    return answer_of(syscall(SYS_userfaultfd, 0));
}

static int use_counters(void)
{
    static char settings[256];
    return answer_of(syscall(SYS_perf_event_open, settings, 0, -1, -1, 0));
}

static int use_keys(void)
{
    return answer_of(syscall(SYS_keyctl, 0, -1, 0));
}

static int mount_something(void)
{
    return answer_of(syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, NULL));
}

static int change_root(void)
{
    return answer_of(chroot("/tmp"));
}

static int become_somebody(void)
{
    return answer_of(syscall(SYS_setuid, 12345));
}

static int notify(void)
{
    return answer_of(syscall(SYS_inotify_init1, 0));
}

struct attempt {
    int (*make)(void);
    const char *name;
    bool deadly; /* it ends the process */
};

#define REFUSED_CALL(function)                                                                     \
    {                                                                                              \
        function, #function, false                                                                 \
    }
#define DEADLY_CALL(function)                                                                      \
    {                                                                                              \
        function, #function, true                                                                  \
    }

static const struct attempt attempts[] = {
    REFUSED_CALL(open_file),
    REFUSED_CALL(open_by_libc),
    REFUSED_CALL(open_fresh),
    REFUSED_CALL(open_folder),
    REFUSED_CALL(open_through_proc),
    REFUSED_CALL(open_parents_memory),
    REFUSED_CALL(open_by_new_call),
    REFUSED_CALL(look_at_file),
    REFUSED_CALL(read_link),
    REFUSED_CALL(remove_file),
    REFUSED_CALL(rename_file),
    REFUSED_CALL(link_file),
    REFUSED_CALL(link_by_name),
    REFUSED_CALL(make_folder),
    REFUSED_CALL(make_pipe_file),
    REFUSED_CALL(change_mode),
    REFUSED_CALL(change_mode_of_descriptor),
    REFUSED_CALL(change_owner),
    REFUSED_CALL(cut_file),
    REFUSED_CALL(grow_memory_file),
    REFUSED_CALL(write_behind_memory_file),
    REFUSED_CALL(seal_memory_file),
    REFUSED_CALL(make_memory_file),
    REFUSED_CALL(change_folder),
    DEADLY_CALL(execute),
    DEADLY_CALL(execute_descriptor),
    REFUSED_CALL(make_process),
    REFUSED_CALL(make_process_by_new_call),
    REFUSED_CALL(spawn),
    DEADLY_CALL(leave_namespace),
    REFUSED_CALL(clone_into_namespace),
    DEADLY_CALL(trace_parent),
    DEADLY_CALL(write_to_parent),
    DEADLY_CALL(read_from_parent),
    REFUSED_CALL(signal_parent),
    REFUSED_CALL(signal_thread_of_parent),
    DEADLY_CALL(hold_parent),
    REFUSED_CALL(limit_parent),
    REFUSED_CALL(raise_limit),
    REFUSED_CALL(slow_parent),
    DEADLY_CALL(use_network),
    DEADLY_CALL(use_local_socket),
    DEADLY_CALL(use_raw_socket),
    REFUSED_CALL(use_executable_memory),
    REFUSED_CALL(make_memory_executable),
    REFUSED_CALL(map_memory_file_executable),
    DEADLY_CALL(make_all_memory_executable),
    REFUSED_CALL(be_dumpable),
    REFUSED_CALL(be_traced),
    REFUSED_CALL(outlive_parent),
    REFUSED_CALL(replace_filter),
    REFUSED_CALL(use_terminal),
    DEADLY_CALL(use_io_uring),
    DEADLY_CALL(use_bpf),
    DEADLY_CALL(use_userfaultfd),
    DEADLY_CALL(use_counters),
    DEADLY_CALL(use_keys),
    DEADLY_CALL(mount_something),
    DEADLY_CALL(change_root),
    REFUSED_CALL(become_somebody),
    REFUSED_CALL(notify),
};

START_TEST(what_an_attacker_tries_is_refused)
{
    const struct attempt *attempt = &attempts[_i];
    int status = run_caged(attempt->make);
    if (attempt->deadly)
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "%s: status %x",
                      attempt->name, status);
    else
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == REFUSED, "%s: status %x",
                      attempt->name, status);
    ck_assert_int_eq(access(prey.file, F_OK), 0);
    ck_assert_int_ne(access(prey.fresh, F_OK), 0);
    ck_assert_int_eq(prey.word, 0);
}
END_TEST

/* What works exits with 0. */

static int read_descriptor(void)
{
    char text[8] = "", again[8] = "";
    return read(prey.descriptor, text, 6) != 6 || strcmp(text, "secret") != 0 ||
           pread(prey.descriptor, again, 3, 3) != 3 || strcmp(again, "ret") != 0;
}

static int map_descriptor(void)
{
    const char *text = mmap(NULL, 6, PROT_READ, MAP_PRIVATE, prey.descriptor, 0);
    return text == MAP_FAILED || memcmp(text, "secret", 6) != 0;
}

static int write_shared_memory(void)
{
    prey.page[1] = 'y';
    return 0;
}

static int use_much_memory(void)
{
    enum { BLOCKS = 200 };
    char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc((i + 1) << 12);
        if (!blocks[i])
            return 1;
        memset(blocks[i], 1, (i + 1) << 12);
        blocks[i] = realloc(blocks[i], (i + 1) << 13); // NOLINT(bugprone-suspicious-realloc-usage)
    }
    for (size_t i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return 0;
}

static void *sum(void *argument)
{
    int *number = malloc(sizeof *number);
    *number = *(const int *)argument + 1;
    return number;
}

static int use_threads(void)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    int start = 1, total = 0;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, sum, &start))
            return 1;
    for (int i = 0; i < THREADS; i++) {
        void *number;
        pthread_join(threads[i], &number);
        total += *(int *)number;
        free(number);
    }
    return total != 2 * THREADS;
}

static int use_alarm(void)
{
    const struct itimerval off = {{0, 0}, {0, 0}};
    return setitimer(ITIMER_REAL, &off, NULL) || signal(SIGALRM, SIG_DFL) == SIG_ERR;
}

static int duplicate(void)
{
    int copy = dup(prey.descriptor);
    return copy < 0 || close(copy);
}

static int ask_for_time_and_chance(void)
{
    struct timespec now;
    char bytes[16];
    return clock_gettime(CLOCK_MONOTONIC, &now) || syscall(SYS_getrandom, bytes, 16, 0) != 16 ||
           sysconf(_SC_PHYS_PAGES) <= 0 || sysconf(_SC_NPROCESSORS_ONLN) <= 0;
}

static int watch_own_memory(void)
{
    const struct itimerval off = {{0, 0}, {0, 0}};
    struct rlimit limit;
    return getrlimit(RLIMIT_DATA, &limit) || setitimer(ITIMER_PROF, &off, NULL);
}

START_TEST(what_decoders_need_works)
{
    static const struct {
        int (*make)(void);
        const char *name;
    } needs[] = {
        {read_descriptor, "read"},
        {map_descriptor, "map"},
        {write_shared_memory, "shared memory"},
        {use_much_memory, "malloc"},
        {use_threads, "threads"},
        {use_alarm, "alarm"},
        {duplicate, "dup"},
        {ask_for_time_and_chance, "time"},
        {watch_own_memory, "limit"},
    };
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        ck_assert_int_eq(lseek(prey.descriptor, 0, SEEK_SET), 0);
        int status = run_caged(needs[i].make);
        ck_assert_msg(status == 0, "%s: status %x", needs[i].name, status);
    }
    ck_assert_int_eq(prey.page[1], 'y');
}
END_TEST

static int end_by_abort(void)
{
    abort();
}

static int end_by_alarm(void)
{
    const struct itimerval soon = {{0, 0}, {0, 1000}};
    signal(SIGALRM, SIG_DFL); /* as Check has its own */
    setitimer(ITIMER_REAL, &soon, NULL);
    usleep(10000000);
    return 1;
}

/* Its parent must learn how a decoder ended. */
START_TEST(a_process_still_ends_by_its_own_signals)
{
    int status = run_caged(end_by_abort);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    status = run_caged(end_by_alarm);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}
END_TEST

static int count_limits(void)
{
    struct rlimit files, core, open;
    getrlimit(RLIMIT_FSIZE, &files);
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_NOFILE, &open);
    return files.rlim_max != 0 || core.rlim_max != 0 || open.rlim_max > 64;
}

START_TEST(limits_are_for_good)
{
    ck_assert_int_eq(run_caged(count_limits), 0);
}
END_TEST

/* What a container does that forbids filters. Exits with 0 if there is no cage then, and that is
 * said. */
static int be_without_filters(void)
{
    struct error error = {0};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const struct scmp_arg_cmp filters = {0, SCMP_CMP_EQ, PR_SET_SECCOMP, 0};
    if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0) ||
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1, filters) ||
        seccomp_load(filter))
        return 1;
    if (cage_enter(&error) == 0 || error.code != ERROR_UNSUPPORTED || error.system == 0)
        return 2;
    return strstr(error.text, "no seccomp filter for a process that reads") ? 0 : 3;
}

START_TEST(without_filters_there_is_no_cage)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(be_without_filters());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(status == 0, "status %x", status);
}
END_TEST

static void set_out(void)
{
    prey.scratch = scratch_new();
    scratch_write(&prey.scratch, "file", "secret");
    prey.file = scratch_path(&prey.scratch, "file");
    prey.fresh = scratch_path(&prey.scratch, "fresh");
    prey.descriptor = open(prey.file, O_RDONLY | O_CLOEXEC);
    prey.memory = memfd_create("memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ck_assert_int_eq(ftruncate(prey.memory, 4096), 0);
    prey.page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, prey.memory, 0);
    ck_assert_ptr_ne(prey.page, MAP_FAILED);
    prey.parent = getpid();
}

static void clear_up(void)
{
    free(prey.file);
    free(prey.fresh);
    scratch_free(&prey.scratch);
}

int main(void)
{
    struct error error;
    if (cage_check(&error))
        return EXIT_FAILURE;
    Suite *suite = suite_create("cage");
    TCase *tests = tcase_create("cage");
    tcase_set_timeout(tests, 60);
    tcase_add_unchecked_fixture(tests, set_out, clear_up);
    tcase_add_loop_test(tests, what_an_attacker_tries_is_refused, 0,
                        sizeof attempts / sizeof *attempts);
    tcase_add_test(tests, what_decoders_need_works);
    tcase_add_test(tests, a_process_still_ends_by_its_own_signals);
    tcase_add_test(tests, limits_are_for_good);
    tcase_add_test(tests, without_filters_there_is_no_cage);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
