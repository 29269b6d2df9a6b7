/* ledger_status.h - how a run is doing, over all its shards: what `maskmill status` and `maskmill
 * merge` show and write. Works while shards run, and takes no lock. */
#ifndef JOBS_LEDGER_STATUS_H
#define JOBS_LEDGER_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct error;

struct ledger_shard_status {
    char name[32]; /* "0/4" */
    char host[64]; /* of the last start, "" if none */
    uint64_t pid;
    uint64_t images; /* in this shard, by its last start; 0: not known */
    uint64_t done;   /* images whose last attempt in this ledger succeeded */
    uint64_t failed;
    uint64_t left;    /* images - done - failed, not below 0 */
    bool running;     /* started and not ended (a killed one looks so, too: see last_time) */
    char reason[16];  /* of the last end, "" while running */
    double last_time; /* of the last line, seconds since 1970 */
    double rate;      /* images/s over the last 64 attempts of this start, 0: not known */
    double time_left; /* s, negative: not known */
};

struct ledger_run_status {
    struct ledger_shard_status *shards; /* sorted by shard; those of the newest count only */
    size_t shard_count;                 /* how many have a ledger */
    uint32_t shards_expected;           /* n of "i/n" */
    uint64_t images;                    /* over the shards that have started */
    uint64_t done;                      /* over all ledgers, older counts too, each image once */
    uint64_t failed;
    uint64_t left;
    uint64_t bad_lines;
    double rate;      /* of the shards that run, images/s */
    double time_left; /* s until the slowest running shard is through; negative: not known */
};

/* Returns 0, or -1 with ERROR_IO (no run there) or ERROR_MEMORY. Freed with ledger_status_free. */
int ledger_status_read(const char *run, struct ledger_run_status *status, struct error *error);
void ledger_status_free(struct ledger_run_status *status);

/* A table for people, or one JSON object on one line. */
void ledger_status_print(const struct ledger_run_status *status, FILE *out);
void ledger_status_print_json(const struct ledger_run_status *status, FILE *out);

/* Writes RUN/failed.ndjson anew from all ledgers, atomically: the latest failed line of each image
 * that is still failed. *count (may be NULL) is their number. Every shard may call it at its end.
 * Returns 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int ledger_write_failed(const char *run, uint64_t *count, struct error *error);

/* Writes RUN/ledger.ndjson anew, atomically: the latest line of each image over all shards, and
 * failed.ndjson. The ledgers of the shards stay. */
int ledger_merge(const char *run, struct ledger_run_status *status, struct error *error);

#endif
