/* shard.h - which items of a run belong to this process.
 *
 * An item belongs to shard hash_bytes(key) mod n, where key is its relative name (list.h) with its
 * extension, and hash_bytes is in base/hash.h. So adding, removing or failing an item moves no
 * other. One shard reads a whole tar, so the items in it belong to the shard of the tar's key
 * (ledger_line_name). This mapping is a part of the ledger's format and never changes.
 */
#ifndef JOBS_SHARD_H
#define JOBS_SHARD_H

#include <stdbool.h>
#include <stdint.h>

struct error;

enum { SHARD_MAX = 1000000 };

struct shard {
    uint32_t index; /* 0 .. count - 1 */
    uint32_t count; /* 1: everything */
};

/* Looks up an environment variable: getenv, or a function of a test. */
typedef const char *shard_environment(const char *name);

/* Reads "i/n" with 0 <= i < n <= SHARD_MAX, or "auto", or "auto/n". "auto" takes the first of these
 * that is set (the table in shard.c has all their variables):
 *   job arrays  Slurm, Kubernetes, AWS Batch, Google Batch, PBS, Torque, Grid Engine, LSF, Flux
 *   launchers   Open MPI, PMI (MPICH, Intel MPI), Flux, srun, PMIx
 * PBS, Torque, Flux's arrays and PMIx do not tell the number of shards: it must be in "auto/n", as
 * with any that leave it out. In "auto/n", n replaces the number, and the index is then the
 * process's own (from 0; Grid Engine and LSF count from 1), so that a part of an array can run again
 * (sbatch --array=3).
 * Returns 0, or -1 with ERROR_USAGE, also if "auto" finds nothing. */
int shard_parse(const char *text, shard_environment *environment, struct shard *shard,
                struct error *error);

/* Whether the item with that key belongs to the shard. */
bool shard_has(const struct shard *shard, const char *key);

#endif
