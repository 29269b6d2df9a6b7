/* atomic_name.h - names of temporary files, which say what process writes them. */
#ifndef BASE_ATOMIC_NAME_H
#define BASE_ATOMIC_NAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A process that writes temporary files. */
struct atomic_writer {
    uint32_t host; /* atomic_writer_host of its machine */
    pid_t pid;
    uint32_t birth; /* hash of the process's start time, since PIDs are reused; 0: unknown */
};

struct machine;

/* Hash of a machine (machine.h), whose unused bytes are zero, and of this process's PID name space,
 * in which its PIDs count. */
uint32_t atomic_writer_host(const struct machine *machine);

/* This process. */
struct atomic_writer atomic_writer_self(void);

/* Whether the process is known to be gone: it ran on this host, and no process has its PID, or only
 * one that started at another time. */
bool atomic_writer_is_gone(const struct atomic_writer *writer);

bool atomic_writer_equal(const struct atomic_writer *one, const struct atomic_writer *other);

enum { ATOMIC_WRITER_TEXT = 40 };

/* Writes the writer as "HOST.PID.BIRTH", as it stands in file names and ledgers. */
void atomic_writer_text(const struct atomic_writer *writer, char text[ATOMIC_WRITER_TEXT]);

/* Reads such a text; false if it is none. */
bool atomic_writer_parse(const char *text, struct atomic_writer *writer);

/* "FOLDER/.NAME.HOST.PID.BIRTH.COUNTER.maskmill-tmp" for the destination FOLDER/NAME. NAME is cut
 * so that the file's name stays within NAME_MAX. Freed by the caller; NULL when memory is short. */
char *atomic_temporary_name(const char *path, const struct atomic_writer *writer, unsigned counter);

/* Whether `name`, without its folder, is a temporary file's; if so, *writer is who wrote it. */
bool atomic_is_temporary(const char *name, struct atomic_writer *writer);

#endif
