/* ledger_status.h - how a run is doing, over all its shards: what `maskmill status` and `maskmill
 * merge` show and write. Works while shards run, and takes no lock. */
#ifndef JOBS_LEDGER_STATUS_H
#define JOBS_LEDGER_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct error;
struct shard;

struct ledger_shard_status {
    uint32_t index; /* of "index/shards_expected" */
    char host[64];  /* of the last start, "" where none is known */
    uint64_t pid;
    uint64_t images; /* in this shard, by its last start, or IMAGES_UNKNOWN (unknown.h) */
    uint64_t done;   /* by all ledgers, each image once */
    uint64_t failed;
    uint64_t left;    /* images - done - failed, not below 0; or IMAGES_UNKNOWN */
    bool running;     /* started and not ended; of one that was killed last_time gets old */
    char reason[16];  /* of the last end, "" while running */
    double last_time; /* of the last line, seconds since 1970 */
    double rate;      /* images/s over the last 1,024 attempts of this start, 0: not known */
    double time_left; /* s; negative: not known */
};

/* Only shards of the number of shards that was used last are listed; images that were done under
 * another number are counted in the shard that they belong to now. */
struct ledger_run_status {
    struct ledger_shard_status *shards; /* those that have started, in order */
    size_t shard_count;
    uint32_t shards_expected; /* n of "i/n" */
    uint64_t images;          /* sums over the shards listed; as each of them maybe unknown */
    uint64_t done;
    uint64_t failed;
    uint64_t left;
    uint64_t bad_lines; /* torn ones, in all ledgers */
    double rate;        /* images/s of the shards that run and wrote a line in the last 15 min */
    double time_left;   /* s, of the slowest of them; negative: not known */
};

/* Returns 0, or -1 with ERROR_IO (no run there) or ERROR_MEMORY. Freed with ledger_status_free. */
int ledger_status_read(const char *run, struct ledger_run_status *status, struct error *error);
void ledger_status_free(struct ledger_run_status *status);

/* Whether nothing is left to wait for: no image, or, where their number is not known, no shard that
 * runs. */
bool ledger_status_over(const struct ledger_run_status *status);

/* A table for people, or one JSON object on one line. */
void ledger_status_print(const struct ledger_run_status *status, FILE *out);
void ledger_status_print_json(const struct ledger_run_status *status, FILE *out);

/* Writes the file of failed images anew, atomically: the latest failed line of each image that is
 * still failed. For a shard of several it is RUN/failed-<index>-of-<count>.ndjson with the images
 * of that shard; for the only shard, or NULL, RUN/failed.ndjson with all. *count (may be NULL) is
 * their number. With `none` the caller knows that there are none, and no ledger is read.
 * Returns 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int ledger_write_failed(const char *run, const struct shard *shard, bool none, uint64_t *count,
                        struct error *error);

/* Writes RUN/ledger.ndjson anew, atomically: the latest line of each image over all shards, and
 * failed.ndjson; *status is then as of ledger_status_read. The ledgers of the shards stay. Returns
 * 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int ledger_merge(const char *run, struct ledger_run_status *status, struct error *error);

#endif
