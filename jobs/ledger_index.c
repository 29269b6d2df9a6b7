#include "jobs/ledger_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_name.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "jobs/shard.h"

/* A map with open addressing, at most three quarters full. It is no hash_set: entries have values
 * and confirm a match by bits of a second hash. A state packs, from the high bits on, 26 bits of
 * the second hash, 2 of status and 36 of one more than the bytes; 0 marks a free slot. */
struct ledger_index {
    uint64_t *hashes;
    uint64_t *states;
    uint32_t *times;  /* quarters of a second since 2020-01-01 */
    uint64_t *owners; /* hashes of the names that decide the shards; NULL: as `hashes` */
    size_t size;      /* a power of two */
    size_t used;
    struct ledger_counts counts;
    struct atomic_writer *writers; /* [writer_count] of earlier starts of this shard */
    size_t writer_count, writer_capacity;
};

enum { BYTES_BITS = 36, STATUS_BITS = 2 };

static const double EPOCH = 1577836800.0; /* 2020-01-01T00:00:00Z */
static const uint64_t BYTES_MASK = (UINT64_C(1) << BYTES_BITS) - 1;

struct name_hash {
    uint64_t hash;
    uint64_t check; /* of the second hash, where a state has it: the high bits */
};

static struct name_hash hash_name(const char *key)
{
    size_t length = strlen(key);
    uint64_t check = hash_bytes_again(key, length);
    return (struct name_hash){hash_bytes(key, length), check >> (BYTES_BITS + STATUS_BITS)
                                                                    << (BYTES_BITS + STATUS_BITS)};
}

static uint64_t check_of(uint64_t state)
{
    return state >> (BYTES_BITS + STATUS_BITS) << (BYTES_BITS + STATUS_BITS);
}

static enum ledger_status status_of(uint64_t state)
{
    return (enum ledger_status)(state >> BYTES_BITS & 3);
}

/* The slot of the name, or the free slot where it belongs. */
static size_t find_slot(const struct ledger_index *index, struct name_hash name)
{
    size_t at = name.hash & (index->size - 1);
    while (index->states[at] &&
           !(index->hashes[at] == name.hash && check_of(index->states[at]) == name.check))
        at = (at + 1) & (index->size - 1);
    return at;
}

static int allocate(struct ledger_index *index, size_t size, struct error *error)
{
    index->size = size;
    index->hashes = memory_new(size, sizeof *index->hashes, "index of the ledgers", error);
    index->states = memory_new(size, sizeof *index->states, "index of the ledgers", error);
    index->times = memory_new(size, sizeof *index->times, "index of the ledgers", error);
    bool owned = index->owners;
    if (owned)
        index->owners = memory_new(size, sizeof *index->owners, "index of the ledgers", error);
    return index->hashes && index->states && index->times && (!owned || index->owners) ? 0 : -1;
}

static void free_arrays(struct ledger_index *index)
{
    memory_free(index->hashes);
    memory_free(index->states);
    memory_free(index->times);
    memory_free(index->owners);
}

static int grow(struct ledger_index *index, struct error *error)
{
    struct ledger_index larger = *index;
    if (allocate(&larger, 2 * index->size, error)) {
        free_arrays(&larger);
        return -1;
    }
    for (size_t i = 0; i < index->size; i++) {
        if (!index->states[i])
            continue;
        struct name_hash name = {index->hashes[i], check_of(index->states[i])};
        size_t at = find_slot(&larger, name);
        larger.hashes[at] = index->hashes[i];
        larger.states[at] = index->states[i];
        larger.times[at] = index->times[i];
        if (index->owners)
            larger.owners[at] = index->owners[i];
    }
    free_arrays(index);
    *index = larger;
    return 0;
}

struct ledger_index *ledger_index_new(struct error *error)
{
    struct ledger_index *index = memory_new(1, sizeof *index, "index of the ledgers", error);
    if (index && allocate(index, 1024, error)) {
        ledger_index_free(index);
        return NULL;
    }
    return index;
}

void ledger_index_free(struct ledger_index *index)
{
    if (!index)
        return;
    free_arrays(index);
    free(index->writers);
    memory_free(index);
}

static void count(struct ledger_counts *counts, enum ledger_status status, int by)
{
    if (status == LEDGER_DONE)
        counts->done += (uint64_t)by;
    else if (status == LEDGER_FAILED)
        counts->failed += (uint64_t)by;
}

/* Notes which name decides the shard of slot `at`, whose hash is set. */
static int note_owner(struct ledger_index *index, size_t at, const struct ledger_line *line,
                      struct error *error)
{
    if (!index->owners && line->tar) {
        index->owners =
            memory_new(index->size, sizeof *index->owners, "index of the ledgers", error);
        if (!index->owners)
            return -1;
        memcpy(index->owners, index->hashes, index->size * sizeof *index->owners);
    }
    if (index->owners)
        index->owners[at] =
            line->tar ? hash_bytes(line->tar, strlen(line->tar)) : index->hashes[at];
    return 0;
}

