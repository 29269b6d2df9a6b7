/* tar_shard.h - an output tar of a run, from what earlier starts have left of it to its publication. */
#ifndef PROGRAM_TARS_TAR_SHARD_H
#define PROGRAM_TARS_TAR_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "program/tars/tar_journal.h"
#include "program/tars/tar_part.h"
#include "program/tars/tar_sample.h"

struct error;
struct folder;
struct ledger_index;
struct list_item;
struct run;
struct submission;

/* The submitting thread makes it, and owns the first part until the first image is submitted; then it is
 * the finishing thread's. */
struct tar_shard {
    struct tar_shard *next;
    char *key; /* owned: of the input tar */
    struct tar_files files;
    struct tar_sample_options samples;
    struct tar_journal kept; /* what the temporary files hold already, in this order */
    struct tar_journal old;  /* with --retry-failed: what the published tar holds */
    int old_tar, old_lines;  /* the published files, open; -1: not wanted */

    uint64_t
        seen; /* images of the input so far. The submitting thread's, until the end of the tar */

    /* Finishing thread only. */
    struct tar_part *part; /* NULL until the first image */
    bool closed; /* an image of it was dropped, or could not be written: nothing may follow */
    bool unsure; /* a sync has failed: what was written since the last one does not count */
};

/* Looks for what earlier starts have left of the output of `tar`. Lines of the ledger that a kill has lost are
 * written. Returns 1 with *shard, owned by the caller; 0 if nothing is to be done; or -1, also (ERROR_USAGE) if
 * an output is there that is not this run's. */
int tar_shard_begin(struct run *run, const struct list_item *tar, struct tar_shard **shard,
                    struct error *error);

/* The output of the tar `key` is complete and published, but not in the run's folder; its lines are in the file
 * `lines`, the user's own. Writes the lines of the ledger that are not there. 0, or -1, also (ERROR_RECORD) if
 * the lines are not those of a tar of `size` bytes. */
int tar_shard_adopt(struct run *run, const char *key, const char *lines, uint64_t size,
                    struct error *error);

/* Whether an image, the next of the input, is to be submitted: 1, or 0 if the output has it already. In the
 * place of an image that the published tar has, it puts SINK_COPY. */
int tar_shard_admit(struct tar_shard *shard, struct run *run, struct submission *image);

/* The first file in the place of an output of the tar `key` that is not this run's, in `files`; or NULL. With
 * `before` NULL the folder holds no run yet: whatever is there is not. */
const char *tar_shard_foreign(const struct folder *out, const struct ledger_index *before,
                              const struct tar_files *files, const char *key);

/* Closes and frees. What is not published stays for a later start. NULL is allowed. */
void tar_shard_free(struct tar_shard *shard);

#endif
