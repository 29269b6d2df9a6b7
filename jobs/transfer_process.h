/* transfer_process.h - one attempt of transfer.h: a process, and what it prints. */
#ifndef JOBS_TRANSFER_PROCESS_H
#define JOBS_TRANSFER_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

enum { TRANSFER_TAIL = 4096 };

struct transfer_process {
    int status;                   /* as waitpid gives it */
    bool ended;                   /* it was told to end */
    char tail[TRANSFER_TAIL + 1]; /* the end of what it printed; terminated */
    size_t used;
};

/* Runs /bin/sh -c script with $1 and $2, until it ends, or is told to because stopping(context).
 * Returns 0, or -1 with ERROR_IO or ERROR_MEMORY if it cannot be started. */
int transfer_process_run(struct transfer_process *process, const char *const script_and_names[3],
                         bool (*stopping)(void *context), void *context, struct error *error);

/* The last line of the tail that is not blank; "" if there is none. Changes the tail. */
const char *transfer_process_last_line(struct transfer_process *process);

#endif
