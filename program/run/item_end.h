/* item_end.h - counts images that have ended; for the finishing thread of a sink. */
#ifndef PROGRAM_RUN_ITEM_END_H
#define PROGRAM_RUN_ITEM_END_H

struct item;
struct run;

/* Counts an image that is done, in the outcome and in the progress. */
void item_count_done(struct run *run, const struct item *item);

/* Counts an image that has failed with item->error, says so, and writes its line to the ledger, if the
 * run has one. Stops the run if too many have failed. The error of an entry of a text list gets its line
 * there, and what may be wrong with it. */
void item_note_failed(struct run *run, struct item *item);

#endif
