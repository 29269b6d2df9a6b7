/* folder.h - a folder into which others may write, and what lies below it.
 *
 * Who may write into a folder can put a link, a pipe or a file of his own where a run expects one of
 * its files, and can exchange it at any moment. So a run opens its folder once, and everything below
 * it from that handle, by a name relative to it. What is opened must be
 *   - reached without a symbolic link, and not through "..";
 *   - a regular file with one name (no hard link to somebody's file);
 *   - a file of this user, of root, or of the folder's owner, who can do what he likes there anyway
 *     (file systems of a network that show one owner for all files show the folder's).
 * Nothing waits for a pipe. A trusted folder (--trust-folder) is one into which nobody else writes:
 * there, links are followed, and only regular files are asked for.
 *
 * A name is relative, of one or more components without ".."; "" is the folder itself, where a
 * folder is asked for. Functions may be called from any thread. Messages begin with the path.
 * Errors are ERROR_IO, with errno in error->system if the system gave one (ENOENT: it is not
 * there; ELOOP: a link; EMLINK: several names), or ERROR_MEMORY.
 */
#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

struct error;

struct folder {
    int fd;
    char *path;   /* owned: as it was given */
    char *prefix; /* owned: the path and '/'; "" for the working folder. For messages */
    uid_t owner;
    bool trusted;
};

/* Opens a folder by the user's own path, in which links are followed. Freed with folder_close. NULL
 * on errors. */
struct folder *folder_open(const char *path, bool trusted, struct error *error);

/* The same; the folder and those above it are made if they are missing, and synced. */
struct folder *folder_make(const char *path, bool trusted, struct error *error);

/* The folder in which a path of the user's own lies, made if it is missing, trusted: for a file that
 * the user has named. *name is the last component, in `path`. */
struct folder *folder_of(const char *path, const char **name, struct error *error);

/* A folder below, with the same owner and trust. */
struct folder *folder_below(const struct folder *folder, const char *name, struct error *error);

/* NULL is allowed. */
void folder_close(struct folder *folder);

/* Opens a file with the flags of open(2); with O_CREAT it gets mode 0666 less the umask. The folder
 * that it lies in must be there. Returns the descriptor, closed on exec, or -1. */
int folder_open_file(const struct folder *folder, const char *name, int flags, struct error *error);

/* The same, for reading, as a stream. NULL on errors. */
FILE *folder_stream(const struct folder *folder, const char *name, struct error *error);

/* Reads a file of at most `most` bytes, as read_file does. */
int folder_read(const struct folder *folder, const char *name, size_t most, char **bytes,
                size_t *size, struct error *error);

/* Opens a folder below for listing. NULL on errors. */
DIR *folder_list(const struct folder *folder, const char *name, struct error *error);

/* Whether an errno says that the file system cannot hold a name: it is too long, or has characters
 * like ':' or '?'. */
bool folder_refuses_name(int system);

/* Opens whatever is there, whoever made it; for folder_file.c. Returns the descriptor, or -1. */
int folder_open_below(const struct folder *folder, const char *name, int flags,
                      struct error *error);

/* Opens the folder in which `name` lies, and makes it if asked to. *base is the last component, in
 * `name`. Returns the descriptor, or -1. */
int folder_parent(const struct folder *folder, const char *name, bool make, const char **base,
                  struct error *error);

/* Makes a folder below and those on the way; each is synced. One that is there is fine. */
int folder_make_below(const struct folder *folder, const char *name, struct error *error);

/* Facts about what has this name; a link is followed in a trusted folder only. 0, or -1 with
 * errno. */
int folder_stat(const struct folder *folder, const char *name, struct stat *status);

/* Whether something has this name in the folder, be it a link that leads nowhere; also true if that
 * cannot be found out, so that no name is taken to be free that is not. What lies behind a linked folder
 * is not in it. */
bool folder_has(const struct folder *folder, const char *name);

/* Removes a file; a missing one is fine. */
int folder_remove(const struct folder *folder, const char *name, struct error *error);

#endif
