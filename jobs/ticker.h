/* ticker.h - a thread that calls a function at regular intervals. */
#ifndef JOBS_TICKER_H
#define JOBS_TICKER_H

struct error;
struct ticker;

/* Starts a thread that calls tick(context) every `seconds`. `context` must live until ticker_free.
 * Returns NULL with ERROR_MEMORY. */
struct ticker *ticker_new(double seconds, void (*tick)(void *context), void *context,
                          struct error *error);

/* Ends the thread; tick is not called afterwards. Must not be called from within tick, nor while
 * holding a lock that tick takes. NULL is allowed. */
void ticker_free(struct ticker *ticker);

#endif
