/* stop.h - the one flag that asks a run to end: a signal or a time limit.
 *
 * SIGTERM, SIGINT and SIGUSR1 are blocked in every thread and awaited by a thread of their own, so
 * next to nothing runs inside a signal handler. The first one sets the flag. The second one
 * restores the default action and kills the process with that signal: nothing is lost, since
 * everything that is finished is already durable.
 */
#ifndef JOBS_STOP_H
#define JOBS_STOP_H

#include <stdbool.h>

struct error;
struct stop;

enum stop_reason { STOP_NONE, STOP_SIGNAL, STOP_TIME, STOP_ASKED };

/* To be called before other threads are made: they inherit the blocked signals. (Threads that
 * libraries made before main are handled, too.) A signal that
 * is ignored when it is called stays ignored (SIGINT of a background job). `max_seconds` <= 0: no
 * time limit. Returns NULL with ERROR_MEMORY or ERROR_UNSUPPORTED. */
struct stop *stop_new(double max_seconds, struct error *error);

/* Ends the thread and restores the signals. NULL is allowed. */
void stop_free(struct stop *stop);

/* Why to stop, or STOP_NONE. Cheap, any thread. */
enum stop_reason stop_reason(const struct stop *stop);

/* The signal that came, 0 if none. */
int stop_signal(const struct stop *stop);

/* Sets the flag from within: too many failures, a full disk. */
void stop_ask(struct stop *stop);

/* Sleeps, at most until the flag is set. Returns whether it is set. */
bool stop_wait(struct stop *stop, double seconds);

/* A child made by fork calls this to have the signals' default behaviour back. */
void stop_reset_in_child(void);

#endif
