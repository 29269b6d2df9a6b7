/* atomic_name.h - temporary names, and what atomic.c, atomic_batch.c and atomic_clean.c share. */
#ifndef BASE_ATOMIC_NAME_H
#define BASE_ATOMIC_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct atomic_batch;
struct error;

/* Length of the folder part of a path, without its last '/'; 0 for the working folder, 1 for "/".
 */
size_t atomic_folder_length(const char *path);

/* A process that writes temporary files. */
struct atomic_writer {
    uint32_t host; /* a hash of the host's name and of the PID name space: PIDs count only there */
    pid_t pid;
    uint32_t birth; /* a hash of when the process started, so that a PID used again is told apart;
                       0: not known */
};

/* This process. */
struct atomic_writer atomic_writer_self(void);

/* Whether the process is known to be gone: it was on this host, and no process has its PID, or one
 * that started at another time. */
bool atomic_writer_is_gone(const struct atomic_writer *writer);

bool atomic_writer_equal(const struct atomic_writer *one, const struct atomic_writer *other);

enum { ATOMIC_WRITER_TEXT = 40 };

/* The writer as "HOST.PID.BIRTH", as it stands in names; and back: false where it is none. */
void atomic_writer_text(const struct atomic_writer *writer, char text[ATOMIC_WRITER_TEXT]);
bool atomic_writer_parse(const char *text, struct atomic_writer *writer);

/* "FOLDER/.NAME.HOST.PID.BIRTH.COUNTER.maskmill-tmp" for the destination FOLDER/NAME; a long NAME
 * is cut so that the whole stays below 255 bytes. Owned by the caller; NULL where memory is short.
 */
char *atomic_temporary_name(const char *path, const struct atomic_writer *writer, unsigned counter);

/* Whether `name` (without its folder) is a temporary name, and of whom. */
bool atomic_is_temporary(const char *name, struct atomic_writer *writer);

/* fsync of the folder path[0..length). 0 or -1 (ERROR_IO). */
int atomic_sync_folder(const char *path, size_t length, struct error *error);

/* Notes that a file was renamed to `path`. Returns 0, or -1 (ERROR_MEMORY, ERROR_IO: there was no
 * room to note the folder and syncing it at once failed). */
int atomic_batch_add(struct atomic_batch *batch, const char *path, struct error *error);

#endif
