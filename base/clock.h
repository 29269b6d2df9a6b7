/* clock.h - the time, in seconds. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* Seconds since some fixed moment (CLOCK_MONOTONIC); never goes back. */
double clock_now(void);

/* Seconds since 1970 (UTC). */
double clock_wall(void);

#endif