static uint32_t pack_time(double time)
{
    double quarters = (time - EPOCH) * 4;
    return quarters <= 0 ? 0 : quarters >= UINT32_MAX ? UINT32_MAX : (uint32_t)quarters;
}

int ledger_index_add(struct ledger_index *index, const struct ledger_line *line,
                     struct error *error)
{
    if (index->used >= index->size / 4 * 3 && grow(index, error))
        return -1;
    struct name_hash name = hash_name(line->key);
    size_t at = find_slot(index, name);
    uint32_t time = pack_time(line->time);
    if (index->states[at] && time < index->times[at])
        return 0;
    index->used += !index->states[at];
    count(&index->counts, status_of(index->states[at]), -1);
    count(&index->counts, line->status, 1);
    uint64_t bytes = line->bytes >= BYTES_MASK ? BYTES_MASK : line->bytes + 1;
    index->hashes[at] = name.hash;
    index->states[at] = name.check | (uint64_t)line->status << BYTES_BITS | bytes;
    index->times[at] = time;
    return note_owner(index, at, line, error);
}

struct reading_context {
    struct ledger_index *index;
    const struct shard *shard;
    struct error *error;
};

/* Notes the writer of an earlier start of this shard. */
static int add_start(const struct reading_context *reading, const struct ledger_line *line)
{
    struct ledger_index *index = reading->index;
    char own[32];
    struct atomic_writer writer;
    if (!reading->shard || !line->shard || !line->writer)
        return 0;
    snprintf(own, sizeof own, "%u/%u", reading->shard->index, reading->shard->count);
    if (strcmp(line->shard, own) != 0 || !atomic_writer_parse(line->writer, &writer))
        return 0;
    if (memory_grow((void **)&index->writers, &index->writer_capacity, index->writer_count + 1,
                    sizeof writer, reading->error))
        return -1;
    index->writers[index->writer_count++] = writer;
    return 0;
}

static int add_line(void *context, const struct ledger_line *line)
{
    const struct reading_context *reading = context;
    if (line->status == LEDGER_EVENT)
        return add_start(reading, line);
    if (reading->shard && !shard_has(reading->shard, ledger_line_name(line)))
        return 0;
    struct ledger_line lean = *line;
    lean.tar = NULL; /* the shard is known, so save the memory of `owners` */
    return ledger_index_add(reading->index, &lean, reading->error);
}

struct ledger_index *ledger_index_read(const struct folder *run, const struct shard *shard,
                                       struct error *error)
{
    char **names;
    size_t files;
    if (ledger_files(run, shard, &names, &files, error))
        return NULL;
    struct ledger_index *index = ledger_index_new(error);
    struct reading_context context = {index, shard, error};
    int status = index ? 0 : -1;
    for (size_t i = 0; status == 0 && i < files; i++) {
        struct ledger_reading reading;
        status = ledger_read(run, names[i], add_line, &context, &reading, error);
        if (index)
            index->counts.bad_lines += reading.bad;
    }
    free(names);
    if (status) {
        ledger_index_free(index);
        return NULL;
    }
    return index;
}

struct ledger_entry ledger_index_find(const struct ledger_index *index, const char *key)
{
    uint64_t state = index->states[find_slot(index, hash_name(key))];
    enum ledger_status status = status_of(state);
    uint64_t more = state & BYTES_MASK;      /* than the bytes, by one */
    if (status == LEDGER_EVENT || more == 0) /* taken, or a free slot */
        return (struct ledger_entry){LEDGER_NONE, 0};
    return (struct ledger_entry){status, more - 1};
}

void ledger_index_shards(const struct ledger_index *index, uint32_t shards,
                         struct ledger_counts *counts)
{
    const uint64_t *owners = index->owners ? index->owners : index->hashes;
    for (size_t i = 0; i < index->size; i++)
        if (index->states[i])
            count(&counts[owners[i] % shards], status_of(index->states[i]), 1);
}

bool ledger_index_take(struct ledger_index *index, const struct ledger_line *line)
{
    size_t at = find_slot(index, hash_name(line->key));
    uint64_t state = index->states[at];
    if (!state || status_of(state) != line->status || index->times[at] != pack_time(line->time))
        return false;
    /* Mark the slot: freeing it would break the chain of slots. */
    index->states[at] = check_of(state) | (uint64_t)LEDGER_EVENT << BYTES_BITS;
    return true;
}

bool ledger_index_matches(const struct ledger_index *index, uint64_t count, uint64_t sum)
{
    if (index->counts.done + index->counts.failed != count)
        return false;
    for (size_t i = 0; i < index->size; i++) {
        enum ledger_status status = status_of(index->states[i]);
        if (index->states[i] && (status == LEDGER_DONE || status == LEDGER_FAILED))
            sum -= index->hashes[i];
    }
    return sum == 0;
}

const struct atomic_writer *ledger_index_writers(const struct ledger_index *index, size_t *count)
{
    *count = index->writer_count;
    return index->writers;
}

struct ledger_counts ledger_index_counts(const struct ledger_index *index)
{
    return index->counts;
}
