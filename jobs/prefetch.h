/* prefetch.h - fetches files of a store ahead of the thread that reads them, in the order in which
 * it asks for them:
 *
 *     while (prefetch_has_room(prefetch) && there is another object)
 *         prefetch_ask(prefetch, name, tag, &error);
 *     file = prefetch_take(prefetch);      waits for the first that was asked for; NULL: none
 *     ... read file->path ...
 *     prefetch_end(prefetch, file);        removes it
 *
 * All functions are for that thread. What they hold on the disk is bounded: `ahead` files beside the
 * one that is being read.
 */
#ifndef JOBS_PREFETCH_H
#define JOBS_PREFETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "jobs/transfer.h"

struct atomic_writer;
struct folder;
struct prefetch;

enum prefetch_state {
    PREFETCH_READY,    /* the file is there */
    PREFETCH_NEEDLESS, /* it is not needed: nothing was fetched */
    PREFETCH_FAILED    /* *error says why; ERROR_STOPPED: because the run ends */
};

struct prefetch_file {
    enum prefetch_state state;
    char *name; /* owned: of the object */
    char *path; /* owned: of the local file, from the root */
    void *tag;  /* the caller's */
    struct error error;
};

struct prefetch_options {
    const struct transfer_command *get;
    struct transfer_patience patience;
    const struct folder *spool;       /* files are below it: prefetch_folder.h */
    const struct atomic_writer *dead; /* [dead_count] processes that are gone */
    size_t dead_count;
    size_t ahead; /* >= 1 */
    /* Whether an object is needed, asked in the fetching thread before it is fetched; `patience` also
     * ends with the prefetch. Returns 1, 0, or -1 with an error, which is the file's. NULL: all
     * are. */
    int (*needed)(void *context, struct prefetch_file *file,
                  const struct transfer_patience *patience, struct error *error);
    void *context;
};

/* Starts the thread. What `options` points to must outlive it. NULL with ERROR_IO or ERROR_MEMORY. */
struct prefetch *prefetch_new(const struct prefetch_options *options, struct error *error);

/* Whether another object may be asked for. */
bool prefetch_has_room(const struct prefetch *prefetch);

/* Asks for an object. There must be room. 0, or -1 with ERROR_MEMORY. */
int prefetch_ask(struct prefetch *prefetch, const char *name, void *tag, struct error *error);

/* Waits for the next file, in the order of asking. NULL if none was asked for. */
struct prefetch_file *prefetch_take(struct prefetch *prefetch);

/* Removes the local file and frees. NULL is allowed. */
void prefetch_end(struct prefetch *prefetch, struct prefetch_file *file);

/* Ends what is going on, removes all files, and frees. `forget` is called for the tag of each file
 * that was not taken. NULL is allowed. */
void prefetch_free(struct prefetch *prefetch, void (*forget)(void *tag));

#endif
