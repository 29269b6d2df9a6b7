/* clock.h - a clock that never goes back, to time things. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

/* Seconds since some fixed moment (CLOCK_MONOTONIC). */
double clock_now(void);

#endif
