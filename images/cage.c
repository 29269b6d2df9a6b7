#include "images/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/error.h"

/* Calls with any arguments: those of libvips, its decoders, GLib and the C library that do nothing
 * outside of the process but to open descriptors. Calls are named in text, since each kernel and
 * architecture lacks some: these are left out. */
static const char *const allowed[] = {
    /* open descriptors */
    "read", "pread64", "readv", "write", "writev", "lseek", "fstat", "fadvise64", "close", "dup",
    "recvfrom", "recvmsg", "sendto",
    /* memory; mmap, mprotect and madvise are below */
    "brk", "munmap", "mremap",
    /* threads; clone is below */
    "futex", "set_robust_list", "rseq", "sched_yield", "sched_getaffinity", "getcpu", "gettid",
    "getpid", "exit", "exit_group",
    /* signals of its own */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigaltstack", "restart_syscall",
    /* time, chance, and the size of the machine (qsort asks for it) */
    "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time",
    "getrandom", "sysinfo", "uname"};

/* Calls that only an attacker makes. They end the process, so that the attack is seen. All others
 * fail with EPERM: another version of a library may try to open its settings or ask for a
 * terminal, and goes on without. */
static const char *const deadly[] = {
    /* programs and other processes */
    "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "pidfd_open", "pidfd_getfd", "pidfd_send_signal", "kcmp", "setns", "unshare",
    /* the network */
    "socket", "connect", "bind", "listen", "accept", "accept4",
    /* ways into the kernel, which had most of its holes */
    "bpf", "perf_event_open", "io_uring_setup", "io_uring_enter", "io_uring_register",
    "userfaultfd", "add_key", "request_key", "keyctl", "modify_ldt", "vmsplice", "personality",
    /* the machine */
    "mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount",
    "open_by_handle_at", "swapon", "swapoff", "reboot", "kexec_load", "kexec_file_load",
    "init_module", "finit_module", "delete_module", "quotactl", "acct", "settimeofday",
    "clock_settime"};

/* A call that is allowed if one of its arguments has the value, in the bits of the mask. */
struct rule {
    const char *name;
    unsigned argument;
    uint64_t mask, value;
};

#define ALL_BITS UINT64_MAX
enum { THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD };
#define NAMESPACE_FLAGS                                                                            \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET)

static const struct rule rules[] = {
    /* No code that came as data: libvips makes none once its vectors are off, nor do decoders. */
    {"mmap", 2, PROT_EXEC, 0},
    {"mprotect", 2, PROT_EXEC, 0},
    {"madvise", 2, ALL_BITS, MADV_NORMAL},
    {"madvise", 2, ALL_BITS, MADV_SEQUENTIAL},
    {"madvise", 2, ALL_BITS, MADV_WILLNEED},
    {"madvise", 2, ALL_BITS, MADV_DONTNEED}, /* stacks of threads that have ended */
    {"madvise", 2, ALL_BITS, MADV_FREE},
    {"madvise", 2, ALL_BITS, MADV_HUGEPAGE},
    /* Threads, for decoders of HEIC and AVIF, but no processes. */
    {"clone", 0, THREAD_FLAGS | NAMESPACE_FLAGS, THREAD_FLAGS},
    {"prctl", 0, ALL_BITS, PR_SET_NAME},        /* of a thread */
    {"setitimer", 0, ALL_BITS, ITIMER_REAL},    /* the limit on time */
    {"setitimer", 0, ALL_BITS, ITIMER_PROF},    /* and that on memory (image_watch.h) */
    {"setitimer", 0, ALL_BITS, ITIMER_VIRTUAL}, /* that of a tar on its time (tar_read.h) */
};

static int add(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned count,
               const struct scmp_arg_cmp *arguments)
{
    int number = seccomp_syscall_resolve_name(name);
    return number < 0 ? 0 : seccomp_rule_add_array(filter, action, number, count, arguments);
}

static int add_lists(scmp_filter_ctx filter)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < sizeof allowed / sizeof *allowed; i++)
        status = add(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
    for (size_t i = 0; status == 0 && i < sizeof deadly / sizeof *deadly; i++)
        status = add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0, NULL);
    for (size_t i = 0; status == 0 && i < sizeof rules / sizeof *rules; i++) {
        const struct scmp_arg_cmp argument = {rules[i].argument, SCMP_CMP_MASKED_EQ, rules[i].mask,
                                              rules[i].value};
        status = add(filter, SCMP_ACT_ALLOW, rules[i].name, 1, &argument);
    }
    return status;
}

