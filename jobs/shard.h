/* shard.h - which images of a run are ours.
 *
 * An image belongs to shard hash_bytes(key) mod n, where key is its relative name (list.h) with its
 * extension, as bytes, and hash_bytes is in hash.h. So an image that is added, removed or fails
 * moves no other. A tar is read as a whole: its images belong to the shard of the tar's own key
 * (ledger_line_name knows it of images that were tried). The mapping is part of the format: it
 * never changes.
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

/* Looks up a variable of the environment; getenv, or a test's own. */
typedef const char *shard_environment(const char *name);

/* Reads "i/n" with 0 <= i < n <= SHARD_MAX, or "auto", or "auto/n". "auto" takes the first of
 *   Slurm        SLURM_ARRAY_TASK_ID, _MIN, _MAX, _COUNT, _STEP: index (ID - MIN) / STEP
 *   Kubernetes   JOB_COMPLETION_INDEX, with the count in JOB_COMPLETIONS or in "auto/n"
 *   Open MPI     OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE
 * that is set; none is an error. In "auto/n" n replaces the count that was found: for a part of a
 * Slurm array run again (sbatch --array=3), index is then ID itself.
 * Returns 0, or -1 with ERROR_USAGE. */
int shard_parse(const char *text, shard_environment *environment, struct shard *shard,
                struct error *error);

/* Whether the image is of this shard. */
bool shard_has(const struct shard *shard, const char *key);

#endif
