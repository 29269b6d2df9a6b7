/* ledger_status.h - the state of a run over all its shards, for `maskmill status` and `maskmill
 * merge`. Takes no lock and works while shards run. */
#ifndef JOBS_LEDGER_STATUS_H
#define JOBS_LEDGER_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "jobs/passed_over.h"

struct error;
struct folder;
struct item_words;
struct shard;

struct ledger_shard_status {
    uint32_t index; /* of "index/shards_expected" */
    char host[64];  /* of the last start; "": unknown */
    uint64_t pid;
    uint64_t items; /* in this shard at its last start, or ITEMS_UNKNOWN (items.h) */
    uint64_t done;  /* from all ledgers, each item once */
    uint64_t failed;
    uint64_t left;    /* items - done - failed, at least 0; or ITEMS_UNKNOWN */
    bool running;     /* started and not ended; last_time grows old if it was killed */
    char reason[16];  /* of the last end, "" while running */
    double last_time; /* of the last line, seconds since 1970 */
    double rate;      /* items/s over the last 1,024 attempts of this start; 0: unknown */
    double time_left; /* s; negative: unknown */
};

/* Lists the shards of the number of shards that was used last. Items done with another number
 * count for the shard that they belong to now. */
struct ledger_run_status {
    const struct item_words *words;     /* as given to ledger_status_read */
    struct ledger_shard_status *shards; /* those that have started, by index */
    size_t shard_count;
    uint32_t shards_expected; /* n of "i/n" */
    uint64_t items;           /* sums over the shards listed; ITEMS_UNKNOWN if one is unknown */
    uint64_t done;
    uint64_t failed;
    uint64_t left;
    uint64_t bad_lines;        /* torn lines in all ledgers */
    struct passed_over passed; /* by the last starts (passed_over_file.h) */
    double rate;               /* items/s of running shards with a line in the last 15 minutes */
    double time_left;          /* s, of the slowest of those shards; negative: unknown */
};

/* Reads the state of a run whose items have these words, which must outlive the status; free it
 * with ledger_status_free. Returns 0, or -1 with ERROR_IO (no run there) or ERROR_MEMORY. */
int ledger_status_read(const struct folder *run, const struct item_words *words,
                       struct ledger_run_status *status, struct error *error);
void ledger_status_free(struct ledger_run_status *status);

/* Whether no item is left or, if their number is unknown, no shard is running. */
bool ledger_status_over(const struct ledger_run_status *status);

/* Print a table for people, or one line of JSON. */
void ledger_status_print(const struct ledger_run_status *status, FILE *out);
void ledger_status_print_json(const struct ledger_run_status *status, FILE *out);

/* Replaces the file of failed items: the latest line of each item whose last attempt failed. One
 * shard of several writes its own items to RUN/failed-<index>-of-<count>.ndjson; the only shard,
 * or NULL, writes all to RUN/failed.ndjson. *count (may be NULL) is their number. With `none`, the
 * caller knows that there are none, and no ledger is read. Returns 0, or -1 with ERROR_IO or
 * ERROR_MEMORY. */
int ledger_write_failed(const struct folder *run, const struct shard *shard, bool none,
                        uint64_t *count, struct error *error);

/* Whether RUN/`name` is a file that ledger_write_failed or ledger_merge replaces. `fold`: where letters of either
 * case are the same. */
bool ledger_replaces(const char *name, bool fold);

/* Replaces RUN/ledger.ndjson by the latest line of each item over all shards, and
 * RUN/failed.ndjson. *status is as from ledger_status_read. The shards' ledgers stay. Returns 0, or
 * -1 with ERROR_IO or ERROR_MEMORY. */
int ledger_merge(const struct folder *run, const struct item_words *words,
                 struct ledger_run_status *status, struct error *error);

#endif