/* Signals to itself alone, as abort and raise send them; and its own limits, to read them. */
static int add_own(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp itself = {0, SCMP_CMP_EQ, (uint64_t)getpid(), 0};
    const struct scmp_arg_cmp reads[] = {{0, SCMP_CMP_EQ, 0, 0}, {2, SCMP_CMP_EQ, 0, 0}};
    int status = add(filter, SCMP_ACT_ALLOW, "tgkill", 1, &itself);
    if (status == 0)
        status = add(filter, SCMP_ACT_ALLOW, "prlimit64", 2, reads);
    /* Its flags lie in memory, where no filter sees them. The C library then calls clone. */
    return status ? status : add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
}

/* Returns 0 or a negative errno. */
static int load_filter(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return -ENOMEM;
    /* Calls of another architecture have other numbers. */
    int status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    /* Before Linux 5.16, a filter switched off the processor's speculation in its process, which
     * makes decoding slower. What that protects is memory of the same process. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
    if (status == 0)
        status = add_lists(filter);
    if (status == 0)
        status = add_own(filter);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status;
}

/* A Landlock ruleset, of which older kernels know the first members only. */
struct ruleset {
    uint64_t files, network, scoped; /* rights that are refused unless there is a rule */
};

#ifndef SYS_landlock_create_ruleset /* these numbers are those of all architectures */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

/* Refuses every right that the kernel knows of; without a rule, none is granted. Does what can be
 * done: many kernels lack Landlock, and the filter alone keeps the same things out. */
static void use_landlock(void)
{
    enum { ASK_VERSION = 1 }; /* LANDLOCK_CREATE_RULESET_VERSION */
    static const int file_rights[] = {0, 13, 14, 15, 15, 16};
    enum { VERSIONS = sizeof file_rights / sizeof *file_rights };
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, ASK_VERSION);
    if (version < 1)
        return;
    struct ruleset rules_of_none = {
        .files = (1ULL << file_rights[version < VERSIONS ? version : VERSIONS - 1]) - 1,
        .network = version < 4 ? 0 : 3, /* to bind and connect TCP */
        .scoped = version < 6 ? 0 : 3,  /* abstract sockets and signals */
    };
    long ruleset = syscall(SYS_landlock_create_ruleset, &rules_of_none, sizeof rules_of_none, 0);
    if (ruleset < 0)
        return;
    syscall(SYS_landlock_restrict_self, ruleset, 0);
    close((int)ruleset);
}

/* RLIMIT_NPROC is left alone: it counts all threads of the user, and a decoder of HEIC or AVIF needs
 * some. The filter lets no process be made. */
static void set_limits(void)
{
    static const struct {
        __rlimit_resource_t resource;
        rlim_t most;
    } limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_FSIZE, 0}, {RLIMIT_NOFILE, 64}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;
        if (getrlimit(limits[i].resource, &limit))
            continue;
        limit.rlim_cur = limit.rlim_cur < limits[i].most ? limit.rlim_cur : limits[i].most;
        limit.rlim_max = limit.rlim_cur;
        setrlimit(limits[i].resource, &limit);
    }
}

/* Root's; others have none. */
static void drop_capabilities(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    syscall(SYS_capset, &header, none);
}

int cage_check(struct error *error)
{
    enum { KILLS_PROCESSES = 3 }; /* libseccomp's level of kernels from 4.14 on */
    if (seccomp_api_get() >= KILLS_PROCESSES)
        return 0;
    return error_set(
        error, ERROR_UNSUPPORTED,
        "this system lacks seccomp filters (Linux 4.14, and a container that lets them "
        "be used), without which no stranger's file is read");
}

int cage_enter(struct error *error)
{
    prctl(PR_SET_DUMPABLE, 0);
    set_limits();
    drop_capabilities();
    int status = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
    if (status == 0) {
        use_landlock();
        status = load_filter();
    }
    if (status == 0)
        return 0;
    return error_set_system(error, ERROR_UNSUPPORTED, -status,
                            "no seccomp filter for a process that reads strangers' files");
}
