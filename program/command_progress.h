/* command_progress.h - how far a command is that reads many records or images: a line on a terminal, nothing
 * elsewhere. All functions take NULL, which shows nothing. */
#ifndef PROGRAM_COMMAND_PROGRESS_H
#define PROGRAM_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress;

/* NULL if standard error is no terminal, or there is no memory. Ended by progress_free, which erases the
 * line; call it before the command's last words. */
struct progress *command_progress_new(void);

/* The same of a command that works on images: it speaks of these. */
struct progress *command_progress_of_images(void);

/* How many records are read in all, or ITEMS_UNKNOWN (jobs/items.h); begins to show the line. */
void command_progress_expect(struct progress *progress, uint64_t records);

/* One record was read. */
void command_progress_record(struct progress *progress, bool refused, uint64_t masks);

/* Prints "maskmill COMMAND: TEXT" to standard error; on a terminal above the line. */
void command_progress_say(struct progress *progress, const char *command, const char *text);

#endif
