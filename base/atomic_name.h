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

/* Tells processes apart that cannot see each other's PIDs: a hash of the host's name and of the PID
 * name space. */
uint32_t atomic_host(void);

/* "FOLDER/.NAME.HOST.PID.COUNTER.maskmill-tmp" for the destination FOLDER/NAME; a long NAME is cut
 * so that the whole stays below 255 bytes. Owned by the caller; NULL where memory is short. */
char *atomic_temporary_name(const char *path, uint32_t host, pid_t pid, unsigned counter);

/* Whether `name` (without its folder) is a temporary name, and of whom. */
bool atomic_is_temporary(const char *name, uint32_t *host, pid_t *pid);

/* fsync of the folder path[0..length). 0 or -1 (ERROR_IO). */
int atomic_sync_folder(const char *path, size_t length, struct error *error);

/* Notes that a file was renamed to `path`. Returns 0, or -1 (ERROR_MEMORY, ERROR_IO: there was no
 * room to note the folder and syncing it at once failed). */
int atomic_batch_add(struct atomic_batch *batch, const char *path, struct error *error);

#endif
