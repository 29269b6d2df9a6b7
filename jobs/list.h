/* list.h - the items of a run, one by one: files, folders and text lists, in a stable order; or the
 * names of objects in a store, which are no files here.
 *
 * INPUT                 path to open          key (relative name)
 * photos/ (a folder)    photos/a/b.jpg        a/b.jpg
 * photos/a/b.jpg        photos/a/b.jpg        b.jpg
 * - (standard input)    -                     stdin        (whoever asks for it knows what it holds)
 * line ../x//y/./b.jpg  ../x//y/./b.jpg       x/y/b.jpg    (list entries: see list_key)
 * s3://b/a/b.tar (an object)                  b.tar
 * line s3://b/a/b.tar   s3://b/a/b.tar        b/a/b.tar
 *
 * In a text list, list_text.h drops what other systems put around a name.
 *
 * Names are bytes: any byte but NUL and '/'. Folders are walked depth first. Files and subfolders
 * of one folder are sorted together by their bytes, so two walks of an unchanged tree give the same
 * order. Only the names in the folders on the current path are held in memory.
 *
 * In folders, regular files and symbolic links to files are taken if the caller wants their names.
 * Names that name_rules.h leaves out are not (hidden ones, what systems put beside photographs,
 * what is excluded), nor symbolic links to folders (so there are no loops), sockets, pipes and
 * devices. All of these are counted (list_passed), but for the run's own folders. Files named on
 * the command line are taken whatever their name; those in a list unless they are excluded.
 *
 * A folder below an INPUT that cannot be read is an item with a fault; the walk goes on after it.
 */
#ifndef JOBS_LIST_H
#define JOBS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jobs/name_rules.h"
#include "jobs/passed_over.h"

struct error;
struct list;
struct shard;

#define LIST_STREAM_KEY "stdin"

struct list_options {
    const char *const *inputs; /* files and folders, in the order of the command line */
    size_t input_count;
    const char *list_file; /* a text list, read after `inputs`; "-": standard input; NULL: none */
    bool null_separated;   /* entries of the list end in NUL, not in newline, and are exact */
    /* `inputs` and the list's entries are names of objects in a store. No file system is asked about
     * them, and none is a folder. */
    bool objects;
    /* A folder not to walk into unless it is itself an INPUT: the output folder. NULL: none. */
    const char *skip_folder;
    bool (*wanted)(const char *name); /* whether to take a file in a folder; NULL: all */
    /* Whether a file holds many items: 1, 0, or -1 with an error that ends the walk. Every walk must
     * get the same answer. NULL: no file does. */
    int (*holds_many)(void *context, const char *path, const char *key, struct error *error);
    void *context;
    /* For such a file, the length of the part of its key that names the items' folder, at least 1 (of
     * "x/a.tar", "x/a"). */
    size_t (*folder)(const char *key);
    /* Names in folders to skip, by their end: ".overlay.jpg". NULL: none. */
    const char *skip_suffix;
    struct name_rules rules;
};

struct list_item {
    const char *path; /* what to open; or the name of an object */
    const char
        *copy;       /* a file with the object's bytes, once the caller has fetched it; else NULL */
    const char *key; /* relative name with its extension; unique in a run that was surveyed */
    size_t folder;   /* for a file of many items, length of the part of the key that names their
                         folder; else 0 */
    uint64_t index;  /* 0, 1, 2, ... over all items */
    uint64_t line;   /* of the text list, from 1; 0: not from there */
    /* Why the folder `path` cannot be read: an item that can only fail. Its path and key end in
     * '/'. NULL for files. */
    const struct error *fault;
};

/* Opens the list. Every INPUT must exist, unless it is an object. A text list that is not a regular file (standard input, a
 * pipe) is copied to an unlinked temporary file first, so that list_rewind works. The strings of
 * `options` must outlive the list.
 * Returns NULL with ERROR_IO or ERROR_MEMORY; the caller frees with list_close. */
struct list *list_open(const struct list_options *options, struct error *error);

/* The next item. Returns 1 with *item filled (its strings are valid until the next call), 0 at the
 * end, or -1 with ERROR_IO (an INPUT or the list cannot be read), ERROR_USAGE (an entry of the list
 * names no file, or an INPUT no object) or ERROR_MEMORY. */
int list_next(struct list *list, struct list_item *item, struct error *error);

/* From now on calls `no_fault` for each folder below an INPUT that was read, before its first
 * item, and for each that is left out by its name. Its key ends in '/', as that of an item with a fault. */
void list_watch(struct list *list, void (*no_fault)(void *context, const char *key), void *context);

/* Starts again from the first item. Returns 0, or -1 with ERROR_IO. */
int list_rewind(struct list *list, struct error *error);

/* What was passed over since the first item. Complete once list_next has returned 0. Valid as long
 * as the list. */
const struct passed_over *list_passed(const struct list *list);

void list_close(struct list *list);

struct list_survey {
    uint64_t items; /* all items, without repeats */
    uint64_t mine;  /* items of the shard; ITEMS_UNKNOWN (items.h) if one of them holds many */
    uint64_t
        mine_sum; /* of the hashes (hash_bytes) of their keys, unless their number is unknown */
    struct passed_over passed; /* by the whole list */
};

/* Counts the whole list, and refuses two items that would write the same output, naming both: items
 * whose keys differ only in their extension, files of many items with the same folder, and items in
 * such a folder (which takes another pass). Items with the same key are one if they are the same
 * file: the first counts, and list_next skips the others from now on. Also refuses items whose
 * output would lie in a top-level folder starting with '@', which is reserved for formats, or in
 * PATH_RUN_FOLDER (path.h). `shard` may be NULL. Rewinds the list at the end. Needs 12 to 24 bytes
 * of memory an item for hashes; if two hashes are equal, another pass compares the names, and holds
 * them. Returns 0, or -1 with ERROR_USAGE (refused), ERROR_IO or ERROR_MEMORY. */
int list_survey(struct list *list, const struct shard *shard, struct list_survey *counts,
                struct error *error);

/* Length of the key without its extension, which begins at the last '.' of the last component
 * unless that is its first byte. "a.b/c.tar.gz" -> "a.b/c.tar", "x/.rc" -> "x/.rc". */
size_t list_stem(const char *key);

/* The part of an object's name behind its scheme: "s3://b/x.tar" -> "b/x.tar"; the whole name if it
 * has none. Points into `name`. */
const char *list_behind_scheme(const char *name);

/* Writes the key of a list entry to `key`, which has room for strlen(path) + 1 bytes. Drops empty
 * and "." components; ".." removes the component before it, if any. So no key leaves the output
 * folder. Returns 0, or -1 if nothing is left ("/", ".."). */
int list_key(const char *path, char *key);

#endif
