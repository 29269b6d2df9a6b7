#include "base/clock.h"

#include <time.h>

static double clock_seconds(clockid_t id)
{
    struct timespec time;
    clock_gettime(id, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

double clock_now(void)
{
    return clock_seconds(CLOCK_MONOTONIC);
}

double clock_wall(void)
{
    return clock_seconds(CLOCK_REALTIME);
}
