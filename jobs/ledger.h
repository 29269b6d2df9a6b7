/* ledger.h - what a run has done: one line of NDJSON for each attempt at an item, append only.
 *
 * Each shard has its own file, RUN/.maskmill/ledger-<index>-of-<count>.ndjson, so that no shard
 * waits for another. Its lines are:
 *
 *   {"event":"start","time":1767225600.125,"host":"n1","pid":7,
 *    "writer":"5f3a9c01.7.d41e88b2","shard":"0/4","pages":2500}       ("pages" only if known)
 *   {"path":"a/b.txt","status":"done","bytes":5120,"lines":31,
 *    "seconds":0.412,"worker":1,"time":1767225601.5}
 *   {"path":"a/c.txt","status":"failed","error":"a/c.txt: not a page","seconds":0.001,...}
 *   {"path":"b.tar","status":"read","seconds":0.000,...}
 *   {"event":"end","time":1767229200.5,"reason":"done"}
 *
 * Here the items are pages (items.h), and the caller adds a number of its own, "lines".
 *
 * The line of an item in a tar has "tar" after its path: the key of the tar, which decides the
 * shard (ledger_line_name). A damaged tar has a "failed" line of its own, and so has a folder that
 * cannot be read, its path with a '/' at the end. A later "read" line, once all of it was read,
 * clears that failure; it counts as no item. It has "bytes" if all items of the tar went into one
 * output file, which has been published with this size. If a name is not UTF-8,
 * "path" has U+FFFD for each bad byte, and "path_hex" has the true bytes in hexadecimal; likewise
 * "tar" and "tar_hex". Of several lines for one item, the one with the latest time counts.
 *
 * Every line is one write(2) with O_APPEND. If a crash or a full disk tears a line, the next write
 * ends it with a newline, and readers ignore it: its item is done again.
 *
 * "done" lines can be trusted after a power loss because ledger_append is called once the output is
 * durable (file and folder synced). The ledger itself need not be durable: a lost line only means
 * that its item is done again.
 */
#ifndef JOBS_LEDGER_H
#define JOBS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/path.h"

struct error;
struct folder;
struct item_words;
struct ledger;
struct ndjson;
struct shard;

#define LEDGER_FOLDER PATH_RUN_FOLDER /* in the run's folder */

enum ledger_status {
    LEDGER_NONE,   /* never tried; a line with it is a "read" line */
    LEDGER_DONE,   /* the output was written; check that it still exists with this size */
    LEDGER_FAILED, /* tried; the item, not the machine, is at fault */
    LEDGER_EVENT   /* only when reading: the line is a start or an end */
};

/* A number that the caller adds to a line. Its name is an ASCII identifier (letters, digits, '_')
 * that is none of the members above. */
struct ledger_number {
    const char *name;
    uint64_t value; /* at most INT64_MAX */
};

enum { LEDGER_NUMBERS = 4 };

struct ledger_line {
    enum ledger_status status;
    const char *key; /* bytes; NULL for events */
    const char *tar; /* key of the tar that holds the item; NULL: none */
    uint64_t
        bytes; /* size of the output; 0 if failed, or if a tar that was read has none of its own */
    struct ledger_number numbers[LEDGER_NUMBERS]; /* the caller's, up to the first without a name */
    double seconds;                               /* time spent on this item */
    uint32_t worker;
    const char *error; /* one line; NULL unless failed */
    double time;       /* seconds since 1970 (UTC); ledger_append takes 0 for now */
    /* events only */
    const char *event;  /* "start" or "end" */
    const char *reason; /* of an end: "done", "failures", "stopped", "error" */
    const char *shard;  /* of a start: "0/4" */
    const char *host;   /* of a start */
    const char *writer; /* of a start: who writes its temporary files (atomic_name.h) */
    uint64_t pid;
};

/* Opens or creates the ledger of a shard for appending; `run` is the run's folder. Makes
 * RUN/.maskmill if it is missing. Only one process may write a shard's ledger; the caller ensures
 * that (lock.h). Returns NULL with ERROR_IO or ERROR_MEMORY. */
struct ledger *ledger_open(const struct folder *run, const struct shard *shard,
                           struct error *error);

/* Appends a line. Any thread may call it; lines never mix. Returns 0, or -1 with ERROR_IO or
 * ERROR_MEMORY: then the line does not count, and a later call may succeed. */
int ledger_append(struct ledger *ledger, const struct ledger_line *line, struct error *error);

/* The name that decides which shard a line belongs to (shard_has): the item's key, or the key of
 * its tar, since one shard reads a whole tar. */
const char *ledger_line_name(const struct ledger_line *line);

/* The caller's number `name` in a line, or `otherwise` if the line has none of that name. */
uint64_t ledger_line_number(const struct ledger_line *line, const char *name, uint64_t otherwise);

/* Appends the members of an item's or a tar's line to a JSON object that was begun, except for its
 * time. */
void ledger_format_item(struct ndjson *line, const struct ledger_line *item);

/* Append the event lines. A start has host, pid, shard and, as the number words->items, how many
 * items the shard has, unless that is ITEMS_UNKNOWN. 0, or -1 with ERROR_IO or ERROR_MEMORY. */
int ledger_append_start(struct ledger *ledger, const struct item_words *words, uint64_t items,
                        struct error *error);
int ledger_append_end(struct ledger *ledger, const char *reason, struct error *error);

/* Syncs the ledger file. 0, or -1 with ERROR_IO. */
int ledger_sync(struct ledger *ledger, struct error *error);

/* Closes and frees. NULL is allowed. */
void ledger_close(struct ledger *ledger);

/* Called for each valid line in the file's order. The line's strings are valid during the call. A
 * return other than 0 ends the reading. */
typedef int ledger_visit(void *context, const struct ledger_line *line);

struct ledger_reading {
    uint64_t lines; /* valid lines */
    uint64_t bad;   /* torn or foreign lines, which are skipped */
};

/* A larger ledger is not read: 50 million lines, and more than any run has. */
#define LEDGER_FILE_MAX ((int64_t)16 << 30)

/* Reads the ledger `name` below the run's folder line by line; lines longer than 1 MiB are bad.
 * `reading` may be NULL. Returns 0, -1 with ERROR_IO or ERROR_MEMORY, or what `visit` returned. */
int ledger_read(const struct folder *run, const char *name, ledger_visit *visit, void *context,
                struct ledger_reading *reading, struct error *error);

/* The names of a run's ledgers below its folder, sorted: an array of *count strings in one block,
 * freed with free(3). With a shard, only ledgers that may hold its items: its own, and those
 * written with another number of shards. *names is NULL if there are none. Returns 0, or -1 with
 * ERROR_IO or ERROR_MEMORY. */
int ledger_files(const struct folder *run, const struct shard *shard, char ***names, size_t *count,
                 struct error *error);

#endif
