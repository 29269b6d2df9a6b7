/* spool.h - a run on an object store: --spool DIR --get CMD --put CMD.
 *
 *   s3://b/in/a.tar   an input: the name of an object
 *   s3://b/out        -o: where a.tar, a.ndjson and, last, the marker a.done.json are put
 *   DIR/in/           the tars that this process has fetched (prefetch_folder.h)
 *   DIR/out/          the run's folder, as with --to tar: ledger, lock, temporary tars, and the outputs
 *                     until they are put
 *
 * A shard is in one of these states (submit_spool.c):
 *
 *   put        the ledger says that its output was published, and the output is no more in DIR/out
 *   published  its output is in DIR/out: it is put, and removed (spool_put.h)
 *   done       its marker is in the store, with this configuration: another machine has put it, or this one
 *              before DIR was lost. Its lines are fetched for the ledger (spool_look.h); then it is "put"
 *   open       none of these: its tar is fetched, and its output published
 */
#ifndef PROGRAM_SPOOL_SPOOL_H
#define PROGRAM_SPOOL_SPOOL_H

#include "jobs/transfer.h"
#include "program/digest.h"

struct background;
struct error;
struct folder;
struct list;
struct run;
struct settings;

#define SPOOL_MARKER ".done.json"

struct spool {
    struct transfer_command get, put;
    char *prefix; /* owned: of the outputs' names in the store, without a '/' at its end */

    /* Once the run's folder is open. */
    struct transfer_patience patience;
    struct folder *folder; /* owned: DIR */
    char *output;          /* owned: path of DIR/out from the root */
    char configuration[DIGEST_TEXT];
    struct background *putting; /* owned; NULL: not begun, or ended */
};

/* Reads the options: with --spool makes *spool, and from now on settings->output is DIR/out. 0, or -1 with
 * ERROR_USAGE or ERROR_MEMORY. */
int spool_read(struct spool **spool, struct settings *settings, struct error *error);

/* Refuses an input that its output would replace. The list must be surveyed; it is rewound. 0 or -1. */
int spool_check_inputs(const struct spool *spool, struct list *list, struct error *error);

/* Opens DIR. The run's folder must be open, its model loaded. 0 or -1. */
int spool_open(struct spool *spool, struct run *run, struct error *error);

/* NAMEending: an output's name below the run's folder. Freed with free(3); NULL with ERROR_MEMORY. */
char *spool_name(const char *name, const char *ending, struct error *error);

/* The name of an output in the store: PREFIX/NAMEending. Freed with free(3); NULL with ERROR_MEMORY. */
char *spool_object(const struct spool *spool, const char *name, const char *ending,
                   struct error *error);

/* NULL is allowed. spool_put_finish must have been called. */
void spool_free(struct spool *spool);

#endif
