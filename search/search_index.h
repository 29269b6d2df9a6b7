/* search_index.h - the vectors of many items in one file that is mapped, not read: item after item, each with its
 * name and some rows of its own.
 *
 * The file, all numbers little-endian, integers of 64 bits unless said:
 *   header   64 bytes: "MMSEARCH", version (32 bits), width (32 bits), kind (32 bytes, zeros behind), 16 zeros
 *   rows     [rows][width] float16, then zeros up to a multiple of 8 bytes
 *   items    [items] of first row, size, time, offset of the name in `names`
 *   names    each ends in a zero, then zeros up to a multiple of 8 bytes
 *   footer   64 bytes: rows, items, bytes of names, digest (hash_bytes) of items and names, 24 zeros, "MMSEARCH"
 * Size and time are those of the file that an item's rows come from. Only the rows may be damaged without being
 * noticed: search.h bounds what comes of that. A reader needs no memory of its own. */
#ifndef SEARCH_SEARCH_INDEX_H
#define SEARCH_SEARCH_INDEX_H

#include <stdint.h>

#include "base/atomic.h"
#include "search/search.h"

struct error;
struct folder;

enum { SEARCH_KIND_SIZE = 32 /* bytes of a kind, with a zero */ };

struct search_item {
    const char *name; /* while the index is open */
    uint64_t first, rows;
    uint64_t size; /* of the file that it comes from */
    int64_t time;  /* when that was changed: nanoseconds since 1970 */
};

struct search_index;

/* Maps the file `name` below `folder`, which is untrusted, and checks all but the rows. Freed with
 * search_index_close. NULL with ERROR_IO (error->system is ENOENT if it is not there), ERROR_RECORD (no index, or
 * damaged) or ERROR_MEMORY. */
struct search_index *search_index_open(const struct folder *folder, const char *name,
                                       struct error *error);
void search_index_close(struct search_index *index);

/* Whether nothing but an index is lost if `name` below `folder` is replaced: it is not there, empty, or begins as an
 * index does, of any version and however damaged. False, too, if it cannot be read. */
bool search_index_may_replace(const struct folder *folder, const char *name);

/* The rows and the kind, while the index is open. An index without rows has the width 1. */
struct search_rows search_index_rows(const struct search_index *index);
const char *search_index_kind(const struct search_index *index);

/* The number of items, and the one at a place below that. */
uint64_t search_index_count(const struct search_index *index);
struct search_item search_index_item(const struct search_index *index, uint64_t place);

/* The place of the item that a row belongs to. */
uint64_t search_index_place(const struct search_index *index, uint64_t row);

/* Writes an index: begin, add each item, commit; or abandon. Memory grows with items, not with rows. Begins with all
 * zeros. */
struct search_writer {
    struct atomic_file file; /* owned, as all below */
    size_t width;            /* 0: not known yet */
    char kind
        [SEARCH_KIND_SIZE]; /* the first that is known; the header has that of the first vectors */
    bool begun;             /* the header is written */
    uint64_t rows, items;
    unsigned char *table; /* [items] */
    size_t table_size, table_room;
    char *names;
    size_t names_size, names_room;
};

/* Vectors of one item. Borrowed. */
struct search_vectors {
    const uint16_t *halves; /* [count][width] */
    uint64_t count;
    size_t width;
    const char *kind; /* "": not known, which goes with any */
};

/* 0 or -1 (ERROR_IO, ERROR_MEMORY). */
int search_writer_begin(struct search_writer *writer, const struct folder *folder, const char *name,
                        struct error *error);

/* Adds an item, of which `name`, `size` and `time` are used. 0 or -1 (ERROR_RECORD: its vectors differ from earlier ones
 * in width or kind, or cannot be searched, and nothing is added; ERROR_IO, ERROR_MEMORY). Vectors of no rows may have any
 * width. */
int search_writer_add(struct search_writer *writer, const struct search_item *item,
                      const struct search_vectors *vectors, struct error *error);

/* Puts the file in its place. The writer is freed in any case. 0 or -1 (ERROR_IO, ERROR_MEMORY). */
int search_writer_commit(struct search_writer *writer, struct error *error);

/* Removes what was written and frees. No effect on a writer of zeros. */
void search_writer_abandon(struct search_writer *writer);

#endif
