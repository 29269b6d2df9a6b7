/* stop.h - the flag that asks a run to end, set by a signal, a time limit or the program.
 *
 * SIGTERM, SIGINT, SIGUSR1 and SIGXCPU (a limit on CPU time) are blocked in every thread, and one
 * thread waits for them, so almost nothing runs in signal handlers. The first signal sets the flag.
 * The second one, unless it is SIGXCPU, kills the process by its default action; nothing is lost,
 * since finished work is already durable.
 */
#ifndef JOBS_STOP_H
#define JOBS_STOP_H

#include <stdbool.h>

struct error;
struct stop;

enum stop_reason { STOP_NONE, STOP_SIGNAL, STOP_TIME, STOP_ASKED };

/* Starts to watch for signals. Call it before other threads start, since they inherit the blocked
 * signals; threads that libraries started before main are handled, too. A signal that is ignored
 * stays ignored (SIGINT of a background job). `max_seconds` <= 0 means no time limit.
 * Returns NULL with ERROR_MEMORY or ERROR_UNSUPPORTED. */
struct stop *stop_new(double max_seconds, struct error *error);

/* Ends the thread and restores the signals. NULL is allowed. */
void stop_free(struct stop *stop);

/* Why to stop, or STOP_NONE. Cheap; any thread may call it. */
enum stop_reason stop_reason(const struct stop *stop);

/* A descriptor that poll finds readable once the flag is set, for who waits for others at the same
 * time. It is the flag's: neither to be read nor closed. */
int stop_descriptor(const struct stop *stop);

/* The signal that came; 0 if none. */
int stop_signal(const struct stop *stop);

/* Sets the flag with STOP_ASKED, for too many failures or a full disk. */
void stop_ask(struct stop *stop);

/* Sleeps until the flag is set, for at most `seconds`. Returns whether it is set. */
bool stop_wait(struct stop *stop, double seconds);

/* Restores the signals' default behaviour in a child after fork. */
void stop_reset_in_child(void);

#endif
