/* passed_over_file.h - what the last start of each shard passed over, for those who see only the
 * run's folder: RUN/.maskmill/passed-over-<index>-of-<count>.json.
 *
 *   {"time":1767225600.125000,"found":[{"reason":"hidden","count":1}],"in_tars":[...]}
 *
 * All shards walk the same inputs, so what they found there is the same. Each tar is read by one
 * shard alone.
 */
#ifndef JOBS_PASSED_OVER_FILE_H
#define JOBS_PASSED_OVER_FILE_H

#include <stdint.h>

struct error;
struct folder;
struct passed_over;
struct shard;

/* Replaces the shard's file. Without any counts it is only written if there is one already. Returns
 * 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int passed_over_write(const struct folder *run, const struct shard *shard,
                      const struct passed_over *found, const struct passed_over *in_tars,
                      struct error *error);

/* What was passed over by a run of so many shards: what the latest start found, and what all found
 * in tars. A missing or damaged file counts as nothing. Returns 0, or -1 with ERROR_IO or
 * ERROR_MEMORY. */
int passed_over_read_run(const struct folder *run, uint32_t shards, struct passed_over *passed,
                         struct error *error);

#endif
