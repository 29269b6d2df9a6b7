/* ledger_index.h - which images are done or failed, from all ledgers of a run, in 20 bytes a slot.
 *
 * Keys are held as 64 bits of one hash and 26 bits of another: with 10 million images the chance
 * that any two are confused is below 1e-13.
 */
#ifndef JOBS_LEDGER_INDEX_H
#define JOBS_LEDGER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs/ledger.h"

struct atomic_writer;
struct ledger_index;

struct ledger_entry {
    enum ledger_status status; /* LEDGER_NONE: in no ledger, or a tar without fault */
    uint64_t bytes; /* of the output, below 2^36 (64 GiB); larger ones are held as that */
};

struct ledger_counts {
    uint64_t done;
    uint64_t failed;
    uint64_t bad_lines;
};

/* An empty index. NULL with ERROR_MEMORY; freed with ledger_index_free. */
struct ledger_index *ledger_index_new(struct error *error);
void ledger_index_free(struct ledger_index *index);

/* Reads all ledgers of the run, of this and other numbers of shards; keeps the images of `shard`,
 * or all where it is NULL. A run without ledgers gives an empty index.
 * Returns NULL with ERROR_IO or ERROR_MEMORY. */
struct ledger_index *ledger_index_read(const char *run, const struct shard *shard,
                                       struct error *error);

/* Takes an image line into the index, if it is later than what is there. Eight bytes a slot more
 * once a line is of an image in a tar. */
int ledger_index_add(struct ledger_index *index, const struct ledger_line *line,
                     struct error *error);

/* What is known of an image. Reading is safe from several threads while nobody adds. */
struct ledger_entry ledger_index_find(const struct ledger_index *index, const char *key);

/* Adds the done and failed images of each of `shards` shards to counts[shards] (zeroed by the
 * caller).
 */
void ledger_index_shards(const struct ledger_index *index, uint32_t shards,
                         struct ledger_counts *counts);

/* True, once, for the line that decided what the index says of its image: same time and status as
 * there. From then on the image is unknown to ledger_index_find. */
bool ledger_index_take(struct ledger_index *index, const struct ledger_line *line);

struct ledger_counts ledger_index_counts(const struct ledger_index *index);

/* Who wrote temporary files in earlier starts of the very shard that the ledgers were read for:
 * *count of them, owned by the index. Whoever holds the shard's lock knows that all are gone. */
const struct atomic_writer *ledger_index_writers(const struct ledger_index *index, size_t *count);

#endif
