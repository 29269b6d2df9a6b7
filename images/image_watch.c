#include "images/image_watch.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "images/image_wire.h"

/* A signal handler finds its state nowhere else. Only the main thread writes. The handler runs in any
 * thread, and may still be under way when the timer has been stopped. */
struct watch {
    int descriptor;        /* /proc/self/statm, or -1 */
    uint64_t page;         /* bytes */
    uint64_t before;       /* bytes at the start */
    _Atomic uint64_t most; /* bytes; UINT64_MAX: no limit */
};
static struct watch watch = {.descriptor = -1, .most = UINT64_MAX};

/* Reads a decimal number and the blank after it. */
static uint64_t read_number(const char **at)
{
    uint64_t number = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        number = number * 10 + (uint64_t)(**at - '0');
    if (**at == ' ')
        ++*at;
    return number;
}

/* Bytes of private memory that are resident; 0 if the system does not say. Only what a signal handler
 * may call. The line is "SIZE RESIDENT SHARED ...", in pages. */
static uint64_t private_bytes(void)
{
    char line[256];
    ssize_t got = pread(watch.descriptor, line, sizeof line - 1, 0);
    if (got <= 0)
        return 0;
    line[got] = '\0';
    const char *at = line;
    read_number(&at);
    uint64_t resident = read_number(&at), shared = read_number(&at);
    return resident > shared ? (resident - shared) * watch.page : 0;
}

static void look(int number)
{
    (void)number;
    if (private_bytes() > watch.most)
        _exit(IMAGE_CHILD_OVER);
}

/* The timer counts the CPU time of all threads; 0 stops it. */
static void set_timer(long microseconds)
{
    struct itimerval timer = {{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_PROF, &timer, NULL);
}

void image_watch_start(void)
{
    struct sigaction action = {.sa_handler = look, .sa_flags = SA_RESTART};
    watch.descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    watch.page = (uint64_t)sysconf(_SC_PAGESIZE);
    watch.before = private_bytes();
    sigaction(SIGPROF, &action, NULL);
}

void image_watch_limit(uint64_t bytes)
{
    enum { PERIOD = 2000 }; /* microseconds */
    set_timer(0);
    watch.most = bytes ? watch.before + bytes : UINT64_MAX;
    if (bytes && watch.descriptor >= 0)
        set_timer(PERIOD);
}

bool image_watch_may_have(size_t bytes)
{
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return false;
    munmap(map, bytes);
    return true;
}

void image_watch_trim(void)
{
    enum { KEPT_BYTES = 16 << 20 };
    if (private_bytes() > watch.before + KEPT_BYTES)
        malloc_trim(0);
}
