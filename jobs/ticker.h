/* ticker.h - a thread that calls a function at regular times, whatever the other threads do. */
#ifndef JOBS_TICKER_H
#define JOBS_TICKER_H

struct error;
struct ticker;

/* Calls tick(context) every `seconds` from now on, never twice at once; `context` must live until
 * ticker_free. NULL with ERROR_MEMORY. */
struct ticker *ticker_new(double seconds, void (*tick)(void *context), void *context,
                          struct error *error);

/* Ends the thread; afterwards tick is not called any more. Not from within tick, nor with a lock
 * that tick takes. NULL is allowed. */
void ticker_free(struct ticker *ticker);

#endif
