/* image_watch.h - a child's private memory, and the limit on it; internal to the children.
 *
 * An rlimit would make a decoder's allocation fail, and most decoders then call the image damaged, or
 * abort. So nothing fails here: after every few milliseconds of CPU time a signal handler looks how
 * much private memory is resident, and ends the process with IMAGE_CHILD_OVER if that is too much.
 * What the decoder fills meanwhile, some tens of MiB at most, comes on top. Address space does not
 * count: not the stacks of a decoder's threads, nor a large block of which little is used.
 */
#ifndef IMAGES_IMAGE_WATCH_H
#define IMAGES_IMAGE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Notes how much memory the process has, and opens what the handler reads. Call it once, before the
 * process loses the right to open files. Where /proc is missing there is no limit. */
void image_watch_start(void);

/* Ends the process once it has `bytes` more than at its start; 0: no limit. */
void image_watch_limit(uint64_t bytes);

/* Whether the machine lets this process have `bytes` more of private memory. */
bool image_watch_may_have(size_t bytes);

/* Gives memory that was freed back to the system, if that is worth a call. */
void image_watch_trim(void);

#endif
