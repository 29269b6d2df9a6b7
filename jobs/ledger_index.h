/* ledger_index.h - which items are done or failed, from all ledgers of a run, in 20 bytes a slot.
 *
 * Keys are held as 64 bits of one hash and 26 bits of another. With 10 million items, the chance
 * that any two are confused is below 1e-13.
 */
#ifndef JOBS_LEDGER_INDEX_H
#define JOBS_LEDGER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs/ledger.h"

struct atomic_writer;
struct folder;
struct ledger_index;

struct ledger_entry {
    enum ledger_status status; /* LEDGER_NONE: in no ledger, or a tar or folder that was read */
    uint64_t bytes;            /* size of the output; at most 2^36 - 2 (64 GiB). 0: none */
};

struct ledger_counts {
    uint64_t done;
    uint64_t failed;
    uint64_t bad_lines;
};

/* An empty index, freed with ledger_index_free. NULL with ERROR_MEMORY. */
struct ledger_index *ledger_index_new(struct error *error);
void ledger_index_free(struct ledger_index *index);

/* Reads all ledgers of the run, whatever number of shards they were written with. Keeps the items
 * of `shard`, or all if it is NULL. A run without ledgers gives an empty index. Returns NULL with
 * ERROR_IO or ERROR_MEMORY. */
struct ledger_index *ledger_index_read(const struct folder *run, const struct shard *shard,
                                       struct error *error);

/* Adds an item's line unless the index has a later one. The index grows by eight bytes a slot with
 * the first item in a tar. 0, or -1 with ERROR_MEMORY. */
int ledger_index_add(struct ledger_index *index, const struct ledger_line *line,
                     struct error *error);

/* What the ledgers say about an item. Several threads may call it while nobody adds. */
struct ledger_entry ledger_index_find(const struct ledger_index *index, const char *key);

/* Adds the done and failed items of each of `shards` shards to counts[shards], which the caller
 * has zeroed. */
void ledger_index_shards(const struct ledger_index *index, uint32_t shards,
                         struct ledger_counts *counts);

/* True, once, for the line that the index has for an item (same time and status).
 * ledger_index_find then no longer knows the item. */
bool ledger_index_take(struct ledger_index *index, const struct ledger_line *line);

/* Whether the done and failed items are exactly these: `count` of them, whose keys' hashes
 * (hash_bytes) have this sum. */
bool ledger_index_matches(const struct ledger_index *index, uint64_t count, uint64_t sum);

struct ledger_counts ledger_index_counts(const struct ledger_index *index);

/* The writers of temporary files of all earlier starts of the shard that the index was read for:
 * [*count], owned by the index. If the caller holds the shard's lock, all of them are gone. */
const struct atomic_writer *ledger_index_writers(const struct ledger_index *index, size_t *count);

#endif
