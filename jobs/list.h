/* list.h - the images of a run, streamed: files, folders and text lists, in a stable order.
 *
 * INPUT                 path to open          key (relative name)
 * photos/ (a folder)    photos/a/b.jpg        a/b.jpg
 * photos/a/b.jpg        photos/a/b.jpg        b.jpg
 * line ../x//y/./b.jpg  ../x//y/./b.jpg       x/y/b.jpg    (list entries: see list_key)
 *
 * Names are bytes: any byte but NUL and '/' may stand in them. Folders are walked depth first, the
 * names of one folder sorted by their bytes, files and subfolders together, so that two walks of an
 * unchanged tree give the same order. Memory: the names of the folders on the current path, and
 * nothing for images already given.
 *
 * In a folder these are taken: regular files, and symbolic links to anything but a folder, whose
 * name the caller wants. Left out: names that begin with '.' (also the state
 * folder of a run, and the "._x.jpg" that macOS leaves), symbolic links to folders (so loops cannot
 * be), sockets, pipes and devices. Files named on the command line or in a list are taken whatever
 * they are called.
 */
#ifndef JOBS_LIST_H
#define JOBS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct list;
struct shard;

struct list_options {
    const char *const *inputs; /* files and folders, in the order of the command line */
    size_t input_count;
    const char *list_file; /* a text list, "-" for standard input, NULL for none; after `inputs` */
    bool null_separated;   /* entries of the list end in NUL, not in newline */
    const char *skip_folder; /* a folder not to walk into (the output folder); NULL for none. It is
                                walked all the same where it is itself an INPUT */
    bool (*wanted)(const char *name);   /* names in folders that are taken; NULL: all */
    size_t (*folder)(const char *path); /* for a file of many images the length of `path` up to the
                                           end of the folder that it stands for (of "x/a.tar" that
                                           of "x/a"), for others the whole length; NULL: none is */
    const char *skip_suffix; /* names to leave out in folders (".overlay.jpg"), NULL for none */
};

struct list_item {
    const char *path; /* what to open */
    const char *key;  /* relative name with its extension; unique within a run once surveyed */
    size_t folder;    /* 0; for a file of many images the length of the key's part that is their
                         folder, as the options say */
    uint64_t index;   /* 0, 1, 2, ... over all items */
};

/* Opens the list. Every INPUT must exist, and a folder must be readable. A list that is not a
 * regular file (standard input, a pipe) is first copied to an unlinked temporary file, so that
 * list_rewind works. The strings of `options` must outlive the list.
 * Returns NULL with ERROR_IO or ERROR_USAGE; the caller frees with list_close. */
struct list *list_open(const struct list_options *options, struct error *error);

/* The next image: 1 and *item filled (its strings are the list's, valid until the next call),
 * 0 at the end, -1 with ERROR_IO where a folder or the list cannot be read, or ERROR_USAGE where a
 * list entry names no file. */
int list_next(struct list *list, struct list_item *item, struct error *error);

/* Starts again from the first item. Returns 0, or -1 with ERROR_IO. */
int list_rewind(struct list *list, struct error *error);

void list_close(struct list *list);

struct list_survey {
    uint64_t images; /* all items */
    uint64_t mine;   /* those of the shard, = images without one; IMAGES_UNKNOWN (unknown.h) where
                        one of them holds many */
};

/* Goes through the whole list, counts it, and refuses two items that would write the same output,
 * naming both: images with equal keys once the extension is taken off, files of many images with
 * the same folder, and anything in such a folder (for which it goes through the list once more).
 * Refuses too what would lie in a folder '@...' at the top (writer.h: other formats do). `shard`
 * may be NULL. Rewinds the list at the end. Memory: a table of 64-bit hashes, 12 to 24 bytes an
 * item; equal hashes are verified by their names in another pass. Returns 0, or -1 with ERROR_USAGE
 * (refused), ERROR_IO or ERROR_MEMORY. */
int list_survey(struct list *list, const struct shard *shard, struct list_survey *survey,
                struct error *error);

/* Length of the key without its extension: up to the last '.' of its last component, if that is not
 * the component's first byte. "a.b/c.tar.gz" -> "a.b/c.tar", "x/.rc" -> "x/.rc". */
size_t list_stem(const char *key);

/* Writes the key of a list entry: empty and "." components are dropped, ".." takes the component
 * before it away, and is dropped where there is none, so that no key leaves the output folder.
 * `key` has room for strlen(path) + 1 bytes. Returns 0, or -1 where nothing is left ("/", ".."). */
int list_key(const char *path, char *key);

#endif
